//! Pictures: what the requests of a route may ask for, and within which limits.

use lockgate_bundle::image::{Allow, Choice, Form, ImageRoute, Preset, Signed, Source};
use lockgate_config::GatewayConfig;
use lockgate_config::types::{
    ImageAddress, ImageFallback, ImageFit, ImageFormat, ImagePreset, ImageSigned, ImageSvg,
    ImageTruncated, Route, RouteImage, WatermarkSource,
};
use lockgate_image_options::{Fit, Format, Options, Quality};
use lockgate_normalise::path::canonical_path;
use lockgate_shell::{PictureLimits, Watermark};

use crate::Fault;

/// Compiles the image table of a route, which stands at `key`.
pub(crate) fn compile(
    config: &GatewayConfig,
    route: &Route,
    image: &RouteImage,
    key: &str,
    faults: &mut Vec<Fault>,
) -> ImageRoute {
    let lists = [&image.widths, &image.heights, &image.qualities];
    // One list bounds the work only where the other options have one, too.
    let bounded = image.presets_only || lists.iter().any(|list| !list.is_empty());
    let allow = match &image.allow {
        Some(names) => Allow::These(names.iter().map(|name| name.as_str().to_owned()).collect()),
        None if bounded => Allow::These(Vec::new()),
        None => Allow::All,
    };
    let free = |name: &str| {
        image
            .allow
            .iter()
            .flatten()
            .any(|known| known.as_str() == name)
    };
    let choice = |name: &str, list: &[u32]| {
        if !bounded || (list.is_empty() && free(name)) {
            return Choice::Any;
        }
        let mut list = if image.presets_only {
            Vec::new()
        } else {
            list.to_vec()
        };
        list.sort_unstable();
        list.dedup();
        Choice::Of(list)
    };
    let mut presets: Vec<Preset> = image
        .presets
        .iter()
        .filter_map(|name| Some(preset(name, config.image_presets.get(name)?)))
        .collect();
    presets.sort_by(|one, other| one.name.cmp(&other.name));
    presets.dedup_by(|one, other| one.name == other.name);
    for preset in &presets {
        let mark = Options::parse(&preset.options)
            .ok()
            .and_then(|o| o.watermark);
        if let Some(mark) = mark
            && !image.watermarks.contains(&mark.source)
        {
            let reason = format!(
                "{:?} has the watermark {:?}, which is not in \"watermarks\"",
                preset.name, mark.source
            );
            faults.push(Fault::new(format!("{key}.image.presets"), reason));
        }
    }
    let mut formats = image.formats.clone();
    formats.sort_unstable();
    formats.dedup();
    let (form, prefix) = form(route, image);
    ImageRoute {
        form,
        prefix,
        widths: choice("w", &image.widths),
        heights: choice("h", &image.heights),
        qualities: choice("q", &image.qualities),
        round_up: image.round_up,
        fits: !image.presets_only,
        allow,
        presets,
        watermarks: image.watermarks.clone(),
        formats: formats.iter().map(|format| name_of(*format)).collect(),
        quality: image.quality,
        auto_format: image.auto_format,
        avif_pixels_max: image.avif_pixels_max,
        only_options: image.only_options,
        signed: match image.signed {
            ImageSigned::No => Signed::No,
            ImageSigned::Optional => Signed::Optional,
            ImageSigned::Required => Signed::Required,
        },
        keys: image.keys.clone(),
        salts: image.salts.clone(),
        sources: image
            .sources
            .iter()
            .map(|source| Source {
                from: source.from.clone(),
                to: canonical_path(source.to.as_bytes())
                    .map_or_else(|_| source.to.clone(), std::borrow::Cow::into_owned),
            })
            .collect(),
        upload: image.upload,
    }
}

/// How addresses are written, and what stands before those of another service.
fn form(route: &Route, image: &RouteImage) -> (Form, String) {
    let pattern = route.path.as_str();
    let theirs = match image.address {
        ImageAddress::Lockgate => {
            let mut segments = pattern.split('/').skip(1);
            let at = segments.position(|segment| segment == "{options}");
            let form = at.and_then(|at| u8::try_from(at).ok());
            return (form.map_or(Form::Query, Form::Segment), String::new());
        }
        ImageAddress::Aws => Form::Aws,
        ImageAddress::Thumbor => Form::Thumbor,
        ImageAddress::Imgproxy => Form::Imgproxy,
    };
    let before = pattern.split('{').next().unwrap_or_default();
    let prefix = canonical_path(before.as_bytes());
    let prefix = prefix.map_or_else(|_| before.to_owned(), std::borrow::Cow::into_owned);
    (theirs, prefix)
}

fn preset(name: &str, preset: &ImagePreset) -> Preset {
    let options = match &preset.options {
        // Checked when it was loaded.
        Some(text) => Options::parse(text).unwrap_or_default(),
        None => Options {
            width: preset.width,
            height: preset.height,
            fit: fit(preset.fit),
            quality: preset.quality.map(Quality::Fixed),
            format: preset.format.map(format),
            ..Options::default()
        },
    };
    Preset {
        name: name.to_owned(),
        options: options.to_string(),
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

fn format(format: ImageFormat) -> Format {
    match format {
        ImageFormat::Jpeg => Format::Jpeg,
        ImageFormat::Png => Format::Png,
        ImageFormat::Webp => Format::Webp,
        ImageFormat::Avif => Format::Avif,
        ImageFormat::Gif => Format::Gif,
        ImageFormat::Json => Format::Json,
    }
}

fn name_of(name: ImageFormat) -> String {
    lockgate_bundle::image::rules::name_of(format(name)).to_owned()
}

/// The limits of a route's pictures: its own, else those of all.
#[must_use]
pub fn picture_limits(config: &GatewayConfig, image: &RouteImage) -> PictureLimits {
    let all = &config.image;
    let truncated = image.truncated.unwrap_or(all.truncated);
    PictureLimits {
        source_bytes_max: image.source_bytes_max.unwrap_or(all.source_bytes_max),
        pixels_max: image.pixels_max.unwrap_or(all.pixels_max),
        frames_max: image.frames_max.unwrap_or(all.frames_max),
        keep_truncated: truncated == ImageTruncated::Keep,
        pass_svg: image.svg.unwrap_or(all.svg) == ImageSvg::Pass,
        upload: image.upload,
        fallback_original: image.fallback == ImageFallback::Original,
        watermarks: image
            .watermarks
            .iter()
            .filter_map(|name| {
                let watermark = config.image_watermarks.get(name)?;
                let place = match &watermark.source {
                    WatermarkSource::Path(path) => Watermark::Path(path.clone()),
                    WatermarkSource::File(file) => Watermark::File(file.clone()),
                };
                Some((name.clone(), place))
            })
            .collect(),
    }
}
