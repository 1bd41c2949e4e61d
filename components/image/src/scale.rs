//! Scale buckets: by how much decoding reduces a picture, chosen from its size and the options.

use crate::before::Before;
use crate::fit::Plan;
use crate::render::DESCRIBED_SIDE;
use crate::{Format, ImageError, Info, Options, OutputFormat};

/// The factor by which decoding divides both axes, rounding up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Bucket {
    /// Every pixel.
    Full = 1,
    /// 1/2.
    Half = 2,
    /// 1/4.
    Quarter = 4,
    /// 1/8.
    Eighth = 8,
}

impl Bucket {
    /// From finest to coarsest.
    pub const ALL: [Self; 4] = [Self::Full, Self::Half, Self::Quarter, Self::Eighth];

    /// The divisor: 1, 2, 4 or 8.
    #[must_use]
    pub fn divisor(self) -> u32 {
        self as u32
    }

    /// The bucket of a divisor.
    ///
    /// # Errors
    /// [`ImageError::BadOptions`] for anything but 1, 2, 4 and 8.
    pub fn from_divisor(divisor: u8) -> Result<Self, ImageError> {
        Self::ALL
            .into_iter()
            .find(|bucket| *bucket as u8 == divisor)
            .ok_or_else(|| ImageError::BadOptions("the bucket is not 1, 2, 4 or 8".into()))
    }

    /// The size of an intermediate in this bucket.
    #[must_use]
    pub fn scaled(self, (width, height): (u32, u32)) -> (u32, u32) {
        (
            width.div_ceil(self.divisor()),
            height.div_ceil(self.divisor()),
        )
    }
}

/// The bucket whose intermediate `options` is rendered from.
///
/// A JPEG is reduced as far as the intermediate is still no smaller than the output: its reduced
/// inverse DCT is a good low-pass filter, and Sharp does the same by default
/// (`fastShrinkOnLoad`). PNG is reduced by averaging squares, which is a poor one, so a factor of
/// two is left to the resize proper, as libvips does. WebP is averaged down to the output, since a
/// lossy one has its colours at half size anyway; Sharp lets libwebp average all the way.
///
/// A crop leaves fewer pixels for the same output, so its bucket is finer; `trim` reads every
/// pixel.
///
/// # Errors
/// [`ImageError::BadOptions`].
pub fn scale_bucket(info: &Info, options: &Options) -> Result<Bucket, ImageError> {
    options.check()?;
    if info.format == Format::Svg || info.frames > 1 {
        // The intermediate is the file.
        return Ok(Bucket::Full);
    }
    if options.format == Some(OutputFormat::Json) {
        let reduction = f64::from(info.width.max(info.height)) / f64::from(DESCRIBED_SIDE);
        return Ok(coarsest(reduction / 2.0));
    }
    let before = Before::new((info.width, info.height), options)?;
    // How much is cut away is only known from every pixel.
    if options.trim.is_some() {
        return Ok(Bucket::Full);
    }
    let plan = Plan::new(before.size(before.cropped), options)?;
    let left_to_resize = match info.format {
        Format::Jpeg | Format::Webp => 1.0,
        _ => 2.0,
    };
    let (across, down) = plan.reduction();
    Ok(coarsest(across.min(down) / left_to_resize))
}

fn coarsest(reduction: f64) -> Bucket {
    Bucket::ALL
        .into_iter()
        .rev()
        .find(|bucket| f64::from(bucket.divisor()) <= reduction)
        .unwrap_or(Bucket::Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(format: Format, size: (u32, u32), width: u32) -> Bucket {
        let info = Info {
            format,
            width: size.0,
            height: size.1,
            orientation: 1,
            has_alpha: false,
            frames: 1,
        };
        let mut options = Options::new(OutputFormat::Jpeg);
        options.width = Some(width);
        scale_bucket(&info, &options).unwrap()
    }

    #[test]
    fn a_jpeg_is_reduced_down_to_the_output() {
        let size = (4608, 2592);
        for (width, expected) in [
            (4608, Bucket::Full),
            (2305, Bucket::Full),
            (2304, Bucket::Half),
            (1153, Bucket::Half),
            (1152, Bucket::Quarter),
            (800, Bucket::Quarter),
            (576, Bucket::Eighth),
            (16, Bucket::Eighth),
        ] {
            assert_eq!(bucket(Format::Jpeg, size, width), expected, "{width}");
        }
    }

    #[test]
    fn png_leaves_half_to_the_resize() {
        let size = (1600, 1000);
        for (width, expected) in [
            (800, Bucket::Full),
            (401, Bucket::Full),
            (400, Bucket::Half),
            (200, Bucket::Quarter),
            (100, Bucket::Eighth),
        ] {
            assert_eq!(bucket(Format::Png, size, width), expected, "{width}");
        }
    }

    #[test]
    fn a_part_of_a_picture_needs_a_finer_bucket() {
        let info = Info {
            format: Format::Jpeg,
            width: 4608,
            height: 2592,
            orientation: 1,
            has_alpha: false,
            frames: 1,
        };
        for (text, expected) in [
            ("w=400", Bucket::Eighth),
            ("w=400,crop=0:0:50p:50p", Bucket::Quarter),
            ("w=400,crop=0:0:10p:10p", Bucket::Full),
            ("w=400,rotate=90", Bucket::Quarter),
            ("w=400,h=400,fit=cover", Bucket::Quarter),
            ("w=400,trim=10", Bucket::Full),
        ] {
            let options = Options::parse(text).unwrap();
            assert_eq!(scale_bucket(&info, &options).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_bucket_is_one_of_four() {
        for divisor in [0, 3, 16] {
            assert!(Bucket::from_divisor(divisor).is_err(), "{divisor}");
        }
        assert_eq!(Bucket::from_divisor(4).unwrap(), Bucket::Quarter);
        assert_eq!(Bucket::Quarter.scaled((1001, 8)), (251, 2));
    }
}
