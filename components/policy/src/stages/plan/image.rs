//! The options of a picture, from the query and from Accept.
//!
//! `w`, `h`, `fit`, `q`, `format`, `preset` belong to the gate: they are read here and not
//! forwarded. Options of the same meaning become the same plan, so they share one cache entry.

use lockgate_bundle::{Choice, Fit, Format, ImageRoute, Preset};
use lockgate_normalise::headers::lines;
use lockgate_normalise::{Field, ImageAccept, ImageFormat};
use lockgate_wire::ImagePlan;

use crate::call::Call;
use crate::exit::Exit;
use crate::stages::normalise::Request;

/// What is to be done with a picture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Picture {
    /// What to make; `None` hands on what the origin gives.
    pub(super) plan: Option<ImagePlan>,
    /// The query holds options, which the origin does not get.
    pub(super) in_query: bool,
}

/// The names of the options.
const NAMES: [&str; 6] = ["w", "h", "fit", "q", "format", "preset"];

/// The pieces of a canonical query that are no options. Names are compared as they stand: the
/// canonical form has decoded whatever these names are made of.
pub(super) fn forwarded(query: &str) -> impl Iterator<Item = &str> {
    query
        .split('&')
        .filter(|piece| !piece.is_empty() && option(piece).is_none())
}

/// Name and value of a piece that is an option.
fn option(piece: &str) -> Option<(&str, &str)> {
    let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
    NAMES.contains(&name).then_some((name, value))
}

/// What the request asks for; nothing where it does not say.
#[derive(Default)]
struct Asked<'b> {
    width: Option<u32>,
    height: Option<u32>,
    fit: Option<Fit>,
    quality: Option<u8>,
    format: Option<Wanted>,
    preset: Option<&'b Preset>,
}

#[derive(Clone, Copy)]
enum Wanted {
    This(Format),
    Auto,
}

/// Chooses the picture. Refuses with 400 `image_options_invalid`, which says what is allowed.
pub(super) fn choose<'r>(
    call: Call<'r, '_>,
    route: &'r ImageRoute,
    request: &Request<'r, '_>,
) -> Result<Picture, Exit<'r>> {
    let mut asked = Asked::default();
    let mut in_query = false;
    for (name, value) in request
        .query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter_map(option)
    {
        in_query = true;
        asked
            .take(name, value, route, call.policy.image_dimension_max)
            .map_err(|detail| {
                let detail = call.keep.bytes(detail.into_bytes());
                let detail = str::from_utf8(detail).unwrap_or_default();
                Exit::answer(400, "image_options_invalid", detail)
            })?;
    }
    let plan = asked.plan(route, || takes_webp(call, request));
    Ok(Picture { plan, in_query })
}

impl<'b> Asked<'b> {
    fn take(
        &mut self,
        name: &str,
        value: &str,
        route: &'b ImageRoute,
        side_max: u32,
    ) -> Result<(), String> {
        let twice = match name {
            "w" => {
                let width = chosen(name, value, &route.widths, side_max)?;
                self.width.replace(width).is_some()
            }
            "h" => {
                let height = chosen(name, value, &route.heights, side_max)?;
                self.height.replace(height).is_some()
            }
            "q" => {
                let quality = chosen(name, value, &route.qualities, 100)?;
                let quality = u8::try_from(quality).unwrap_or(100);
                self.quality.replace(quality).is_some()
            }
            "fit" => self.fit.replace(fit(value, route)?).is_some(),
            "format" => self.format.replace(format(value, route)?).is_some(),
            _ => self.preset.replace(preset(value, route)?).is_some(),
        };
        if twice {
            return Err(format!("{name} is given more than once"));
        }
        Ok(())
    }

    /// The preset first, over it what the request says itself, then what goes without saying.
    fn plan(&self, route: &ImageRoute, takes_webp: impl FnOnce() -> bool) -> Option<ImagePlan> {
        let preset = self.preset;
        let width = self.width.or(preset.and_then(|preset| preset.width));
        let height = self.height.or(preset.and_then(|preset| preset.height));
        let fit = self.fit.or(preset.map(|preset| preset.fit));
        let quality = self.quality.or(preset.and_then(|preset| preset.quality));
        let wanted = self
            .format
            .or(preset.and_then(|preset| preset.format.map(Wanted::This)));
        let auto = match wanted {
            None => route.auto_format,
            Some(wanted) => matches!(wanted, Wanted::Auto),
        };
        let format = match wanted {
            Some(Wanted::This(format)) => format as u8,
            _ if auto && route.formats.contains(&Format::Webp) && takes_webp() => {
                Format::Webp as u8
            }
            _ => 0,
        };
        if width.is_none() && height.is_none() && quality.is_none() && format == 0 {
            return None;
        }
        Some(ImagePlan {
            width: width.unwrap_or(0),
            height: height.unwrap_or(0),
            // Without a box there is nothing to fit into.
            fit: match (width, height) {
                (Some(_), Some(_)) => fit.unwrap_or_default() as u8,
                _ => 0,
            },
            format,
            // PNG has no quality.
            quality: match quality {
                Some(quality) if format != Format::Png as u8 => quality,
                _ => route.quality,
            },
        })
    }
}

/// Accept names WebP. `image/*` and `*/*` do not count: clients send them without knowing it.
fn takes_webp(call: Call<'_, '_>, request: &Request<'_, '_>) -> bool {
    let headers = &request.canonical.headers;
    let accept = if headers.is_repeated(Field::Accept) {
        ImageAccept::parse(lines(call.input.headers(), Field::Accept))
    } else {
        ImageAccept::parse(headers.get(Field::Accept))
    };
    accept
        .named(ImageFormat::Webp)
        .is_some_and(|quality| quality > 0)
}

/// Digits only: `u32::from_str` would take a `+`, too.
fn number(name: &str, value: &str, max: u32) -> Result<u32, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(number) if digits && (1..=max).contains(&number) => Ok(number),
        _ => Err(format!("{name} must be a whole number from 1 to {max}")),
    }
}

/// A number that the route offers.
fn chosen(name: &str, value: &str, choice: &Choice, max: u32) -> Result<u32, String> {
    let offered = match choice {
        Choice::Any => return number(name, value, max),
        Choice::Of(offered) => offered,
    };
    if offered.is_empty() {
        return Err(not_here(name));
    }
    let number = number(name, value, max)?;
    if offered.contains(&number) {
        return Ok(number);
    }
    let nearest = offered.iter().min_by_key(|known| known.abs_diff(number));
    Err(format!(
        "{name} must be one of {}; the nearest is {}",
        list(offered.iter()),
        nearest.copied().unwrap_or_default()
    ))
}

fn not_here(name: &str) -> String {
    format!("{name} must not be given here")
}

fn fit(value: &str, route: &ImageRoute) -> Result<Fit, String> {
    if !route.fits {
        return Err(not_here("fit"));
    }
    let found = Fit::ALL.into_iter().find(|fit| fit.name() == value);
    found.ok_or_else(|| {
        let names = Fit::ALL.map(Fit::name);
        format!("fit must be one of {}", list(names.iter()))
    })
}

fn format(value: &str, route: &ImageRoute) -> Result<Wanted, String> {
    if value == "auto" {
        return Ok(Wanted::Auto);
    }
    let mut known = route.formats.iter().copied();
    let found = known.find(|format| format.name() == value);
    found.map(Wanted::This).ok_or_else(|| {
        let names = route.formats.iter().map(|format| format.name());
        format!("format must be one of {}", list(names.chain(["auto"])))
    })
}

fn preset<'b>(value: &str, route: &'b ImageRoute) -> Result<&'b Preset, String> {
    let found = route.presets.iter().find(|preset| preset.name == value);
    found.ok_or_else(|| {
        if route.presets.is_empty() {
            return "preset must not be given: there are none here".to_owned();
        }
        let names = route.presets.iter().map(|preset| &preset.name);
        format!("preset must be one of {}", list(names))
    })
}

fn list<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.join(", ")
}
