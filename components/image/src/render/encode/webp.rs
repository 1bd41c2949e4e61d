//! WebP: lossy by our own encoder, without loss, and animated.

use image_webp::{ColorType, WebPEncoder};
use lockgate_webp::{Extra, Pixels, encode_webp};

use super::quality;
use super::webp_container::{self, Animation};
use crate::render::picture::Picture;
use crate::{ImageError, Model, Options, OutputFormat};

pub(super) use super::webp_container::Metadata;

/// The picture as a WebP.
///
/// # Errors
/// [`ImageError::Internal`].
pub(super) fn encode(
    picture: &Picture,
    metadata: Metadata<'_>,
    quality: u8,
    options: &Options,
) -> Result<Vec<u8>, ImageError> {
    let bare = bare(picture, quality, options.lossless)?;
    let size = (picture.width, picture.height);
    webp_container::with_metadata(bare, size, picture.model.has_alpha(), metadata)
}

/// A file without metadata.
fn bare(picture: &Picture, quality: u8, lossless: bool) -> Result<Vec<u8>, ImageError> {
    if lossless {
        exact(picture)
    } else {
        lossy(picture, quality)
    }
}

/// An alpha channel is stored without loss beside the lossy colours.
fn lossy(picture: &Picture, quality: u8) -> Result<Vec<u8>, ImageError> {
    let rgba;
    let pixels = match picture.model {
        Model::Grey => Pixels::Grey(&picture.pixels),
        Model::Rgb => Pixels::Rgb(&picture.pixels),
        Model::YCbCr => Pixels::YCbCr(&picture.pixels),
        Model::Rgba => Pixels::Rgba(&picture.pixels),
        Model::GreyAlpha => {
            let (pairs, _) = picture.pixels.as_chunks::<2>();
            rgba = pairs
                .iter()
                .flat_map(|[g, a]| [*g, *g, *g, *a])
                .collect::<Vec<_>>();
            Pixels::Rgba(&rgba)
        }
        Model::Cmyk => return Err(ImageError::internal("inks in a WebP")),
    };
    let alpha = picture
        .model
        .has_alpha()
        .then(|| alpha_chunk(picture))
        .transpose()?;
    let extra = Extra {
        icc: &[],
        alpha: alpha.as_deref(),
    };
    let (width, height) = (picture.width as usize, picture.height as usize);
    encode_webp(pixels, width, height, quality, extra).map_err(ImageError::internal)
}

/// The payload of an `ALPH` chunk (RFC 9649, section 2.7.1.2): a byte that says "lossless, not
/// filtered", then a VP8L stream without its header.
fn alpha_chunk(picture: &Picture) -> Result<Vec<u8>, ImageError> {
    /// RIFF header, chunk header, and the forty bits of signature, size and version.
    const BEFORE_STREAM: usize = 12 + 8 + 5;
    let channels = picture.model.channels();
    let alpha: Vec<u8> = picture
        .pixels
        .chunks_exact(channels)
        .filter_map(|pixel| pixel.last().copied())
        .collect();
    let mut file = Vec::new();
    WebPEncoder::new(&mut file)
        .encode(&alpha, picture.width, picture.height, ColorType::L8)
        .map_err(ImageError::internal)?;
    let size = file
        .get(16..20)
        .and_then(|size| <[u8; 4]>::try_from(size).ok())
        .map(|size| u32::from_le_bytes(size) as usize);
    let stream = match (file.get(12..16), size) {
        (Some(b"VP8L"), Some(size)) => file.get(BEFORE_STREAM..20 + size),
        _ => None,
    };
    let stream = stream.ok_or_else(|| ImageError::internal("no VP8L chunk"))?;
    let mut payload = Vec::with_capacity(stream.len() + 1);
    payload.push(1);
    payload.extend_from_slice(stream);
    Ok(payload)
}

fn exact(picture: &Picture) -> Result<Vec<u8>, ImageError> {
    let colour = match picture.model {
        Model::Grey => ColorType::L8,
        Model::GreyAlpha => ColorType::La8,
        Model::Rgb => ColorType::Rgb8,
        Model::Rgba => ColorType::Rgba8,
        _ => return Err(ImageError::internal("pixels that a WebP does not have")),
    };
    let mut bytes = Vec::new();
    WebPEncoder::new(&mut bytes)
        .encode(&picture.pixels, picture.width, picture.height, colour)
        .map_err(ImageError::internal)?;
    Ok(bytes)
}

/// Writes an animation: of each frame the part that changed.
pub(crate) struct WebpWriter {
    animation: Animation,
    width: usize,
    height: usize,
    quality: u8,
    lossless: bool,
    /// What is shown, RGBA; empty before the first frame.
    before: Vec<[u8; 4]>,
    waiting: Option<Waiting>,
}

/// An encoded frame whose end is not known yet.
struct Waiting {
    bare: Vec<u8>,
    at: (u32, u32),
    size: (u32, u32),
    delay_ms: u32,
}

impl WebpWriter {
    /// A file of frames of `size`, played so often; 0: for ever.
    ///
    /// # Errors
    /// [`ImageError::Internal`] for sides that do not fit.
    pub(crate) fn new(
        size: (u32, u32),
        plays: u16,
        metadata: Metadata<'_>,
        options: &Options,
    ) -> Result<Self, ImageError> {
        Ok(Self {
            animation: Animation::new(size, plays, metadata)?,
            width: size.0 as usize,
            height: size.1 as usize,
            quality: quality(options, OutputFormat::Webp),
            lossless: options.lossless,
            before: Vec::new(),
            waiting: None,
        })
    }

    /// The next frame, shown so long.
    ///
    /// # Errors
    /// [`ImageError::Internal`].
    pub(crate) fn push(&mut self, picture: &Picture, delay_ms: u32) -> Result<(), ImageError> {
        let shown: Vec<[u8; 4]> = picture.rgba()?.collect();
        if shown.len() != self.width * self.height {
            return Err(ImageError::internal("frames of different sizes"));
        }
        if let Some(waiting) = &mut self.waiting
            && shown == self.before
        {
            waiting.delay_ms = waiting.delay_ms.saturating_add(delay_ms);
            return Ok(());
        }
        let (at, part) = self.changed(&shown)?;
        let bare = bare(&part, self.quality, self.lossless)?;
        let next = Waiting {
            bare,
            at,
            size: (part.width, part.height),
            delay_ms,
        };
        if let Some(done) = self.waiting.replace(next) {
            self.write(&done)?;
        }
        self.before = shown;
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// [`ImageError::Internal`].
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ImageError> {
        if let Some(done) = self.waiting.take() {
            self.write(&done)?;
        }
        self.animation.finish()
    }

    fn write(&mut self, done: &Waiting) -> Result<(), ImageError> {
        self.animation
            .frame(&done.bare, done.at, done.size, done.delay_ms)
    }

    /// The smallest part, from an even corner on, that holds what differs from what is shown.
    fn changed(&self, shown: &[[u8; 4]]) -> Result<((u32, u32), Picture), ImageError> {
        let (mut left, mut right, mut top, mut bottom) = (self.width, 0, self.height, 0);
        if self.before.is_empty() {
            (left, right, top, bottom) = (0, self.width, 0, self.height);
        }
        let before = self.before.chunks_exact(self.width);
        for (y, (now, before)) in shown.chunks_exact(self.width).zip(before).enumerate() {
            let differs = |(a, b): (&[u8; 4], &[u8; 4])| a != b;
            let Some(first) = now.iter().zip(before).position(differs) else {
                continue;
            };
            let last = now.iter().zip(before).rposition(differs).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last + 1));
            (top, bottom) = (top.min(y), y + 1);
        }
        let (left, top) = (left & !1, top & !1);
        let rows = shown.chunks_exact(self.width).take(bottom).skip(top);
        let pixels = rows.flat_map(|row| row.get(left..right).unwrap_or_default());
        let side = |length: usize| u32::try_from(length).map_err(ImageError::internal);
        let opaque = pixels.clone().all(|[.., alpha]| *alpha == 255);
        let (model, pixels) = if opaque {
            let rgb = pixels.flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
            (Model::Rgb, rgb)
        } else {
            (Model::Rgba, pixels.flatten().copied().collect())
        };
        let picture = Picture {
            model,
            width: side(right - left)?,
            height: side(bottom - top)?,
            pixels,
        };
        Ok(((side(left)?, side(top)?), picture))
    }
}
