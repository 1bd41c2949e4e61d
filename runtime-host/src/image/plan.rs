//! What the plan asks for, as the component takes it.

use bytes::Bytes;
use lockgate_config::types::{ImagePool, ImageSvg, ImageTruncated};
use lockgate_image_options::{Format, Options};
use lockgate_shell::PictureLimits;
use lockgate_shell::picture::SVG;

use super::ImageError;
use super::component::wit;

/// The width and the height that a source may have; its pixels have a limit of their own.
const SOURCE_DIMENSION_MAX: u32 = 30_000;

/// A picture that is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Canonical text of the options.
    pub options: String,
    /// The format was chosen by `Accept`: a source that moves becomes none that does not.
    pub negotiated: bool,
    /// The source file of the watermark, where the options ask for one.
    pub overlay: Option<Bytes>,
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
    /// An SVG is sent as it is where nothing but a size is asked for.
    pub pass_svg: bool,
}

impl From<&PictureLimits> for Limits {
    fn from(limits: &PictureLimits) -> Self {
        Self {
            source_bytes_max: limits.source_bytes_max,
            pixels_max: limits.pixels_max,
            frames_max: limits.frames_max,
            keep_truncated: limits.keep_truncated,
            pass_svg: limits.pass_svg,
        }
    }
}

/// Those of a route that says nothing of its own.
impl From<&ImagePool> for Limits {
    fn from(pool: &ImagePool) -> Self {
        Self {
            source_bytes_max: pool.source_bytes_max,
            pixels_max: pool.pixels_max,
            frames_max: pool.frames_max,
            keep_truncated: pool.truncated == ImageTruncated::Keep,
            pass_svg: pool.svg == ImageSvg::Pass,
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

impl Plan {
    /// Whether an SVG is sent as it is.
    #[must_use]
    pub fn sends_svg(&self) -> bool {
        let only_sizes = |options: Options| options.only_sizes(self.negotiated);
        self.limits.pass_svg && Options::parse(&self.options).is_ok_and(only_sizes)
    }

    /// The options for the component: every side has a limit, and one side alone is no box.
    /// `source` is what its header says, asked for only where it matters.
    pub(super) fn options(
        &self,
        dimension_max: u32,
        source: impl FnOnce() -> Result<wit::Info, ImageError>,
    ) -> Result<String, ImageError> {
        let options = Options::parse(&self.options);
        let mut options = options
            .and_then(|options| options.within(dimension_max))
            .map_err(|error| ImageError::OptionsInvalid(error.to_string()))?;
        // Whoever takes AVIF takes WebP, and what moves moves in that.
        let may_move = self.negotiated && options.format == Some(Format::Avif) && !options.still;
        if may_move && source()?.frames > 1 {
            options.format = Some(Format::Webp);
        }
        Ok(options.to_string())
    }
}

/// The media type of what the component made.
pub(super) fn content_type(format: wit::Format) -> &'static str {
    match format {
        wit::Format::Jpeg => "image/jpeg",
        wit::Format::Png => "image/png",
        wit::Format::Webp => "image/webp",
        wit::Format::Avif => "image/avif",
        wit::Format::Gif => "image/gif",
        wit::Format::Svg => SVG,
        wit::Format::Tiff => "image/tiff",
        wit::Format::Bmp => "image/bmp",
        wit::Format::Json => "application/json",
    }
}

/// A plan whose limits nothing is held to.
#[cfg(test)]
pub(super) fn plan(options: &str, negotiated: bool) -> Plan {
    Plan {
        options: options.to_owned(),
        negotiated,
        overlay: None,
        limits: Limits {
            source_bytes_max: 1,
            pixels_max: 1,
            frames_max: 1,
            keep_truncated: false,
            pass_svg: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(options: &str, negotiated: bool) -> Result<String, ImageError> {
        let moving = wit::Info {
            format: wit::Format::Gif,
            width: 9,
            height: 9,
            orientation: 1,
            has_alpha: false,
            frames: 2,
        };
        plan(options, negotiated).options(4000, || Ok(moving))
    }

    #[test]
    fn every_side_has_a_limit_and_one_side_is_no_box() {
        for (asked, expected) in [
            ("f=jpeg", "w=4000,h=4000,f=jpeg"),
            ("w=800,enlarge=1", "w=800,h=4000,enlarge=1"),
            ("h=600,fit=fill", "w=4000,h=600"),
            ("enlarge=1,blur=2", "w=4000,h=4000,blur=2"),
            ("w=800,h=600,fit=cover", "w=800,h=600,fit=cover"),
        ] {
            assert_eq!(made(asked, true).expect("valid"), expected);
        }
        for refused in ["w=4001", "w=0", "width"] {
            let status = made(refused, true).map_err(|error| error.status());
            assert_eq!(status.err(), Some(400), "{refused}");
        }
    }

    #[test]
    fn what_moves_goes_on_moving_unless_somebody_named_the_format() {
        let format = |text: &str, negotiated| {
            let made = made(text, negotiated).expect("valid");
            made.rsplit_once("f=").expect("a format").1.to_owned()
        };
        assert_eq!(format("f=avif", true), "webp");
        assert_eq!(format("f=avif", false), "avif");
        assert!(format("f=avif,still=1", true).starts_with("avif"));
    }
}
