//! JPEG: decoded at the bucket's scale by a reduced inverse DCT, in the file's own channels.

use lockgate_jpeg::{Colour as JpegColour, JpegError, Options, Planes, Scale};

use super::jpeg_fallback;
use super::jpeg_header::{self, JpegHeader};
use crate::{Bucket, Format, ImageError, Info, Intermediate, Limits, Model, icc};

/// The header of a JPEG.
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let header = read_header(source, limits)?;
    Ok(Info::new(
        Format::Jpeg,
        header.size,
        header.orientation,
        false,
    ))
}

/// The pixels of a JPEG: grey, YCbCr or RGB as the file has them; CMYK and YCCK become RGB.
pub(crate) fn decode(
    source: &[u8],
    bucket: Bucket,
    limits: &Limits,
) -> Result<Intermediate, ImageError> {
    let header = read_header(source, limits)?;
    let options = Options::new(match bucket {
        Bucket::Full => Scale::Full,
        Bucket::Half => Scale::Half,
        Bucket::Quarter => Scale::Quarter,
        Bucket::Eighth => Scale::Eighth,
    });
    let (model, pixels) = match lockgate_jpeg::decode(source, &options) {
        Ok(planes) => {
            // Both readers must have seen the same picture, or the limits were checked on another.
            if planes.full_size != header.size || planes.planes.len() != header.components.len() {
                return Err(ImageError::corrupt("two frame headers that disagree"));
            }
            pixels(&planes)?
        }
        Err(JpegError::Unsupported(_)) => jpeg_fallback::decode(source, bucket, &header)?,
        Err(JpegError::Truncated) => return Err(ImageError::Truncated),
        Err(error) => return Err(ImageError::corrupt(error)),
    };
    Ok(Intermediate {
        model,
        orientation: header.orientation,
        format: Format::Jpeg,
        bucket,
        source_size: header.size,
        icc: icc::worth_keeping(header.icc, model),
        pixels,
    })
}

/// Pixels of a model.
fn pixels(planes: &Planes) -> Result<(Model, Vec<u8>), ImageError> {
    let mut pixels = planes.interleave();
    let (model, inks) = match planes.colour {
        JpegColour::Grey => (Model::Grey, None),
        JpegColour::YCbCr => (Model::YCbCr, None),
        JpegColour::Rgb => (Model::Rgb, None),
        JpegColour::Cmyk { inverted } => (Model::Rgb, Some(inverted)),
        JpegColour::Ycck { inverted } => {
            lockgate_jpeg::ycck_to_cmyk(&mut pixels);
            (Model::Rgb, Some(inverted))
        }
        JpegColour::Other => return Err(ImageError::corrupt("two components")),
    };
    if let Some(inverted) = inks {
        pixels = ink_to_rgb(&pixels, inverted);
    }
    Ok((model, pixels))
}

fn read_header<'a>(source: &'a [u8], limits: &Limits) -> Result<JpegHeader<'a>, ImageError> {
    let header = jpeg_header::read(source)?;
    limits.check_size(header.size.0, header.size.1)?;
    Ok(header)
}

/// Stored inks to RGB, without a profile. `inverted`: 255 is no ink, as Adobe stores them.
pub(super) fn ink_to_rgb(pixels: &[u8], inverted: bool) -> Vec<u8> {
    let flip = if inverted { 0 } else { 255 };
    let (pixels, _) = pixels.as_chunks::<4>();
    pixels
        .iter()
        .flat_map(|[c, m, y, k]| {
            let [c, m, y, k] = [c ^ flip, m ^ flip, y ^ flip, k ^ flip];
            [c, m, y].map(|light| mul_255(light, k))
        })
        .collect()
}

/// `a` x `b` / 255, rounded.
#[allow(clippy::cast_possible_truncation, reason = "at most 255")]
fn mul_255(a: u8, b: u8) -> u8 {
    ((u32::from(a) * u32::from(b) + 127) / 255) as u8
}
