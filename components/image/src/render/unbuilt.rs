//! Options that are read and not built yet: refused by their names, never ignored.

use crate::{Colour, Fit, ImageError, Options, OutputFormat, Quality};

/// Refuse what would be ignored.
///
/// # Errors
/// [`ImageError::BadOptions`] that names the option.
pub(crate) fn refuse(options: &Options) -> Result<(), ImageError> {
    let text = options.to_string();
    let asked = |name: &str| {
        text.split(',')
            .any(|piece| piece.split('=').next() == Some(name))
    };
    let transparent = |colour: Colour| colour.alpha != 255;
    let moved = matches!(options.fit, Fit::Cover | Fit::Contain) && asked("g");
    let format = options.format;
    let refused = [
        ("g", moved),
        ("bg with alpha", options.background.is_some_and(transparent)),
        ("f=avif", format == Some(OutputFormat::Avif)),
        ("f=gif", format == Some(OutputFormat::Gif)),
        ("f=json", format == Some(OutputFormat::Json)),
        (
            "q by size or SSIM",
            matches!(options.quality, Some(Quality::Bytes(_) | Quality::Ssim(_))),
        ),
    ];
    let plain = [
        "linear",
        "crop",
        "crop_after",
        "trim",
        "rotate",
        "flip",
        "flop",
        "pad",
        "blur",
        "sharpen",
        "brightness",
        "saturation",
        "contrast",
        "gamma",
        "grayscale",
        "wm",
        "radius",
        "effort",
        "lossless",
    ];
    let plain = plain.into_iter().find(|name| asked(name));
    let found = plain.or(refused.iter().find(|(_, is)| *is).map(|(name, _)| *name));
    match found {
        Some(name) => Err(ImageError::BadOptions(format!("{name} is not made here"))),
        None => Ok(()),
    }
}
