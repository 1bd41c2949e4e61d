//! Pixels to compare: a reference made without any of the two sides, and how far others are
//! from it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

use super::ssim;

/// RGBA, straight alpha, sRGB, 0 to 1.
#[derive(Clone, Debug)]
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    /// `width * height` pixels, rows from the top.
    pub(super) rgba: Vec<[f32; 4]>,
}

/// A part of a picture, in its pixels and fractions of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How near a picture is to the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Nearness {
    /// SSIMULACRA2, up to 100.
    pub(super) ssimulacra2: f64,
    /// (1 - SSIM) / 2 on luma, from 0.
    pub(super) dssim: f64,
}

impl Pixels {
    /// From eight bits a channel.
    ///
    /// # Errors
    /// When there are more or fewer than the size says.
    pub(super) fn from_rgba8(width: usize, height: usize, bytes: &[u8]) -> Result<Self> {
        ensure!(
            bytes.len() == width * height * 4,
            "{width} x {height} pixels in {} bytes",
            bytes.len()
        );
        let rgba = bytes.chunks_exact(4).map(|pixel| {
            let [r, g, b, a] = pixel else { return [0.0; 4] };
            [r, g, b, a].map(|value| f32::from(*value) / 255.0)
        });
        Ok(Self {
            width,
            height,
            rgba: rgba.collect(),
        })
    }

    /// A file, decoded whole by the `image` crate.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let picture = image::open(path).with_context(|| path.display().to_string())?;
        let picture = picture.into_rgba8();
        let (width, height) = picture.dimensions();
        Self::from_rgba8(width as usize, height as usize, picture.as_raw())
    }

    /// `part`, scaled with Lanczos3 in floating point, from every pixel.
    ///
    /// # Errors
    /// When the part is not within.
    pub(super) fn resized(&self, part: Part, width: usize, height: usize) -> Result<Self> {
        let bytes: Vec<u8> = self
            .rgba
            .iter()
            .flatten()
            .flat_map(|value| value.to_ne_bytes())
            .collect();
        let size = |side: usize| u32::try_from(side).context("too large");
        let from = ImageRef::new(
            size(self.width)?,
            size(self.height)?,
            &bytes,
            PixelType::F32x4,
        )?;
        let mut to = Image::new(size(width)?, size(height)?, PixelType::F32x4);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
            .crop(part.left, part.top, part.width, part.height);
        Resizer::new().resize(&from, &mut to, Some(&options))?;
        let rgba = to.buffer().chunks_exact(16).map(|pixel| {
            let mut channels = [0.0; 4];
            for (channel, bytes) in channels.iter_mut().zip(pixel.chunks_exact(4)) {
                let value = bytes.try_into().map(f32::from_ne_bytes).unwrap_or_default();
                *channel = value.clamp(0.0, 1.0);
            }
            channels
        });
        Ok(Self {
            width,
            height,
            rgba: rgba.collect(),
        })
    }

    fn is_opaque(&self) -> bool {
        self.rgba.iter().all(|pixel| pixel[3] >= 1.0)
    }

    /// Over a grey of this value.
    fn over(&self, ground: f32) -> Vec<[f32; 3]> {
        let mix = |[r, g, b, a]: &[f32; 4]| [r, g, b].map(|c| c * a + ground * (1.0 - a));
        self.rgba.iter().map(mix).collect()
    }
}

impl Nearness {
    /// Of `picture` to `reference`; where one of them is transparent, the worse of over black and
    /// over white.
    ///
    /// # Errors
    /// When they differ in size, or are smaller than 11 x 11.
    pub(super) fn of(picture: &Pixels, reference: &Pixels) -> Result<Self> {
        let (width, height) = (reference.width, reference.height);
        ensure!(
            (picture.width, picture.height) == (width, height),
            "{} x {} instead of {width} x {height}",
            picture.width,
            picture.height
        );
        let opaque = picture.is_opaque() && reference.is_opaque();
        let grounds: &[f32] = if opaque { &[0.0] } else { &[0.0, 1.0] };
        let mut worst: Option<Self> = None;
        for ground in grounds {
            let (theirs, ours) = (reference.over(*ground), picture.over(*ground));
            let dssim = (1.0 - ssim::of(&theirs, &ours, width, height)?) / 2.0;
            let rgb = |pixels| {
                let (curve, primaries) = (TransferCharacteristic::SRGB, ColorPrimaries::BT709);
                Rgb::new(pixels, width, height, curve, primaries)
            };
            let ssimulacra2 = compute_frame_ssimulacra2(rgb(theirs)?, rgb(ours)?)?;
            let before = worst.unwrap_or(Self { ssimulacra2, dssim });
            worst = Some(Self {
                ssimulacra2: before.ssimulacra2.min(ssimulacra2),
                dssim: before.dssim.max(dssim),
            });
        }
        worst.context("nothing was compared")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(width: usize, height: usize, alpha: f32) -> Pixels {
        let value = |n: usize, of: usize| n as f32 / of as f32;
        let pixels = (0..height)
            .flat_map(|y| (0..width).map(move |x| [value(x, width), value(y, height), 0.5, alpha]));
        Pixels {
            width,
            height,
            rgba: pixels.collect(),
        }
    }

    #[test]
    fn a_picture_is_nearest_to_itself() {
        let picture = slope(40, 30, 1.0);
        let same = Nearness::of(&picture, &picture).unwrap();
        assert!(same.ssimulacra2 > 99.9 && same.dssim < 1e-6, "{same:?}");
        let mut noisy = picture.clone();
        for (index, pixel) in noisy.rgba.iter_mut().enumerate() {
            pixel[1] += if index % 3 == 0 { 0.1 } else { -0.1 };
        }
        let other = Nearness::of(&noisy, &picture).unwrap();
        assert!(other.ssimulacra2 < 90.0 && other.dssim > 0.01, "{other:?}");
    }

    #[test]
    fn transparency_counts_on_every_ground() {
        // Both are black over black: only white shows that one is transparent.
        let solid = Pixels {
            rgba: vec![[0.0, 0.0, 0.0, 1.0]; 20 * 20],
            ..slope(20, 20, 1.0)
        };
        let mut clear = solid.clone();
        for (index, pixel) in clear.rgba.iter_mut().enumerate() {
            pixel[3] = (index % 20) as f32 / 20.0;
        }
        assert_eq!(clear.over(0.0), solid.over(0.0));
        let nearness = Nearness::of(&clear, &solid).unwrap();
        assert!(
            nearness.ssimulacra2 < 90.0 && nearness.dssim > 0.1,
            "{nearness:?}"
        );
    }

    #[test]
    fn a_part_is_scaled() {
        let picture = slope(64, 64, 1.0);
        let part = Part {
            left: 32.0,
            top: 0.0,
            width: 32.0,
            height: 64.0,
        };
        let right = picture.resized(part, 8, 16).unwrap();
        assert_eq!((right.width, right.height, right.rgba.len()), (8, 16, 128));
        let mean = right.rgba.iter().map(|pixel| pixel[0]).sum::<f32>() / 128.0;
        assert!((mean - 0.75).abs() < 0.01, "{mean}");
    }
}
