//! AVIF: the boxes here, the pixels by rav1d. Still pictures with alpha, of 8 to 12 bits; of a
//! sequence its still picture; no grids.

mod boxes;
mod colours;

use image::metadata::Orientation;
use lockgate_av1::{Error as Av1Error, Layout, Picture};
use moxcms::{CicpColorPrimaries, CicpProfile, ColorProfile, TransferCharacteristics};

use self::boxes::{File, Property};
use self::colours::{Codes, Rows};
use super::shrink::Shrink;
use crate::{Bucket, Format, ImageError, Info, Limits, Model, Raster, icc, rights};

/// What an auxiliary picture says that it is if it is alpha.
const ALPHA: [&[u8]; 2] = [
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    b"urn:mpeg:hevc:2015:auxid:1",
];

/// What the boxes say about the picture.
struct Header<'a> {
    file: File<'a>,
    primary: u32,
    alpha: Option<u32>,
    /// Colours are multiplied with alpha.
    premultiplied: bool,
    size: (u32, u32),
    orientation: Orientation,
    profile: Option<&'a [u8]>,
    /// Primaries, transfer, matrix, full range: over those in the data.
    codes: Option<(u16, u16, u16, bool)>,
}

/// The header of an AVIF.
///
/// # Errors
/// [`ImageError`], as [`crate::probe`].
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let header = read(source, limits)?;
    Ok(Info::new(
        Format::Avif,
        header.size,
        header.orientation,
        header.alpha.is_some(),
    ))
}

/// The pixels of an AVIF.
///
/// # Errors
/// [`ImageError`], as [`crate::decode_scaled`].
pub(crate) fn decode(source: &[u8], bucket: Bucket, limits: &Limits) -> Result<Raster, ImageError> {
    let header = read(source, limits)?;
    let picture = frame(&header, header.primary, limits)?;
    let alpha = match header.alpha {
        Some(item) => Some(frame(&header, item, limits)?),
        None => None,
    };
    let model = match (picture.layout, &alpha) {
        (Layout::Grey, None) => Model::Grey,
        (Layout::Grey, Some(_)) => Model::GreyAlpha,
        (_, None) => Model::Rgb,
        (_, Some(_)) => Model::Rgba,
    };
    let (primaries, transfer, matrix, full_range) = header.codes.unwrap_or((
        picture.primaries,
        picture.transfer,
        picture.matrix,
        picture.full_range,
    ));
    let mut rows = Rows::new(&picture, Codes { matrix, full_range });
    let alpha_rows = alpha.as_ref().map(|alpha| {
        let codes = Codes {
            matrix: 2,
            full_range: alpha.full_range,
        };
        Rows::new(alpha, codes)
    });
    let mut shrink = Shrink::new(header.size, model, bucket);
    let (mut colours, mut alphas, mut row) = (Vec::new(), Vec::new(), Vec::new());
    for y in 0..header.size.1 as usize {
        if picture.layout == Layout::Grey {
            rows.grey(y, &mut colours);
        } else {
            rows.rgb(y, &mut colours);
        }
        match &alpha_rows {
            Some(rows) => {
                rows.grey(y, &mut alphas);
                interleave(&colours, &alphas, header.premultiplied, &mut row);
                shrink.push_row(&row);
            }
            None => shrink.push_row(&colours),
        }
    }
    let profile = header.profile.map(<[u8]>::to_vec);
    let profile = profile.or_else(|| named_profile(primaries, transfer));
    Ok(Raster {
        model,
        orientation: header.orientation,
        format: Format::Avif,
        bucket,
        source_size: header.size,
        icc: icc::worth_keeping(profile, model),
        rights: rights::kept(exif(&header).as_deref()),
        pixels: shrink.finish(),
    })
}

/// The EXIF data that describes the picture, from its TIFF header on.
fn exif(header: &Header<'_>) -> Option<Vec<u8>> {
    let file = &header.file;
    let item = file
        .referring(*b"cdsc", header.primary)
        .find(|item| file.kind(*item) == Some(*b"Exif"))?;
    let data = file.data(item).ok()?;
    // Four bytes say how much stands before the TIFF header.
    let (skip, rest) = data.split_first_chunk::<4>()?;
    let skip = u32::from_be_bytes(*skip) as usize;
    rest.get(skip..).map(<[u8]>::to_vec)
}

fn read<'a>(source: &'a [u8], limits: &Limits) -> Result<Header<'a>, ImageError> {
    let file = File::read(source)?;
    let primary = file
        .primary()
        .ok_or_else(|| ImageError::corrupt("an AVIF without a picture"))?;
    match file.kind(primary) {
        Some(kind) if kind == *b"av01" => {}
        Some(kind) => {
            let why = format!("an AVIF whose picture is {}", kind.escape_ascii());
            return Err(ImageError::UnsupportedFormat(why));
        }
        None => return Err(ImageError::corrupt("an AVIF whose picture is nowhere")),
    }
    let is_alpha = |item: &u32| {
        let mut properties = file.properties(*item);
        properties
            .any(|property| matches!(property, Property::Auxiliary(kind) if ALPHA.contains(&kind)))
    };
    let alpha = file.referring(*b"auxl", primary).find(is_alpha);
    let premultiplied =
        alpha.is_some_and(|alpha| file.referring(*b"prem", alpha).any(|from| from == primary));
    let mut header = Header {
        primary,
        alpha,
        premultiplied,
        size: (0, 0),
        orientation: Orientation::NoTransforms,
        profile: None,
        codes: None,
        file,
    };
    let (mut turn, mut mirror) = (0, None);
    for property in header.file.properties(primary) {
        match property {
            Property::Size(width, height) => header.size = (width, height),
            Property::Profile(profile) => header.profile = Some(profile),
            Property::Codes(primaries, transfer, matrix, full) => {
                header.codes = Some((primaries, transfer, matrix, full));
            }
            Property::Turn(quarters) => turn = quarters,
            Property::Mirror(axis) => mirror = Some(axis),
            Property::Auxiliary(_) | Property::Other => {}
        }
    }
    header.orientation = orientation(turn, mirror);
    limits.check_size(header.size.0, header.size.1)?;
    Ok(header)
}

/// Turned (anti-clockwise) first, then mirrored: MIAF, section 7.3.6.7.
fn orientation(turn: u8, mirror: Option<u8>) -> Orientation {
    match (turn & 3, mirror) {
        (0, None) => Orientation::NoTransforms,
        (1, None) => Orientation::Rotate270,
        (2, None) => Orientation::Rotate180,
        (_, None) => Orientation::Rotate90,
        (0, Some(0)) | (2, Some(1..)) => Orientation::FlipVertical,
        (0, Some(_)) | (2, Some(0)) => Orientation::FlipHorizontal,
        (1, Some(0)) | (3, Some(1..)) => Orientation::Rotate90FlipH,
        _ => Orientation::Rotate270FlipH,
    }
}

/// The decoded frame of an item, of the size that the picture has.
fn frame(header: &Header<'_>, item: u32, limits: &Limits) -> Result<Picture, ImageError> {
    let (width, height) = header.size;
    let pixels = u64::from(width) * u64::from(height);
    let most = u32::try_from(pixels.min(limits.pixels_max)).unwrap_or(u32::MAX);
    let data = header.file.data(item)?;
    let picture = lockgate_av1::decode(&data, most).map_err(|error| match error {
        Av1Error::Truncated => ImageError::Truncated,
        other => ImageError::corrupt(other),
    })?;
    if (picture.width, picture.height) != header.size {
        return Err(ImageError::corrupt("an AVIF whose frame has another size"));
    }
    Ok(picture)
}

fn interleave(colours: &[u8], alphas: &[u8], premultiplied: bool, row: &mut Vec<u8>) {
    row.clear();
    let channels = colours.len() / alphas.len().max(1);
    for (pixel, alpha) in colours.chunks_exact(channels.max(1)).zip(alphas) {
        if premultiplied && *alpha != 0 {
            row.extend(pixel.iter().map(|channel| {
                let straight = u32::from(*channel) * 255 / u32::from(*alpha);
                u8::try_from(straight).unwrap_or(u8::MAX)
            }));
        } else {
            row.extend_from_slice(pixel);
        }
        row.push(*alpha);
    }
}

/// A profile of the colours that are named by numbers, unless they are sRGB's or unspecified.
fn named_profile(primaries: u16, transfer: u16) -> Option<Vec<u8>> {
    if matches!(primaries, 1 | 2) {
        return None;
    }
    let primaries = CicpColorPrimaries::try_from(u8::try_from(primaries).ok()?).ok()?;
    // 2 is unspecified: that of sRGB.
    let transfer = u8::try_from(transfer)
        .ok()
        .filter(|code| *code != 2)
        .unwrap_or(13);
    let codes = CicpProfile {
        color_primaries: primaries,
        transfer_characteristics: TransferCharacteristics::try_from(transfer).ok()?,
        matrix_coefficients: moxcms::MatrixCoefficients::Identity,
        full_range: true,
    };
    ColorProfile::new_from_cicp(codes).encode().ok()
}

/// Whether `source` begins as an AVIF does (AVIF 1.1, section 6).
pub(crate) fn sniff(source: &[u8]) -> bool {
    let Some(([a, b, c, d], rest)) = source.split_first_chunk::<4>() else {
        return false;
    };
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let Some(brands) = rest.strip_prefix(b"ftyp") else {
        return false;
    };
    let brands = brands
        .get(..length.saturating_sub(8).min(256))
        .unwrap_or(brands);
    let (brands, _) = brands.as_chunks::<4>();
    // The second four bytes are a version.
    let mut named = brands.iter().enumerate().filter(|(place, _)| *place != 1);
    named.any(|(_, brand)| matches!(brand, b"avif" | b"avis"))
}
