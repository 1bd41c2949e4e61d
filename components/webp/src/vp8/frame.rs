//! A frame, one row of macroblocks at a time.

#![allow(
    clippy::indexing_slicing,
    reason = "planes and edges have whole macroblocks, and loops run over macroblocks, blocks and \
              their rows; nothing that is read from the file is an index"
)]

use super::bool_decoder::BoolDecoder;
use super::header::{self, Filter, FrameHeader, FrameSize, Strength};
use super::inverse;
use super::loop_filter;
use super::modes::{self, BlockMode, Luma, MacroblockModes};
use super::predict::{self, Around};
use super::residual::{self, Residual};
use super::strip::{CHROMA_ABOVE, LUMA_ABOVE, MARGIN, Strip};
use crate::WebpError;
use crate::simd::V;

/// Some rows of a decoded picture. Planes begin at the first pixel; strides are in bytes. Where the
/// picture has an odd side, the last chroma sample stands for one luma column or row.
#[derive(Debug)]
pub struct YuvRows<'a> {
    /// Which luma row comes first: even.
    pub first: usize,
    /// How many luma rows: even, but for the last of a picture.
    pub rows: usize,
    /// Limited-range BT.601.
    pub luma: &'a [u8],
    /// Blue and red differences, half as many columns and rows, rounded up.
    pub chroma: [&'a [u8]; 2],
    /// From one row of `luma` to the next.
    pub luma_stride: usize,
    /// From one row of either `chroma` plane to the next.
    pub chroma_stride: usize,
}

/// Decodes the payload of a `VP8 ` chunk and hands rows to `sink` from the top.
///
/// Holds 24 luma rows and what belongs to them, never a whole picture. Exactly what libwebp
/// decodes: RFC 6386 leaves no freedom.
///
/// # Errors
/// [`WebpError`]; rows before the fault may have been handed on.
pub fn decode_yuv(
    payload: &[u8],
    mut sink: impl FnMut(&YuvRows<'_>),
) -> Result<FrameSize, WebpError> {
    let header = header::read(payload)?;
    let size = header.size;
    let mut frame = Frame::new(header);
    for row in 0..frame.rows {
        frame.decode_row(row)?;
        frame.filter_row(row);
        frame.hand_on(row, &mut sink);
        frame.strip.advance();
    }
    Ok(size)
}

struct Frame<'a> {
    header: FrameHeader<'a>,
    columns: usize,
    rows: usize,
    strip: Strip,
    /// The unfiltered rows above the current macroblocks, after [`MARGIN`] columns, and some more
    /// behind for the last block's view to the right.
    above_luma: Vec<u8>,
    above_chroma: [Vec<u8>; 2],
    above: Vec<Above>,
    strengths: Vec<(Strength, bool)>,
    residual: Residual,
}

/// What a macroblock leaves to the one below.
#[derive(Clone, Copy, Default)]
struct Above {
    modes: [BlockMode; 4],
    tokens: residual::Beside,
}

impl<'a> Frame<'a> {
    fn new(header: FrameHeader<'a>) -> Self {
        let columns = header.size.width.div_ceil(16);
        let rows = header.size.height.div_ceil(16);
        let strip = Strip::new(columns);
        let above_chroma = vec![127; strip.chroma_stride];
        Self {
            columns,
            rows,
            above_luma: vec![127; strip.luma_stride + 16],
            above_chroma: [above_chroma.clone(), above_chroma],
            above: vec![Above::default(); columns],
            strengths: vec![(Strength::default(), false); columns],
            residual: Residual::default(),
            strip,
            header,
        }
    }

    /// Predicts and adds what differs; nothing is filtered yet, as prediction is from unfiltered
    /// pixels.
    fn decode_row(&mut self, row: usize) -> Result<(), WebpError> {
        let partition = row & (self.header.partitions.len() - 1);
        let mut tokens: BoolDecoder<'a> = self.header.partitions[partition].clone();
        let mut mode_bits = self.header.modes.clone();
        let mut left_modes = [BlockMode::Dc; 4];
        let mut left_tokens = residual::Beside::default();
        for column in 0..self.columns {
            let above = &mut self.above[column];
            let modes = modes::read(
                &mut mode_bits,
                &self.header,
                &mut above.modes,
                &mut left_modes,
            );
            let whole = matches!(modes.luma, Luma::Whole(_));
            let coded = if modes.skip {
                above.tokens.skip(whole);
                left_tokens.skip(whole);
                false
            } else {
                self.residual.read(
                    &mut tokens,
                    &self.header.probs,
                    &self.header.steps[usize::from(modes.segment & 3)],
                    whole,
                    &mut above.tokens,
                    &mut left_tokens,
                )
            };
            self.strengths[column] = (
                self.header.strengths[usize::from(modes.segment & 3)][usize::from(!whole)],
                coded || !whole,
            );
            self.luma(&modes, row, column, coded);
            self.chroma(&modes, row, column, coded);
            if coded {
                self.residual.clear();
            }
        }
        if mode_bits.is_past_end() || tokens.is_past_end() {
            return Err(WebpError::Truncated);
        }
        self.header.partitions[partition] = tokens;
        self.header.modes = mode_bits;
        self.keep_unfiltered();
        Ok(())
    }

    fn luma(&mut self, modes: &MacroblockModes, row: usize, column: usize, coded: bool) {
        let (at, stride) = (self.strip.luma_at(column), self.strip.luma_stride);
        let plane = &mut self.strip.luma;
        let x = MARGIN + 16 * column;
        match &modes.luma {
            Luma::Whole(mode) => {
                let mut around = Around {
                    above: [0; 16],
                    left: [0; 16],
                    corner: self.above_luma[x - 1],
                    has_above: row > 0,
                    has_left: column > 0,
                };
                around.above.copy_from_slice(&self.above_luma[x..x + 16]);
                for (y, pixel) in around.left.iter_mut().enumerate() {
                    *pixel = plane[at + y * stride - 1];
                }
                predict::luma(*mode, &around, |y, pixels| {
                    pixels.store(&mut plane[at + y * stride..]);
                });
                if coded {
                    for block in 0..16 {
                        let at = at + (block >> 2) * 4 * stride + (block & 3) * 4;
                        self.residual.add(block, &mut plane[at..], stride);
                    }
                }
            }
            Luma::Blocks(modes) => {
                let right: [u8; 4] = std::array::from_fn(|i| self.above_luma[x + 16 + i]);
                let mut above: [u8; 21] = [0; 21];
                above[..17].copy_from_slice(&self.above_luma[x - 1..x + 16]);
                for (row, modes) in modes.as_chunks::<4>().0.iter().enumerate() {
                    let at = at + 4 * row * stride;
                    if row > 0 {
                        above[..17].copy_from_slice(&plane[at - stride - 1..at - stride + 16]);
                    }
                    above[17..].copy_from_slice(&right);
                    for (column, mode) in modes.iter().enumerate() {
                        let at = at + 4 * column;
                        let mut edge = [0; 13];
                        for (y, pixel) in edge[..4].iter_mut().enumerate() {
                            *pixel = plane[at + (3 - y) * stride - 1];
                        }
                        edge[4..].copy_from_slice(&above[4 * column..4 * column + 9]);
                        let predicted = V::from_bytes(predict::block(*mode, &edge));
                        let pixels = if coded {
                            self.residual.onto(4 * row + column, predicted)
                        } else {
                            predicted
                        };
                        store_4x4(pixels, &mut plane[at..], stride);
                    }
                }
            }
        }
    }

    fn chroma(&mut self, modes: &MacroblockModes, row: usize, column: usize, coded: bool) {
        let (at, stride) = (self.strip.chroma_at(column), self.strip.chroma_stride);
        let x = MARGIN + 8 * column;
        for (index, (plane, above)) in self
            .strip
            .chroma
            .iter_mut()
            .zip(&self.above_chroma)
            .enumerate()
        {
            let mut around = Around {
                above: [0; 8],
                left: [0; 8],
                corner: above[x - 1],
                has_above: row > 0,
                has_left: column > 0,
            };
            around.above.copy_from_slice(&above[x..x + 8]);
            for (y, pixel) in around.left.iter_mut().enumerate() {
                *pixel = plane[at + y * stride - 1];
            }
            predict::chroma(modes.chroma, &around, |y, pixels| {
                plane[at + y * stride..at + y * stride + 8].copy_from_slice(&pixels);
            });
            if coded {
                for block in 0..4 {
                    let at = at + (block >> 1) * 4 * stride + (block & 1) * 4;
                    self.residual
                        .add(16 + 4 * index + block, &mut plane[at..], stride);
                }
            }
        }
    }

    /// Keeps the last rows for the prediction of the next macroblocks, with what is left and right
    /// of the picture there: 129 in the corner, and the last pixel over and over.
    fn keep_unfiltered(&mut self) {
        let last = (LUMA_ABOVE + 15) * self.strip.luma_stride;
        let width = self.strip.luma_stride;
        self.above_luma[..width].copy_from_slice(&self.strip.luma[last..last + width]);
        let pixel = self.above_luma[width - 1];
        self.above_luma[width..].fill(pixel);
        let width = self.strip.chroma_stride;
        let last = (CHROMA_ABOVE + 7) * width;
        for (above, plane) in self.above_chroma.iter_mut().zip(&self.strip.chroma) {
            above.copy_from_slice(&plane[last..last + width]);
        }
    }

    fn filter_row(&mut self, row: usize) {
        let filter = match self.header.filter {
            Filter::None => return,
            Filter::Simple => loop_filter::simple,
            Filter::Normal => loop_filter::normal,
        };
        for (column, (strength, inner)) in self.strengths.iter().enumerate() {
            filter(&mut self.strip, column, *strength, *inner, row > 0);
        }
    }

    /// Hands on the rows that nothing changes any more.
    fn hand_on(&self, row: usize, sink: &mut impl FnMut(&YuvRows<'_>)) {
        let height = self.header.size.height;
        let (first, skipped) = if row == 0 {
            (0, LUMA_ABOVE)
        } else {
            (16 * row - LUMA_ABOVE, 0)
        };
        let end = if row + 1 == self.rows {
            height
        } else {
            16 * (row + 1) - LUMA_ABOVE
        };
        let strip = &self.strip;
        let luma = skipped * strip.luma_stride + MARGIN;
        let chroma = skipped / 2 * strip.chroma_stride + MARGIN;
        if end <= first {
            return;
        }
        sink(&YuvRows {
            first,
            rows: end - first,
            luma: &strip.luma[luma..],
            chroma: strip.chroma.each_ref().map(|plane| &plane[chroma..]),
            luma_stride: strip.luma_stride,
            chroma_stride: strip.chroma_stride,
        });
    }
}

/// Writes four rows of four.
#[inline(always)]
pub(crate) fn store_4x4(pixels: V, plane: &mut [u8], stride: usize) {
    let bytes = pixels.to_bytes();
    let (rows, _) = bytes.as_chunks::<4>();
    for (y, row) in rows.iter().enumerate() {
        plane[y * stride..y * stride + 4].copy_from_slice(row);
    }
}

/// Reads four rows of four.
#[inline(always)]
pub(crate) fn load_4x4(plane: &[u8], stride: usize) -> V {
    let mut bytes = [0; 16];
    let (rows, _) = bytes.as_chunks_mut::<4>();
    for (y, row) in rows.iter_mut().enumerate() {
        row.copy_from_slice(&plane[y * stride..y * stride + 4]);
    }
    V::from_bytes(bytes)
}

impl Residual {
    /// The block `index` onto what was predicted.
    #[inline(always)]
    fn onto(&self, index: usize, predicted: V) -> V {
        match self.kinds[index] {
            residual::Kind::Empty => predicted,
            residual::Kind::Dc => inverse::add_dc(predicted, self.blocks[index][0]),
            residual::Kind::Full => inverse::add_dct(predicted, &self.blocks[index]),
        }
    }

    #[inline(always)]
    fn add(&self, index: usize, plane: &mut [u8], stride: usize) {
        if self.kinds[index] != residual::Kind::Empty {
            let pixels = self.onto(index, load_4x4(plane, stride));
            store_4x4(pixels, plane, stride);
        }
    }
}
