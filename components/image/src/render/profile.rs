//! Step: colours become sRGB. After the resize, because there are fewer of them.
//!
//! A picture without a profile is sRGB already and costs nothing here. With `keep=icc` colours
//! stay in the space of the source and its profile goes into the output, so that a wide gamut
//! stays wide; inks never do, because no output has them.
//!
//! The arithmetic is that of moxcms without its SIMD paths: the same on every machine.

use moxcms::{ColorProfile, Layout, ParsingOptions, RenderingIntent, TransformOptions};

use super::colour::ycbcr_to_rgb;
use super::picture::Picture;
use crate::icc::{PASSED_ON_BYTES_MAX, PROFILE_BYTES_MAX};
use crate::raster::Raster;
use crate::{ImageError, Model};

/// The largest table of a profile, in numbers. Those of presses have about 200,000.
const TABLE_MAX: usize = 2_000_000;

/// How far colours may be from those of sRGB, of 255, for a profile that needs no conversion.
const NEAR: u8 = 1;

/// The picture in sRGB; or, where it is to be kept, as it is, and `true`: its profile is to go
/// along.
///
/// # Errors
/// [`ImageError::Internal`] for pixels that do not fit their model.
pub(super) fn to_srgb(
    picture: Picture,
    profile: &[u8],
    keep: bool,
) -> Result<(Picture, bool), ImageError> {
    let inks = picture.model == Model::Cmyk;
    if profile.is_empty() && !inks {
        return Ok((picture, false));
    }
    if keep && !inks && profile.len() <= PASSED_ON_BYTES_MAX {
        return Ok((picture, true));
    }
    // A profile that is broken is none, as in browsers.
    let converted = open(profile).and_then(|profile| convert(&picture, &profile));
    let picture = match converted {
        Some(Converted::Same) => picture,
        Some(Converted::Pixels(model, pixels)) => picture.with(model, pixels),
        None if inks => {
            let rgb = inks_to_rgb(&picture.pixels);
            picture.with(Model::Rgb, rgb)
        }
        None => picture,
    };
    Ok((picture, false))
}

/// A raster of inks in sRGB.
///
/// # Errors
/// [`ImageError::Internal`] for pixels that do not fit their model.
pub(super) fn without_inks(raster: &Raster) -> Result<Raster, ImageError> {
    let (width, height) = raster.size();
    let picture = Picture {
        model: raster.model,
        width,
        height,
        pixels: raster.pixels.clone(),
    };
    let (picture, _) = to_srgb(picture, &raster.icc, false)?;
    let made = Raster {
        model: picture.model,
        pixels: picture.pixels,
        icc: Vec::new(),
        rights: raster.rights.clone(),
        ..*raster
    };
    made.checked()
}

enum Converted {
    /// The profile is sRGB by another name.
    Same,
    Pixels(Model, Vec<u8>),
}

fn open(profile: &[u8]) -> Option<ColorProfile> {
    let options = ParsingOptions {
        max_profile_size: PROFILE_BYTES_MAX,
        max_allowed_clut_size: TABLE_MAX,
        max_allowed_trc_size: 40_000,
    };
    ColorProfile::new_from_slice_with_options(profile, options).ok()
}

fn convert(picture: &Picture, profile: &ColorProfile) -> Option<Converted> {
    let (from, to) = match picture.model {
        Model::Grey => (Layout::Gray, Layout::Rgb),
        Model::GreyAlpha => (Layout::GrayAlpha, Layout::Rgba),
        Model::Rgb | Model::YCbCr => (Layout::Rgb, Layout::Rgb),
        // The layout of four inks has this name.
        Model::Rgba | Model::Cmyk => (Layout::Rgba, Layout::Rgba),
    };
    let to = if picture.model == Model::Cmyk {
        Layout::Rgb
    } else {
        to
    };
    let options = TransformOptions {
        rendering_intent: RenderingIntent::Perceptual,
        allow_use_cicp_transfer: false,
        prefer_fixed_point: true,
        ..TransformOptions::default()
    };
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(from, &srgb, to, options)
        .ok()?;
    let run = |from: &[u8], pixels: usize, channels: usize| {
        let mut made = vec![0; pixels * channels];
        transform.transform(from, &mut made).ok()?;
        Some(made)
    };
    let channels = if to == Layout::Rgba { 4 } else { 3 };

    if matches!(from, Layout::Rgb) || picture.model == Model::Rgba {
        let cube = cube(channels);
        let made = run(&cube, cube.len() / channels, channels)?;
        if cube.iter().zip(&made).all(|(a, b)| a.abs_diff(*b) <= NEAR) {
            return Some(Converted::Same);
        }
    }
    let rgb: Vec<u8>;
    let source = if picture.model == Model::YCbCr {
        let (pixels, _) = picture.pixels.as_chunks::<3>();
        rgb = pixels
            .iter()
            .flat_map(|pixel| ycbcr_to_rgb(*pixel))
            .collect();
        &rgb
    } else {
        &picture.pixels
    };
    let pixels = source.len() / picture.model.channels();
    let made = run(source, pixels, channels)?;
    Some(match picture.model {
        // A grey axis stays grey: what comes out has three equal channels.
        Model::Grey => Converted::Pixels(Model::Grey, every(&made, 3, &[0])),
        Model::GreyAlpha => Converted::Pixels(Model::GreyAlpha, every(&made, 4, &[0, 3])),
        Model::Rgba => Converted::Pixels(Model::Rgba, made),
        Model::Rgb | Model::YCbCr | Model::Cmyk => Converted::Pixels(Model::Rgb, made),
    })
}

/// So many of the channels of each pixel.
fn every(pixels: &[u8], channels: usize, wanted: &[usize]) -> Vec<u8> {
    pixels
        .chunks_exact(channels)
        .flat_map(|pixel| wanted.iter().filter_map(|at| pixel.get(*at).copied()))
        .collect()
}

/// Colours all over the space: six steps in each channel.
fn cube(channels: usize) -> Vec<u8> {
    let steps = || (0..=255_u8).step_by(51);
    let mut pixels = Vec::new();
    for red in steps() {
        for green in steps() {
            for blue in steps() {
                pixels.extend([red, green, blue]);
                if channels == 4 {
                    pixels.push(255);
                }
            }
        }
    }
    pixels
}

/// Inks (0: none, 255: full) to RGB without a profile: what is not absorbed, as libvips does.
fn inks_to_rgb(pixels: &[u8]) -> Vec<u8> {
    let (pixels, _) = pixels.as_chunks::<4>();
    pixels
        .iter()
        .flat_map(|[c, m, y, k]| [c, m, y].map(|ink| light(*ink, *k)))
        .collect()
}

#[allow(clippy::cast_possible_truncation, reason = "at most 255")]
fn light(ink: u8, black: u8) -> u8 {
    let (ink, black) = (255 - u32::from(ink), 255 - u32::from(black));
    ((ink * black + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(model: Model, pixels: &[u8]) -> Picture {
        Picture {
            model,
            width: (pixels.len() / model.channels()) as u32,
            height: 1,
            pixels: pixels.to_vec(),
        }
    }

    fn profile(profile: &ColorProfile) -> Vec<u8> {
        profile.encode().unwrap()
    }

    #[test]
    fn display_p3_becomes_srgb() {
        let p3 = profile(&ColorProfile::new_display_p3());
        // By the matrices of SMPTE EG 432-1 and IEC 61966-2-1; what is outside of sRGB is cut off.
        let before = [[200, 100, 50], [128, 128, 128], [30, 200, 90], [10, 20, 30]];
        let after = [[214, 92, 31], [128, 128, 128], [0, 203, 73], [6, 20, 30]];
        let (made, left) = to_srgb(picture(Model::Rgb, &before.concat()), &p3, false).unwrap();
        assert!(!left);
        for (got, expected) in made.pixels.iter().zip(after.concat()) {
            assert!(got.abs_diff(expected) <= 1, "{:?}", made.pixels);
        }
        let (kept, left) = to_srgb(picture(Model::Rgb, &before.concat()), &p3, true).unwrap();
        assert_eq!((kept.pixels, left), (before.concat(), true));
    }

    #[test]
    fn srgb_by_another_name_costs_nothing() {
        let srgb = profile(&ColorProfile::new_srgb());
        for model in [Model::Rgb, Model::YCbCr] {
            let (made, left) = to_srgb(picture(model, &[9, 80, 200]), &srgb, false).unwrap();
            assert_eq!((made.model, made.pixels), (model, vec![9, 80, 200]));
            assert!(!left);
        }
    }

    #[test]
    fn alpha_passes() {
        let p3 = profile(&ColorProfile::new_display_p3());
        let before = picture(Model::Rgba, &[200, 100, 50, 7, 1, 2, 3, 0]);
        let (made, _) = to_srgb(before, &p3, false).unwrap();
        assert_eq!((made.pixels[3], made.pixels[7]), (7, 0));
    }

    #[test]
    fn inks_without_a_profile_absorb() {
        let inks = [0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 128, 10, 20, 30, 255];
        for junk in [&[][..], b"no profile at all"] {
            let (made, _) = to_srgb(picture(Model::Cmyk, &inks), junk, true).unwrap();
            assert_eq!(made.model, Model::Rgb);
            assert_eq!(
                made.pixels,
                [255, 255, 255, 0, 255, 255, 127, 127, 127, 0, 0, 0]
            );
        }
    }

    #[test]
    fn what_is_no_profile_changes_nothing() {
        let before = picture(Model::Rgb, &[9, 80, 200]);
        let (made, left) = to_srgb(before, &[7; 300], false).unwrap();
        assert_eq!((made.pixels, left), (vec![9, 80, 200], false));
    }
}
