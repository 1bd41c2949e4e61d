//! Pictures: what the requests of a route may ask for.

use lockgate_bundle::{Fit, Format, ImageRoute, Preset};
use lockgate_config::GatewayConfig;
use lockgate_config::types::{ImageFit, ImageFormat, ImagePreset, RouteImage};

/// Compiles the image table of a route.
pub(crate) fn compile(config: &GatewayConfig, image: &RouteImage) -> ImageRoute {
    let mut widths = image.widths.clone();
    widths.sort_unstable();
    widths.dedup();
    let mut presets: Vec<Preset> = image
        .presets
        .iter()
        .filter_map(|name| Some(preset(name, config.image_presets.get(name)?)))
        .collect();
    presets.sort_by(|one, other| one.name.cmp(&other.name));
    presets.dedup_by(|one, other| one.name == other.name);
    let mut formats: Vec<Format> = image.formats.iter().map(format).collect();
    formats.sort_unstable();
    formats.dedup();
    ImageRoute {
        widths,
        presets,
        formats,
        quality: image.quality,
        auto_format: image.auto_format,
    }
}

fn preset(name: &str, preset: &ImagePreset) -> Preset {
    Preset {
        name: name.to_owned(),
        width: preset.width,
        height: preset.height,
        fit: fit(preset.fit),
        quality: preset.quality,
        format: preset.format.as_ref().map(format),
    }
}

/// The configuration has the names of CSS `object-fit`, the image component those of Sharp.
/// Nothing is ever enlarged, so `contain` and `scale-down` are the same.
fn fit(fit: ImageFit) -> Fit {
    match fit {
        ImageFit::Contain | ImageFit::ScaleDown => Fit::Inside,
        ImageFit::Cover => Fit::Cover,
        ImageFit::Fill => Fit::Fill,
    }
}

fn format(format: &ImageFormat) -> Format {
    match format {
        ImageFormat::Jpeg => Format::Jpeg,
        ImageFormat::Png => Format::Png,
        ImageFormat::Webp => Format::Webp,
    }
}
