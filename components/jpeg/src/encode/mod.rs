//! From pixels to a baseline file. [`encode`] is the list of what happens: blocks become symbols,
//! the symbols are counted, codes are made for them, and then they are written.

mod blocks;
mod fdct;
mod huffman;
mod stripe;
mod tables;
mod writer;

use blocks::Symbols;
use huffman::Codes;
use stripe::Stripe;
use writer::Writer;

/// What three channels of pixels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One channel: luminance.
    Grey,
    /// Three: red, green, blue.
    Rgb,
    /// Three: full-range BT.601, stored as it is.
    YCbCr,
}

impl Channels {
    /// How many.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb | Self::YCbCr => 3,
        }
    }
}

/// Pixels to encode: rows from the top, no padding.
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    /// Pixels of a row, 1 to 65,535.
    pub width: usize,
    /// Rows, 1 to 65,535.
    pub height: usize,
    /// What they are of.
    pub channels: Channels,
    /// The pixels.
    pub samples: &'a [u8],
}

/// How to encode.
#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions<'a> {
    /// 1 to 100, as libjpeg's.
    pub quality: u8,
    /// 4:2:0 if so, 4:4:4 otherwise.
    pub subsampled: bool,
    /// An ICC profile to embed; empty for none.
    pub icc: &'a [u8],
}

/// A baseline JPEG of `pixels`, with JFIF header and Huffman tables made for it (T.81 annex K.2).
///
/// `None` where sides, samples and channels do not fit together, a side is over 65,535, or the
/// profile is over 16 MiB.
#[must_use]
pub fn encode(pixels: &Pixels<'_>, options: &EncodeOptions<'_>) -> Option<Vec<u8>> {
    let width = u16::try_from(pixels.width).ok()?;
    let height = u16::try_from(pixels.height).ok()?;
    let samples = pixels.width * pixels.height * pixels.channels.count();
    if samples == 0 || pixels.samples.len() != samples {
        return None;
    }
    let steps = tables::quantisation(options.quality);
    let subsampled = options.subsampled && pixels.channels != Channels::Grey;

    let mut symbols = Symbols::new(&steps, samples);
    let mut stripe = Stripe::new(pixels, subsampled);
    while stripe.next() {
        symbols.add(&stripe);
    }
    let codes = Codes::new(&symbols.counts);

    let mut writer = Writer::new(symbols.len());
    let components = pixels.channels.count();
    writer.head(options.icc)?;
    writer.quantisation(&steps, components);
    writer.frame(width, height, components, subsampled);
    writer.codes(&codes, components);
    writer.scan(components);
    writer.symbols(&codes, &symbols);
    Some(writer.finish())
}
