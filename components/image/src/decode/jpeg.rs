//! JPEG: decoded at the bucket's scale by a reduced inverse DCT, in the file's own channels.

use lockgate_jpeg::{Colour as JpegColour, JpegError, Options, Planes, Scale, Truncated};

use super::jpeg_fallback;
use super::jpeg_header::{self, JpegHeader};
use crate::{Bucket, Format, ImageError, Info, Limits, Model, Raster, icc, rights};

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

/// The pixels of a JPEG: grey, YCbCr, RGB or CMYK as the file has them; YCCK becomes CMYK.
pub(crate) fn decode(source: &[u8], bucket: Bucket, limits: &Limits) -> Result<Raster, ImageError> {
    let header = read_header(source, limits)?;
    let mut options = Options::new(match bucket {
        Bucket::Full => Scale::Full,
        Bucket::Half => Scale::Half,
        Bucket::Quarter => Scale::Quarter,
        Bucket::Eighth => Scale::Eighth,
    });
    if limits.keep_truncated {
        options.truncated = Truncated::Keep;
    }
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
    Ok(Raster {
        model,
        orientation: header.orientation,
        format: Format::Jpeg,
        bucket,
        source_size: header.size,
        icc: icc::worth_keeping(header.icc, model),
        rights: rights::kept(header.exif),
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
        JpegColour::Cmyk { inverted } => (Model::Cmyk, Some(inverted)),
        JpegColour::Ycck { inverted } => {
            lockgate_jpeg::ycck_to_cmyk(&mut pixels);
            (Model::Cmyk, Some(inverted))
        }
        JpegColour::Other => return Err(ImageError::corrupt("two components")),
    };
    // As Adobe stores them: 255 is no ink.
    if inks == Some(true) {
        for ink in &mut pixels {
            *ink = 255 - *ink;
        }
    }
    Ok((model, pixels))
}

fn read_header<'a>(source: &'a [u8], limits: &Limits) -> Result<JpegHeader<'a>, ImageError> {
    let header = jpeg_header::read(source)?;
    limits.check_size(header.size.0, header.size.1)?;
    Ok(header)
}
