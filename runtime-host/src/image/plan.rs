//! What the plan asks for, as the component reads it.

use lockgate_wire::ImagePlan;

use super::ImageError;
use super::component::wit;

/// What the encoder gets where the plan does not say; the default of a route.
const QUALITY: u8 = 80;

/// The component's own limit of a width and of a height (that of WebP).
const COMPONENT_DIMENSION_MAX: u32 = 16_383;

/// The options of a plan. `source` is the format of the source, asked for only where the plan
/// leaves the format to it.
pub(super) fn options(
    plan: ImagePlan,
    dimension_max: u32,
    source: impl FnOnce() -> Result<wit::Format, ImageError>,
) -> Result<wit::Options, ImageError> {
    let most = dimension_max.min(COMPONENT_DIMENSION_MAX);
    if plan.width > most || plan.height > most {
        return Err(ImageError::OptionsInvalid(format!(
            "{} x {} is larger than {most}",
            plan.width, plan.height
        )));
    }
    let (width, height, fit) = match (plan.width, plan.height) {
        // A side that follows from the other one, or from the source, stays in the limit too.
        (0, height) => (
            most,
            if height == 0 { most } else { height },
            wit::Fit::Inside,
        ),
        (width, 0) => (width, most, wit::Fit::Inside),
        (width, height) => (width, height, fit(plan.fit)?),
    };
    let format = match plan.format {
        0 => source()?,
        1 => wit::Format::Jpeg,
        2 => wit::Format::Png,
        3 => wit::Format::Webp,
        other => {
            return Err(ImageError::OptionsInvalid(format!(
                "there is no format {other}"
            )));
        }
    };
    Ok(wit::Options {
        width: Some(width),
        height: Some(height),
        fit,
        quality: if plan.quality == 0 {
            QUALITY
        } else {
            plan.quality
        },
        format,
        background: None,
        enlarge: false,
    })
}

fn fit(fit: u8) -> Result<wit::Fit, ImageError> {
    Ok(match fit {
        0 => wit::Fit::Inside,
        1 => wit::Fit::Cover,
        2 => wit::Fit::Contain,
        3 => wit::Fit::Fill,
        4 => wit::Fit::Outside,
        other => {
            return Err(ImageError::OptionsInvalid(format!(
                "there is no fit {other}"
            )));
        }
    })
}

/// The media type of a plan's format; `None` where the source decides.
pub(crate) fn media_type(format: u8) -> Option<&'static str> {
    let formats = [wit::Format::Jpeg, wit::Format::Png, wit::Format::Webp];
    let index = usize::from(format).checked_sub(1)?;
    formats.get(index).copied().map(content_type)
}

/// The media type of a format.
pub(super) fn content_type(format: wit::Format) -> &'static str {
    match format {
        wit::Format::Jpeg => "image/jpeg",
        wit::Format::Png => "image/png",
        wit::Format::Webp => "image/webp",
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

    fn made(plan: ImagePlan) -> Result<wit::Options, ImageError> {
        options(plan, 4000, || Ok(wit::Format::Png))
    }

    #[test]
    fn every_side_has_a_limit() {
        for (width, height, expected) in [
            (0, 0, (4000, 4000)),
            (800, 0, (800, 4000)),
            (0, 600, (4000, 600)),
            (800, 600, (800, 600)),
        ] {
            let options = made(plan(width, height, 0, 1)).expect("valid");
            assert_eq!(
                (options.width, options.height),
                (Some(expected.0), Some(expected.1))
            );
        }
        assert_eq!(
            made(plan(4001, 0, 0, 1))
                .map_err(|error| error.status())
                .err(),
            Some(400)
        );
        let wide = options(plan(16_384, 0, 0, 1), 65_535, || Ok(wit::Format::Png));
        assert_eq!(wide.map_err(|error| error.status()).err(), Some(400));
    }

    #[test]
    fn one_side_is_never_a_box() {
        // `fill` and `cover` with one side would otherwise stretch to the limit.
        for fit in 0..=4 {
            let options = made(plan(800, 0, fit, 1)).expect("valid");
            assert!(matches!(options.fit, wit::Fit::Inside), "{fit}");
        }
    }

    #[test]
    fn numbers_without_a_meaning_are_refused() {
        assert!(made(plan(1, 1, 5, 1)).is_err());
        assert!(made(plan(1, 1, 0, 4)).is_err());
    }

    #[test]
    fn the_source_says_the_format_where_the_plan_does_not() {
        assert!(matches!(
            made(plan(1, 1, 0, 0)).expect("valid").format,
            wit::Format::Png
        ));
        assert!(matches!(
            made(plan(1, 1, 0, 3)).expect("valid").format,
            wit::Format::Webp
        ));
        assert_eq!(made(plan(1, 1, 0, 3)).expect("valid").quality, 80);
    }
}
