//! What the plan asks for, as options of the component.

use lockgate_config::types::ImagePool as Config;
use lockgate_image_options::{DIMENSION_OUT_MAX, Fit, Format, Options, Quality};
use lockgate_wire::ImagePlan;

use super::ImageError;
use super::component::wit;

/// The width and the height that a source may have; its pixels have a limit of their own.
const SOURCE_DIMENSION_MAX: u32 = 30_000;

/// The frames that an animation may have.
const FRAMES_MAX: u32 = 200;

/// A picture that is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Canonical text of the options.
    pub options: String,
    /// What the source may be.
    pub limits: Limits,
}

/// What a source may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Bytes.
    pub source_bytes_max: u64,
    /// Width times height.
    pub pixels_max: u64,
    /// Frames of an animation.
    pub frames_max: u32,
    /// One that ends early is shown as far as it goes.
    pub keep_truncated: bool,
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            source_bytes_max: config.source_bytes_max,
            pixels_max: config.pixels_max,
            frames_max: FRAMES_MAX,
            keep_truncated: false,
        }
    }
}

impl Limits {
    pub(super) fn wit(self) -> wit::Limits {
        wit::Limits {
            source_bytes_max: self.source_bytes_max,
            pixels_max: self.pixels_max,
            dimension_max: SOURCE_DIMENSION_MAX,
            frames_max: self.frames_max,
            keep_truncated: self.keep_truncated,
        }
    }
}

/// The options of a plan.
pub(super) fn options(plan: ImagePlan, dimension_max: u32) -> Result<Options, ImageError> {
    let most = dimension_max.min(DIMENSION_OUT_MAX);
    if plan.width > most || plan.height > most {
        return Err(ImageError::OptionsInvalid(format!(
            "{} x {} is larger than {most}",
            plan.width, plan.height
        )));
    }
    let (width, height, fit) = match (plan.width, plan.height) {
        // A side that follows from the other one, or from the source, stays in the limit too.
        (0, height) => (most, if height == 0 { most } else { height }, Fit::Inside),
        (width, 0) => (width, most, Fit::Inside),
        (width, height) => (width, height, fit(plan.fit)?),
    };
    Ok(Options {
        width: Some(width),
        height: Some(height),
        fit,
        quality: (plan.quality != 0).then_some(Quality::Fixed(plan.quality)),
        format: format(plan.format)?,
        ..Options::default()
    })
}

fn fit(fit: u8) -> Result<Fit, ImageError> {
    Ok(match fit {
        0 => Fit::Inside,
        1 => Fit::Cover,
        2 => Fit::Contain,
        3 => Fit::Fill,
        4 => Fit::Outside,
        other => {
            return Err(ImageError::OptionsInvalid(format!(
                "there is no fit {other}"
            )));
        }
    })
}

fn format(format: u8) -> Result<Option<Format>, ImageError> {
    Ok(match format {
        0 => None,
        1 => Some(Format::Jpeg),
        2 => Some(Format::Png),
        3 => Some(Format::Webp),
        other => {
            return Err(ImageError::OptionsInvalid(format!(
                "there is no format {other}"
            )));
        }
    })
}

/// The end of a cache key of such a picture: all before it is the key of its source.
pub(crate) fn plan_key(plan: ImagePlan) -> Vec<u8> {
    let mut key = Vec::with_capacity(11);
    key.extend_from_slice(&plan.width.to_le_bytes());
    key.extend_from_slice(&plan.height.to_le_bytes());
    key.extend_from_slice(&[plan.fit, plan.format, plan.quality]);
    key
}

/// The media type of a plan's format; `None` where the source decides.
pub(crate) fn media_type(plan: u8) -> Option<&'static str> {
    format(plan).ok()?.map(Format::media_type)
}

/// The media type of what the component made.
pub(super) fn content_type(format: wit::Format) -> &'static str {
    match format {
        wit::Format::Jpeg => "image/jpeg",
        wit::Format::Png => "image/png",
        wit::Format::Webp => "image/webp",
        wit::Format::Avif => "image/avif",
        wit::Format::Gif => "image/gif",
        wit::Format::Svg => "image/svg+xml",
        wit::Format::Tiff => "image/tiff",
        wit::Format::Bmp => "image/bmp",
        wit::Format::Json => "application/json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(width: u32, height: u32, fit: u8, format: u8) -> ImagePlan {
        ImagePlan {
            width,
            height,
            fit,
            format,
            quality: 0,
        }
    }

    fn made(plan: ImagePlan) -> Result<String, ImageError> {
        options(plan, 4000).map(|options| options.to_string())
    }

    #[test]
    fn every_side_has_a_limit() {
        for (width, height, expected) in [
            (0, 0, "w=4000,h=4000,f=jpeg"),
            (800, 0, "w=800,h=4000,f=jpeg"),
            (0, 600, "w=4000,h=600,f=jpeg"),
            (800, 600, "w=800,h=600,f=jpeg"),
        ] {
            let text = made(plan(width, height, 0, 1)).expect("valid");
            assert_eq!(text, expected);
            assert!(Options::parse(&text).is_ok());
        }
        assert_eq!(
            made(plan(4001, 0, 0, 1))
                .map_err(|error| error.status())
                .err(),
            Some(400)
        );
        let wide = options(plan(16_384, 0, 0, 1), 65_535);
        assert_eq!(wide.map_err(|error| error.status()).err(), Some(400));
    }

    #[test]
    fn one_side_is_never_a_box() {
        // `fill` and `cover` with one side would otherwise stretch to the limit.
        for fit in 0..=4 {
            let options = options(plan(800, 0, fit, 1), 4000).expect("valid");
            assert_eq!(options.fit, Fit::Inside, "{fit}");
        }
    }

    #[test]
    fn numbers_without_a_meaning_are_refused() {
        assert!(made(plan(1, 1, 5, 1)).is_err());
        assert!(made(plan(1, 1, 0, 4)).is_err());
    }

    #[test]
    fn the_source_says_the_format_where_the_plan_does_not() {
        assert_eq!(made(plan(1, 1, 0, 0)).expect("valid"), "w=1,h=1");
        assert_eq!(made(plan(1, 1, 0, 3)).expect("valid"), "w=1,h=1,f=webp");
    }
}
