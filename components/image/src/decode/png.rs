//! PNG: decoded row by row and reduced on the way; eight bits a channel.

use std::io::Cursor;

use image::metadata::Orientation;
use png::{
    BitDepth, ColorType, Decoder, DecodingError, Limits as PngLimits, Reader, Transformations,
};

use super::shrink::Shrink;
use crate::probe::exif_orientation;
use crate::{Bucket, Format, ImageError, Info, Limits, Model, Raster, icc, rights};

/// What the decoder may allocate besides the pixels: rows, tables, an inflated profile.
const WORK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The header of a PNG: everything before the first IDAT.
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let (reader, model) = open(source, limits)?;
    let size = reader.info().size();
    Ok(Info::new(
        Format::Png,
        size,
        orientation(&reader),
        model.has_alpha(),
    ))
}

/// The pixels of a PNG; of an APNG, its default image.
pub(crate) fn decode(source: &[u8], bucket: Bucket, limits: &Limits) -> Result<Raster, ImageError> {
    let (mut reader, model) = open(source, limits)?;
    let source_size = reader.info().size();
    let mut shrink = Shrink::new(source_size, model, bucket);
    if reader.info().interlaced {
        // Seven passes over the whole picture: it has to be held.
        let bytes = reader
            .output_buffer_size()
            .ok_or_else(|| ImageError::internal("size"))?;
        let mut whole = grey_row(bytes, model);
        if let Err(error) = reader.next_frame(&mut whole).map_err(from_decoder)
            && !(limits.keep_truncated && matches!(error, ImageError::Truncated))
        {
            return Err(error);
        }
        for row in whole.chunks_exact(row_bytes(source_size, model)) {
            shrink.push_row(row);
        }
    } else {
        let mut missing = source_size.1;
        while missing > 0 {
            let row = match reader.next_row().map_err(from_decoder) {
                Err(ImageError::Truncated) if limits.keep_truncated => break,
                row => row?,
            };
            match row {
                Some(row) if row.data().len() == row_bytes(source_size, model) => {
                    shrink.push_row(row.data());
                    missing -= 1;
                }
                // Only an APNG whose first frame has another size than the picture.
                _ => {
                    return Err(ImageError::corrupt(
                        "rows of another size than the header's",
                    ));
                }
            }
        }
        let grey = grey_row(row_bytes(source_size, model), model);
        for _ in 0..missing {
            shrink.push_row(&grey);
        }
    }

    Ok(Raster {
        model,
        orientation: orientation(&reader),
        format: Format::Png,
        bucket,
        source_size,
        icc: icc::worth_keeping(
            reader.info().icc_profile.as_deref().map(<[u8]>::to_vec),
            model,
        ),
        rights: rights::kept(reader.info().exif_metadata.as_deref()),
        pixels: shrink.finish(),
    })
}

type SliceReader<'a> = Reader<Cursor<&'a [u8]>>;

/// A reader that stands before the pixels, and the model of the rows that it will give.
fn open<'a>(source: &'a [u8], limits: &Limits) -> Result<(SliceReader<'a>, Model), ImageError> {
    check_header(source, limits)?;
    let work = PngLimits {
        bytes: WORK_BYTES_MAX,
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(source), work);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let reader = decoder.read_info().map_err(from_decoder)?;
    let model = match reader.output_color_type() {
        (ColorType::Grayscale, BitDepth::Eight) => Model::Grey,
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Model::GreyAlpha,
        (ColorType::Rgb, BitDepth::Eight) => Model::Rgb,
        (ColorType::Rgba, BitDepth::Eight) => Model::Rgba,
        other => return Err(ImageError::internal(format!("rows of {other:?}"))),
    };
    Ok((reader, model))
}

/// The size in IHDR (PNG, third edition, 11.2.1), before the decoder sees anything.
fn check_header(source: &[u8], limits: &Limits) -> Result<(), ImageError> {
    let header = source.get(8..24).ok_or(ImageError::Truncated)?;
    let (lead, sides) = header.split_at_checked(8).ok_or(ImageError::Truncated)?;
    if lead != b"\0\0\0\x0dIHDR" {
        return Err(ImageError::corrupt("IHDR is not first"));
    }
    match sides {
        [w3, w2, w1, w0, h3, h2, h1, h0] => limits.check_size(
            u32::from_be_bytes([*w3, *w2, *w1, *w0]),
            u32::from_be_bytes([*h3, *h2, *h1, *h0]),
        ),
        _ => Err(ImageError::Truncated),
    }
}

fn orientation(reader: &SliceReader<'_>) -> Orientation {
    exif_orientation(reader.info().exif_metadata.as_deref())
}

/// So many bytes of opaque grey, for what is missing of a file.
fn grey_row(bytes: usize, model: Model) -> Vec<u8> {
    let pixel: &[u8] = match model {
        Model::GreyAlpha => &[128, 255],
        Model::Rgba => &[128, 128, 128, 255],
        _ => &[128],
    };
    pixel.iter().copied().cycle().take(bytes).collect()
}

fn row_bytes((width, _): (u32, u32), model: Model) -> usize {
    width as usize * model.channels()
}

fn from_decoder(error: DecodingError) -> ImageError {
    match error {
        DecodingError::IoError(error) => ImageError::from_io(&error),
        DecodingError::Format(error) => ImageError::corrupt(error),
        DecodingError::Parameter(error) => ImageError::internal(error),
        DecodingError::LimitsExceeded => ImageError::corrupt("its chunks want too much memory"),
    }
}
