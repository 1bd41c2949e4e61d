//! Step: encode, at the quality that the options name or that a search finds: the best one whose
//! file is small enough, or the lowest one that looks like the output.

use super::encode::{Metadata, encode};
use super::picture::Picture;
use super::ssim::similarity;
use super::{Rendered, colour, pixels_of};
use crate::{Bucket, Effort, ImageError, Limits, Options, OutputFormat, Quality, decode_scaled};

/// The lowest quality that is tried.
const LEAST: u8 = 1;

/// The highest quality that is tried. From 1 to 100 a search takes seven tries.
const MOST: u8 = 100;

/// Of a larger AVIF no quality is searched for: the tries would take longer than a request may.
const AVIF_SEARCH_PIXELS_MAX: u64 = 1_000_000;

/// The picture as a file.
///
/// # Errors
/// As the encoders; [`ImageError::BadOptions`] for a search over too large an AVIF.
pub(super) fn encode_at(
    picture: &Picture,
    metadata: Metadata<'_>,
    format: OutputFormat,
    options: &Options,
) -> Result<Rendered, ImageError> {
    let lossy = match format {
        OutputFormat::Jpeg | OutputFormat::Avif => true,
        OutputFormat::Webp => !options.lossless,
        OutputFormat::Png | OutputFormat::Gif | OutputFormat::Json => false,
    };
    let searches = lossy && matches!(options.quality, Some(Quality::Bytes(_) | Quality::Ssim(_)));
    let avif = format == OutputFormat::Avif;
    if searches && avif {
        let pixels = u64::from(picture.width) * u64::from(picture.height);
        if pixels > AVIF_SEARCH_PIXELS_MAX {
            let why = format!(
                "q is a number for an AVIF of more than {AVIF_SEARCH_PIXELS_MAX} pixels: \
                 here it would have {pixels}"
            );
            return Err(ImageError::BadOptions(why));
        }
    }
    let made = |quality: u8| {
        let options = Options {
            quality: Some(Quality::Fixed(quality)),
            // Seven tries.
            effort: if avif { Effort::Fast } else { options.effort },
            ..options.clone()
        };
        encode(picture, metadata, format, &options)
    };
    match options.quality {
        Some(Quality::Bytes(most)) if lossy => smallest_loss(made, most),
        Some(Quality::Ssim(least)) if lossy => {
            let look = Look::of(picture);
            smallest_file(made, |file| look.similar(file, least))
        }
        _ => encode(picture, metadata, format, options),
    }
}

/// The file of the highest quality with at most `most` bytes; where even the lowest has more, that
/// one.
fn smallest_loss(
    made: impl Fn(u8) -> Result<Rendered, ImageError>,
    most: u32,
) -> Result<Rendered, ImageError> {
    let fits = |file: &Rendered| file.bytes.len() as u64 <= u64::from(most);
    let (mut low, mut high) = (LEAST, MOST);
    let mut best = None;
    while low <= high {
        let middle = low.midpoint(high);
        let file = made(middle)?;
        if fits(&file) {
            best = Some(file);
            low = middle + 1;
        } else {
            high = middle - 1;
        }
    }
    best.map_or_else(|| made(LEAST), Ok)
}

/// The file of the lowest quality that is `good`; where none is, that of the highest.
fn smallest_file(
    made: impl Fn(u8) -> Result<Rendered, ImageError>,
    good: impl Fn(&Rendered) -> Result<bool, ImageError>,
) -> Result<Rendered, ImageError> {
    let (mut low, mut high) = (LEAST, MOST);
    let mut best = None;
    while low <= high {
        let middle = low.midpoint(high);
        let file = made(middle)?;
        if good(&file)? {
            best = Some(file);
            high = middle - 1;
        } else {
            low = middle + 1;
        }
    }
    best.map_or_else(|| made(MOST), Ok)
}

/// What a file is compared with.
struct Look {
    luma: Vec<u8>,
    width: usize,
}

impl Look {
    fn of(picture: &Picture) -> Self {
        Self {
            luma: colour::luma(picture),
            width: picture.width as usize,
        }
    }

    /// Whether the file's SSIM is at least `least`, in ten-thousandths.
    fn similar(&self, file: &Rendered, least: u16) -> Result<bool, ImageError> {
        let limits = Limits {
            source_bytes_max: u64::MAX,
            pixels_max: u64::MAX,
            dimension_max: u32::MAX,
            ..Limits::default()
        };
        let decoded = decode_scaled(&file.bytes, Bucket::Full, &limits)?;
        let decoded = pixels_of(&decoded, &limits)?;
        let decoded = Picture {
            model: decoded.model,
            width: file.width,
            height: file.height,
            pixels: decoded.pixels.clone(),
        };
        let found = similarity(&self.luma, &colour::luma(&decoded), self.width);
        Ok(found >= f64::from(least) / 10_000.0)
    }
}
