//! The frame header of a key frame (RFC 6386, sections 9.1 to 9.11).

use super::bool_decoder::BoolDecoder;
use super::tables::{AC_STEPS, CoefficientProbs, DC_STEPS};
use super::token_probs::{DEFAULT_PROBS, UPDATE_PROBS};
use crate::WebpError;

/// The largest partition count, section 9.5.
const PARTITIONS_MAX: usize = 8;

/// What the uncompressed start of a frame says, section 9.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameSize {
    /// In pixels, 1 to 16,383.
    pub width: usize,
    /// In pixels, 1 to 16,383.
    pub height: usize,
}

/// Reads the size of a key frame: the payload of a `VP8 ` chunk.
///
/// # Errors
/// [`WebpError`] for fewer than ten bytes and for anything that is no key frame to be shown.
pub fn frame_size(payload: &[u8]) -> Result<FrameSize, WebpError> {
    let (start, _) = payload
        .split_first_chunk::<10>()
        .ok_or(WebpError::Truncated)?;
    let [tag, _, _, a, b, c, w0, w1, h0, h1] = *start;
    if tag & 1 != 0 {
        return Err(WebpError::Corrupt("not a key frame"));
    }
    if (tag >> 1) & 7 > 3 {
        return Err(WebpError::Corrupt("unknown version"));
    }
    if (tag >> 4) & 1 == 0 {
        return Err(WebpError::Corrupt("a frame that is not shown"));
    }
    if [a, b, c] != [0x9D, 0x01, 0x2A] {
        return Err(WebpError::Corrupt("no start code"));
    }
    let side = |low, high| usize::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    let (width, height) = (side(w0, w1), side(h0, h1));
    if width == 0 || height == 0 {
        return Err(WebpError::Corrupt("a side of zero"));
    }
    Ok(FrameSize { width, height })
}

/// Steps of one segment: `[dc, ac]` each, section 9.6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) y1: [i32; 2],
    pub(crate) y2: [i32; 2],
    pub(crate) uv: [i32; 2],
}

/// Section 9.3.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Segments {
    pub(crate) enabled: bool,
    pub(crate) map_updated: bool,
    absolute: bool,
    quantizer: [i32; 4],
    filter_level: [i32; 4],
    pub(crate) tree_probs: [u8; 3],
}

/// How strongly the edges of a macroblock are filtered, section 15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strength {
    /// The edge limit of inner edges; 0: not filtered at all.
    pub(crate) limit: u8,
    /// The limit of differences beside an edge.
    pub(crate) interior: u8,
    /// The threshold of high edge variance.
    pub(crate) hev: u8,
}

/// Which loop filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    None,
    Simple,
    Normal,
}

/// All that the macroblocks need.
#[derive(Debug)]
pub(crate) struct FrameHeader<'a> {
    pub(crate) size: FrameSize,
    pub(crate) segments: Segments,
    pub(crate) filter: Filter,
    /// By segment, then whether the macroblock is predicted in 4x4 blocks.
    pub(crate) strengths: [[Strength; 2]; 4],
    pub(crate) steps: [Steps; 4],
    pub(crate) probs: CoefficientProbs,
    /// The probability that a macroblock is not skipped, where they can be.
    pub(crate) skip_prob: Option<u8>,
    /// Stands before the first macroblock's modes.
    pub(crate) modes: BoolDecoder<'a>,
    /// One, two, four or eight.
    pub(crate) partitions: Vec<BoolDecoder<'a>>,
}

/// Reads the header of `payload`.
///
/// # Errors
/// As [`frame_size`], and for partitions that lie outside of the payload.
pub(crate) fn read(payload: &[u8]) -> Result<FrameHeader<'_>, WebpError> {
    let size = frame_size(payload)?;
    let first_bytes = match payload {
        [a, b, c, ..] => (u32::from_le_bytes([*a, *b, *c, 0]) >> 5) as usize,
        _ => return Err(WebpError::Truncated),
    };
    let body = payload.get(10..).ok_or(WebpError::Truncated)?;
    let (first, rest) = body
        .split_at_checked(first_bytes)
        .ok_or(WebpError::Truncated)?;

    let mut bits = BoolDecoder::new(first);
    let _colour_space = bits.flag();
    let _no_clamping_needed = bits.flag();
    let segments = segments(&mut bits);
    let (filter, strengths) = filters(&mut bits, &segments);
    let count_log2 = bits.literal(2);
    let partitions = partitions(rest, 1 << count_log2)?;
    let steps = quantizers(&mut bits, &segments);
    let _refresh_entropy = bits.flag();
    let mut probs = DEFAULT_PROBS;
    let updates = UPDATE_PROBS.as_flattened().as_flattened().as_flattened();
    let all = probs
        .as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut();
    for (prob, update) in all.iter_mut().zip(updates) {
        if bits.bit(*update) {
            *prob = bits.literal(8);
        }
    }
    let skip_prob = bits.flag().then(|| bits.literal(8));
    if bits.is_past_end() {
        return Err(WebpError::Truncated);
    }
    Ok(FrameHeader {
        size,
        segments,
        filter,
        strengths,
        steps,
        probs,
        skip_prob,
        modes: bits,
        partitions,
    })
}

/// Section 9.3.
fn segments(bits: &mut BoolDecoder<'_>) -> Segments {
    let mut segments = Segments {
        enabled: bits.flag(),
        tree_probs: [255; 3],
        ..Segments::default()
    };
    if !segments.enabled {
        return segments;
    }
    segments.map_updated = bits.flag();
    if bits.flag() {
        segments.absolute = bits.flag();
        segments.quantizer = [(); 4].map(|()| bits.optional_signed(7).unwrap_or(0));
        segments.filter_level = [(); 4].map(|()| bits.optional_signed(6).unwrap_or(0));
    }
    if segments.map_updated {
        segments.tree_probs = [(); 3].map(|()| if bits.flag() { bits.literal(8) } else { 255 });
    }
    segments
}

impl Segments {
    /// What holds in each segment, from the frame's `base` and this segment's own values.
    fn resolve(&self, base: i32, own: [i32; 4]) -> [i32; 4] {
        own.map(|own| match (self.enabled, self.absolute) {
            (false, _) => base,
            (true, false) => base + own,
            (true, true) => own,
        })
    }
}

/// Sections 9.4 (here 9.6 in the RFC's numbering of filters) and 15.2.
fn filters(bits: &mut BoolDecoder<'_>, segments: &Segments) -> (Filter, [[Strength; 2]; 4]) {
    let simple = bits.flag();
    let level = i32::from(bits.literal(6));
    let sharpness = i32::from(bits.literal(3));
    let (mut intra_delta, mut blocks_delta) = (0, 0);
    if bits.flag() && bits.flag() {
        // Deltas by reference frame, then by mode; of each only the first matters to a key frame.
        let deltas = [(); 8].map(|()| bits.optional_signed(6).unwrap_or(0));
        [intra_delta, _, _, _, blocks_delta, _, _, _] = deltas;
    }
    let filter = match (level, simple) {
        (0, _) => Filter::None,
        (_, true) => Filter::Simple,
        (_, false) => Filter::Normal,
    };
    let strengths = segments.resolve(level, segments.filter_level).map(|level| {
        [0, blocks_delta].map(|blocks| strength(level + intra_delta + blocks, sharpness))
    });
    (filter, strengths)
}

/// Section 15.2 and 15.3, of a level that is not yet clamped.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 2 * 63 + 63"
)]
pub(crate) fn strength(level: i32, sharpness: i32) -> Strength {
    let level = level.clamp(0, 63);
    if level == 0 {
        return Strength::default();
    }
    let mut interior = level;
    if sharpness > 0 {
        interior >>= if sharpness > 4 { 2 } else { 1 };
        interior = interior.min(9 - sharpness);
    }
    let interior = interior.max(1);
    Strength {
        limit: (2 * level + interior) as u8,
        interior: interior as u8,
        hev: match level {
            40.. => 2,
            15.. => 1,
            _ => 0,
        },
    }
}

/// Section 9.5: sizes of all partitions but the last, three bytes each, then the partitions.
fn partitions(rest: &[u8], count: usize) -> Result<Vec<BoolDecoder<'_>>, WebpError> {
    let count = count.min(PARTITIONS_MAX);
    let (sizes, mut rest) = rest
        .split_at_checked(3 * (count - 1))
        .ok_or(WebpError::Truncated)?;
    let mut partitions = Vec::with_capacity(count);
    let (sizes, _) = sizes.as_chunks::<3>();
    for [a, b, c] in sizes {
        let size = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        let (partition, after) = rest.split_at_checked(size).ok_or(WebpError::Truncated)?;
        partitions.push(BoolDecoder::new(partition));
        rest = after;
    }
    partitions.push(BoolDecoder::new(rest));
    Ok(partitions)
}

/// Section 9.6 and 14.1.
fn quantizers(bits: &mut BoolDecoder<'_>, segments: &Segments) -> [Steps; 4] {
    let base = i32::from(bits.literal(7));
    let deltas = [(); 5].map(|()| bits.optional_signed(4).unwrap_or(0));
    segments
        .resolve(base, segments.quantizer)
        .map(|index| steps(index, deltas))
}

/// Section 14.1; `deltas` of Y1 DC, Y2 DC, Y2 AC, chroma DC and chroma AC.
pub(crate) fn steps(index: i32, deltas: [i32; 5]) -> Steps {
    let [y1_dc, y2_dc, y2_ac, uv_dc, uv_ac] = deltas;
    let dc = |delta: i32, max: i32| step(&DC_STEPS, (index + delta).clamp(0, max));
    let ac = |delta: i32| step(&AC_STEPS, (index + delta).clamp(0, 127));
    Steps {
        y1: [dc(y1_dc, 127), ac(0)],
        y2: [2 * dc(y2_dc, 127), (ac(y2_ac) * 155 / 100).max(8)],
        uv: [dc(uv_dc, 117), ac(uv_ac)],
    }
}

fn step(table: &[u16; 128], index: i32) -> i32 {
    usize::try_from(index)
        .ok()
        .and_then(|index| table.get(index))
        .map_or(0, |step| i32::from(*step))
}
