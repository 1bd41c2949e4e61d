//! Pictures: what the requests of a route may ask for.

use lockgate_bundle::{Choice, Fit, Format, ImageRoute, Preset};
use lockgate_config::GatewayConfig;
use lockgate_config::types::{ImageFit, ImageFormat, ImagePreset, RouteImage};

/// Compiles the image table of a route.
pub(crate) fn compile(config: &GatewayConfig, image: &RouteImage) -> ImageRoute {
    let lists = [&image.widths, &image.heights, &image.qualities];
    // One list bounds the work only where the other options have one, too.
    let any = !image.presets_only && lists.iter().all(|list| list.is_empty());
    let [widths, heights, qualities] = lists.map(|list| {
        if any {
            return Choice::Any;
        }
        let mut list = if image.presets_only {
            Vec::new()
        } else {
            list.clone()
        };
        list.sort_unstable();
        list.dedup();
        Choice::Of(list)
    });
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
        heights,
        qualities,
        fits: !image.presets_only,
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

fn fit(fit: ImageFit) -> Fit {
    match fit {
        ImageFit::Inside => Fit::Inside,
        ImageFit::Cover => Fit::Cover,
        ImageFit::Contain => Fit::Contain,
        ImageFit::Fill => Fit::Fill,
        ImageFit::Outside => Fit::Outside,
    }
}

fn format(format: &ImageFormat) -> Format {
    match format {
        ImageFormat::Jpeg => Format::Jpeg,
        ImageFormat::Png => Format::Png,
        ImageFormat::Webp => Format::Webp,
    }
}
