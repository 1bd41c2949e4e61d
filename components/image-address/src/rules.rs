//! The rules of a route: whether what an address asks for may be had, and what it comes to.

use lockgate_image_options::{Fit, Format, OptionError, Options, Quality};

use crate::{Allow, Asked, Choice, ImageRoute, Picture, Preset, Refusal, Request};

/// Chooses the picture.
///
/// # Errors
/// [`Refusal`] with 400 `image_options_invalid`, which says what is allowed.
pub fn apply(
    route: &ImageRoute,
    mut asked: Asked,
    request: &Request<'_>,
) -> Result<Picture, Refusal> {
    if !asked.trusted {
        only_allowed(route, &asked)?;
    }
    let preset = match &asked.preset {
        Some(name) => Some(preset(route, name)?),
        None => None,
    };
    let wanted = format(route, &mut asked)?;
    let own_quality = asked.get("q").is_some();
    let mut options = merged(&asked, preset).map_err(|error| worded(error, request))?;
    if let Some(wanted) = wanted {
        options.format = Some(wanted);
    }
    for (name, side) in [("w", options.width), ("h", options.height)] {
        if side.is_some_and(|side| side > request.dimension_max) {
            return Err(Refusal::options(takes_pixels(name, request)));
        }
    }
    if !asked.trusted {
        listed(route, &asked, own_quality, &mut options)?;
    }
    watermark(route, &options)?;
    options.check()?;
    let negotiated = negotiate(route, &asked, &mut options, request);
    Ok(Picture {
        options: settled(route, options),
        negotiated,
        place: asked.place,
    })
}

/// Options that the route does not let everybody choose.
fn only_allowed(route: &ImageRoute, asked: &Asked) -> Result<(), Refusal> {
    let allowed = |name: &str| match (name, &route.allow) {
        ("w", _) => route.widths != Choice::Of(Vec::new()),
        ("h", _) => route.heights != Choice::Of(Vec::new()),
        ("q", _) => route.qualities != Choice::Of(Vec::new()),
        ("f", _) => true,
        ("fit", _) if route.fits => true,
        (_, Allow::All) => true,
        (_, Allow::These(names)) => names.iter().any(|known| known == name),
    };
    let given = asked.pairs.iter().map(|(name, _)| *name);
    let dpr = asked.dpr.as_ref().map(|_| "dpr");
    match given.chain(dpr).find(|name| !allowed(name)) {
        Some(name) => Err(Refusal::options(format!("{name} must not be given here"))),
        None => Ok(()),
    }
}

fn preset<'r>(route: &'r ImageRoute, name: &str) -> Result<&'r Preset, Refusal> {
    let found = route.presets.iter().find(|preset| preset.name == name);
    found.ok_or_else(|| {
        if route.presets.is_empty() {
            return Refusal::options("preset must not be given: there are none here");
        }
        let names = route.presets.iter().map(|preset| preset.name.as_str());
        Refusal::options(format!("preset takes one of {}", list(names)))
    })
}

/// The format that the address names; `None` where it leaves that to others.
fn format(route: &ImageRoute, asked: &mut Asked) -> Result<Option<Format>, Refusal> {
    let Some(name) = asked.get("f") else {
        return Ok(None);
    };
    let format = Options::from_pairs([("f", name)])
        .ok()
        .and_then(|options| options.format)
        .filter(|format| has(route, *format));
    let Some(format) = format else {
        let names = route.formats.iter().map(String::as_str);
        let names = list(names.chain(["auto"]));
        return Err(Refusal::options(format!("f takes one of {names}")));
    };
    asked.unset("f");
    Ok(Some(format))
}

fn has(route: &ImageRoute, format: Format) -> bool {
    route.formats.iter().any(|known| known == name_of(format))
}

/// The name of a format, as `f` takes it.
#[must_use]
pub fn name_of(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "jpeg",
        Format::Png => "png",
        Format::Webp => "webp",
        Format::Avif => "avif",
        Format::Gif => "gif",
        Format::Json => "json",
    }
}

/// The preset, over it what the form of the address implies, over that what the request says.
fn merged(asked: &Asked, preset: Option<&Preset>) -> Result<Options, OptionError> {
    let said = |name: &str| asked.pairs.iter().any(|(known, _)| *known == name);
    let implied = |name: &str| asked.implied.iter().any(|(known, _)| *known == name);
    let preset = preset.map_or("", |preset| preset.options.as_str());
    let preset = preset
        .split(',')
        .filter_map(|piece| piece.split_once('='))
        // `f=auto` and a format exclude each other, and the request says it.
        .filter(|(name, _)| !(said(name) || implied(name) || asked.auto && *name == "f"));
    let implied = asked
        .implied
        .iter()
        .filter(|(name, _)| !said(name))
        .map(|(name, value)| (*name, *value));
    let said = asked
        .pairs
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let dpr = asked.dpr.as_deref().map(|dpr| ("dpr", dpr));
    Options::from_pairs(preset.chain(implied).chain(said).chain(dpr))
}

/// The numbers that the request chose are those of the lists. Pixels count as they come out, after
/// `dpr`; those of a preset alone are its own.
fn listed(
    route: &ImageRoute,
    asked: &Asked,
    own_quality: bool,
    options: &mut Options,
) -> Result<(), Refusal> {
    let chose = |name: &str| asked.get(name).is_some() || asked.dpr.is_some();
    for (name, choice, side) in [
        ("w", &route.widths, &mut options.width),
        ("h", &route.heights, &mut options.height),
    ] {
        // A preset's own side under `dpr` is bounded where `dpr` had to be allowed.
        let of_preset = asked.get(name).is_none() && *choice == Choice::Of(Vec::new());
        if let Some(pixels) = side
            && chose(name)
            && !of_preset
        {
            *pixels = chosen(name, *pixels, choice, route.round_up)?;
        }
    }
    if own_quality {
        options.quality = match options.quality {
            Some(Quality::Fixed(quality)) => {
                let quality = chosen("q", quality.into(), &route.qualities, route.round_up)?;
                Some(Quality::Fixed(u8::try_from(quality).unwrap_or(100)))
            }
            // By size or by SSIM: one of a list is none of these.
            other if route.qualities == Choice::Any => other,
            _ => {
                return Err(Refusal::options(format!(
                    "q takes {}",
                    one_of(&route.qualities)
                )));
            }
        };
    }
    Ok(())
}

/// A number that the route offers.
fn chosen(name: &str, number: u32, choice: &Choice, round_up: bool) -> Result<u32, Refusal> {
    let Choice::Of(offered) = choice else {
        return Ok(number);
    };
    if offered.contains(&number) {
        return Ok(number);
    }
    if round_up {
        // Beyond the largest there is no next one, and nobody gets more than there is.
        let next = offered.iter().find(|known| **known > number);
        if let Some(next) = next.or(offered.last()) {
            return Ok(*next);
        }
    }
    let nearest = offered.iter().min_by_key(|known| known.abs_diff(number));
    Err(Refusal::options(format!(
        "{name} takes {}; the nearest is {}",
        one_of(choice),
        nearest.copied().unwrap_or_default()
    )))
}

fn one_of(choice: &Choice) -> String {
    match choice {
        Choice::Any => "any number".to_owned(),
        Choice::Of(numbers) => format!("one of {}", list(numbers.iter())),
    }
}

/// Only pictures that are configured are laid over others, whoever asks.
fn watermark(route: &ImageRoute, options: &Options) -> Result<(), Refusal> {
    let Some(mark) = &options.watermark else {
        return Ok(());
    };
    if route.watermarks.contains(&mark.source) {
        return Ok(());
    }
    Err(Refusal::options(if route.watermarks.is_empty() {
        "wm must not be given: there are no watermarks here".to_owned()
    } else {
        format!("wm takes one of {}", list(route.watermarks.iter()))
    }))
}

/// Chooses a format by Accept where nobody has named one. Says whether it did.
fn negotiate(
    route: &ImageRoute,
    asked: &Asked,
    options: &mut Options,
    request: &Request<'_>,
) -> bool {
    if options.format.is_some() || !(asked.auto || route.auto_format) {
        return false;
    }
    options.format = if request.takes_avif && has(route, Format::Avif) && avif_pays(route, options)
    {
        Some(Format::Avif)
    } else if request.takes_webp && has(route, Format::Webp) {
        Some(Format::Webp)
    } else {
        None
    };
    true
}

/// AVIF costs by the pixels of the output. Where one side is not known it counts like the other,
/// and where none is known it is too much.
fn avif_pays(route: &ImageRoute, options: &Options) -> bool {
    let (Some(one), Some(other)) = (
        options.width.or(options.height),
        options.height.or(options.width),
    ) else {
        return false;
    };
    u64::from(one) * u64::from(other) <= u64::from(route.avif_pixels_max)
}

/// Canonical text, without what has no effect: options of equal effect share one stored picture.
/// `None` where nothing is asked for, and there is a source to hand on.
fn settled(route: &ImageRoute, mut options: Options) -> Option<String> {
    let box_given = options.width.is_some() && options.height.is_some();
    if !box_given || (options.fit == Fit::ScaleDown && !options.enlarge) {
        options.fit = Fit::Inside;
    }
    if options.width.is_none() && options.height.is_none() {
        options.enlarge = false;
        options.linear = false;
    }
    if !matches!(options.fit, Fit::Cover | Fit::Contain) {
        options.gravity = lockgate_image_options::Gravity::Centre;
    }
    if options == Options::default() && !route.upload {
        return None;
    }
    match options.format {
        // They have no quality; what would be written of it changes nothing.
        Some(Format::Png | Format::Gif | Format::Json) => options.quality = None,
        Some(Format::Avif) => {}
        None | Some(Format::Jpeg | Format::Webp) => {
            if options.quality.is_none() && !options.lossless {
                options.quality = Some(Quality::Fixed(route.quality));
            }
        }
    }
    Some(options.to_string())
}

/// The option's own words, but for sides, whose largest the configuration says.
fn worded(error: OptionError, request: &Request<'_>) -> Refusal {
    match error {
        OptionError::Value { name, .. } if name == "w" || name == "h" => {
            Refusal::options(takes_pixels(name, request))
        }
        error => error.into(),
    }
}

fn takes_pixels(name: &str, request: &Request<'_>) -> String {
    let most = request.dimension_max;
    format!("{name} takes a whole number of pixels from 1 to {most}")
}

pub(crate) fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.join(", ")
}
