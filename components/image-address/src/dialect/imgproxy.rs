//! imgproxy:
//!
//! ```text
//! /<signature>/rs:fill:300:400/g:sm/q:80/plain/<source>@webp
//! /<signature>/rs:fill:300:400/<base64url of the source, slashes anywhere>.webp
//! ```
//!
//! The signature is HMAC-SHA-256 over the salt and what follows it with its slash, in base64url.
//! <https://docs.imgproxy.net/usage/processing>, `signing_the_url`

use super::{begin, decoded, opening, signed_part};
use crate::asked::not_here;
use crate::{Asked, ImageRoute, Keys, Refusal, Request, sign, source};

/// Options before the source, at most.
const OPTIONS_MAX: usize = 64;

/// Reads an address.
pub(crate) fn read(
    route: &ImageRoute,
    keys: Keys<'_>,
    request: &Request<'_>,
) -> Result<Asked, Refusal> {
    let (signature, rest) = opening(route, request, "source")?;
    let unsigned = matches!(signature, "insecure" | "unsafe" | "_");
    let mut asked = begin(route, unsigned, || {
        check(keys, signed_part(route, request)?, signature)
    })?;
    let (options, source, format) = split(rest)?;
    let mut resize = Resize::default();
    for option in &options {
        self::option(route, &mut asked, &mut resize, option, request.now_s)?;
    }
    resize.settle(&mut asked)?;
    if let Some(format) = format {
        asked.set("f", format);
    }
    asked.place = source::place(route, &source, true)?;
    Ok(asked)
}

fn check(keys: Keys<'_>, rest: &str, signature: &str) -> Result<(), Refusal> {
    let given = super::base64(signature).unwrap_or_default();
    let none = Vec::new();
    let pairs = keys.keys.iter().enumerate();
    let right = pairs.fold(false, |found, (index, key)| {
        let salt = keys.salts.get(index).unwrap_or(&none);
        let mut mac = hmac_sha256::HMAC::new(key);
        mac.update(salt);
        mac.update(b"/");
        mac.update(rest);
        found | sign::same(&mac.finalize(), &given)
    });
    match right {
        true => Ok(()),
        false => Err(sign::wrong()),
    }
}

/// Options, source, format.
fn split(rest: &str) -> Result<(Vec<String>, String, Option<String>), Refusal> {
    let mut options = Vec::new();
    let mut rest = rest;
    loop {
        if options.len() > OPTIONS_MAX {
            return Err(Refusal::options("there are too many options"));
        }
        if let Some(plain) = rest.strip_prefix("plain/") {
            let (source, format) = match plain.rsplit_once('@') {
                Some((source, format)) => (source, Some(decoded(format)?)),
                None => (plain, None),
            };
            let format = format.filter(|format| !format.is_empty());
            return Ok((options, decoded(source)?, format));
        }
        if rest.starts_with("enc/") {
            return Err(not_here("enc"));
        }
        // An option has a colon, and base64 does not; triplets are read first.
        let part = rest.split_once('/').map_or(rest, |(part, _)| part);
        let part = decoded(part)?;
        match rest.split_once('/') {
            Some((_, after)) if part.contains(':') => {
                options.push(part);
                rest = after;
            }
            _ => break,
        }
    }
    let text = decoded(rest)?;
    let (encoded, format) = match text.split_once('.') {
        Some((encoded, format)) => (encoded, Some(format.to_owned())),
        None => (text.as_str(), None),
    };
    let source = super::base64(&encoded.replace('/', "")).map(String::from_utf8);
    match source {
        Some(Ok(source)) if !source.is_empty() => {
            Ok((options, source, format.filter(|format| !format.is_empty())))
        }
        _ => Err(Refusal::source("the source is not base64url of an address")),
    }
}

/// What several options say together.
#[derive(Default)]
struct Resize {
    kind: Option<&'static str>,
    gravity: Option<String>,
    enlarge: bool,
    extend: bool,
}

impl Resize {
    fn settle(self, asked: &mut Asked) -> Result<(), Refusal> {
        let sides = asked.get("w").is_some() && asked.get("h").is_some();
        let mut fit = self.kind.unwrap_or("inside");
        if self.extend {
            if fit != "inside" {
                return Err(not_here("extend with another type than fit"));
            }
            fit = "contain";
        }
        if sides {
            asked.set("fit", fit);
        }
        if let Some(gravity) = self.gravity {
            asked.set("g", gravity);
        }
        if self.enlarge {
            asked.implied.push(("enlarge", "1"));
        }
        Ok(())
    }
}

/// One processing option; an argument that is empty or missing leaves things as they are.
fn option(
    route: &ImageRoute,
    asked: &mut Asked,
    resize: &mut Resize,
    text: &str,
    now_s: u64,
) -> Result<(), Refusal> {
    let mut pieces = text.split(':');
    let name = pieces.next().unwrap_or_default();
    let args: Vec<&str> = pieces.collect();
    let arg = |index: usize| args.get(index).copied().filter(|arg| !arg.is_empty());
    match name {
        "resize" | "rs" => {
            kind(resize, arg(0))?;
            size(asked, resize, args.get(1..).unwrap_or_default())?;
        }
        "size" | "s" => size(asked, resize, &args)?,
        "resizing_type" | "rt" => kind(resize, arg(0))?,
        "width" | "w" => side(asked, "w", arg(0)),
        "height" | "h" => side(asked, "h", arg(0)),
        "dpr" => asked.dpr = arg(0).filter(|dpr| *dpr != "1").map(str::to_owned),
        "enlarge" | "el" => resize.enlarge = yes(name, arg(0))?,
        "extend" | "ex" => {
            resize.extend = yes(name, arg(0))?;
            if arg(1).is_some_and(|gravity| gravity != "ce") {
                return Err(not_here(text));
            }
        }
        "gravity" | "g" => resize.gravity = Some(gravity(text, &args)?),
        "crop" | "c" => crop(asked, text, &args)?,
        "trim" | "t" => {
            if args.len() > 1 {
                return Err(not_here(text));
            }
            asked.set("trim", arg(0).unwrap_or("10"));
        }
        "padding" | "pd" => padding(asked, &args),
        "rotate" | "rot" => asked.set("rotate", arg(0).unwrap_or("0")),
        "background" | "bg" => background(asked, text, &args)?,
        "blur" | "bl" => decimal(asked, "blur", arg(0)),
        "sharpen" | "sh" => decimal(asked, "sharpen", arg(0)),
        "quality" | "q" => match arg(0) {
            None | Some("0") => asked.unset("q"),
            Some(quality) => asked.set("q", quality),
        },
        "max_bytes" | "mb" => match arg(0) {
            None | Some("0") => {}
            Some(bytes) => asked.set("q", format!("{bytes}b")),
        },
        "format" | "f" | "ext" => match arg(0) {
            None => asked.unset("f"),
            Some(format) => asked.set("f", format),
        },
        "watermark" | "wm" => watermark(route, asked, text, &args)?,
        "preset" | "pr" => match args.as_slice() {
            [one] => asked.preset = Some((*one).to_owned()),
            _ => return Err(not_here("more than one preset")),
        },
        // These are so anyway.
        "auto_rotate" | "ar" | "strip_metadata" | "sm" if yes(name, arg(0))? => {}
        "strip_color_profile" | "scp" => match yes(name, arg(0))? {
            true => {}
            false => keep(asked, "icc"),
        },
        "keep_copyright" | "kcr" => {
            if yes(name, arg(0))? {
                keep(asked, "copyright");
            }
        }
        // Tells caches on the way apart; the picture is the same.
        "cachebuster" | "cb" => {}
        "expires" | "exp" => sign::check_expiry(arg(0), now_s)?,
        _ => return Err(not_here(text)),
    }
    Ok(())
}

fn kind(resize: &mut Resize, kind: Option<&str>) -> Result<(), Refusal> {
    let Some(kind) = kind else {
        return Ok(());
    };
    resize.kind = Some(match kind {
        "fit" => "inside",
        "fill" => "cover",
        "force" => "fill",
        _ => return Err(not_here(&format!("resizing type {kind}"))),
    });
    Ok(())
}

/// Width, height, enlarge, extend.
fn size(asked: &mut Asked, resize: &mut Resize, args: &[&str]) -> Result<(), Refusal> {
    let arg = |index: usize| args.get(index).copied().filter(|arg| !arg.is_empty());
    side(asked, "w", arg(0));
    side(asked, "h", arg(1));
    if let Some(enlarge) = arg(2) {
        resize.enlarge = yes("enlarge", Some(enlarge))?;
    }
    if let Some(extend) = arg(3) {
        resize.extend = yes("extend", Some(extend))?;
    }
    match args.get(4..) {
        None | Some([]) => Ok(()),
        Some(_) => Err(not_here("extend with a gravity")),
    }
}

/// 0 follows from the other side.
fn side(asked: &mut Asked, name: &'static str, pixels: Option<&str>) {
    match pixels {
        None => {}
        Some("0") => asked.unset(name),
        Some(pixels) => asked.set(name, pixels),
    }
}

/// 0 is none.
fn decimal(asked: &mut Asked, name: &'static str, number: Option<&str>) {
    match number {
        None | Some("0") => asked.unset(name),
        Some(number) => asked.set(name, number),
    }
}

fn yes(name: &str, text: Option<&str>) -> Result<bool, Refusal> {
    match text {
        Some("1" | "t" | "true") => Ok(true),
        Some("0" | "f" | "false") => Ok(false),
        _ => Err(Refusal::options(format!("{name} takes 1 or 0"))),
    }
}

fn gravity(text: &str, args: &[&str]) -> Result<String, Refusal> {
    let named = match args.first().copied().unwrap_or_default() {
        "no" => "north",
        "so" => "south",
        "ea" => "east",
        "we" => "west",
        "noea" => "northeast",
        "nowe" => "northwest",
        "soea" => "southeast",
        "sowe" => "southwest",
        "ce" => "centre",
        "sm" => "attention",
        "fp" => {
            let mut shares = args.iter().skip(1).map(|share| hundredth_percent(share));
            return match (shares.next().flatten(), shares.next().flatten(), args.len()) {
                (Some(x), Some(y), 3) => Ok(format!("{x}p:{y}p")),
                _ => Err(Refusal::options("fp takes two numbers from 0 to 1")),
            };
        }
        _ => return Err(not_here(text)),
    };
    // Offsets of none are none.
    let offset = |arg: &&&str| !matches!(**arg, "" | "0");
    match args.iter().skip(1).find(offset) {
        Some(_) => Err(not_here("an offset of gravity")),
        None => Ok(named.to_owned()),
    }
}

/// A share from 0 to 1 as percent with at most two decimals.
fn hundredth_percent(share: &str) -> Option<String> {
    let share: f64 = share.parse().ok()?;
    if !(0.0..=1.0).contains(&share) {
        return None;
    }
    let text = format!("{:.2}", share * 100.0);
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

/// A part from the upper left corner in pixels, or the middle in shares: for others the size of
/// the source would have to be known.
fn crop(asked: &mut Asked, text: &str, args: &[&str]) -> Result<(), Refusal> {
    let (Some(width), Some(height)) = (args.first(), args.get(1)) else {
        return Err(Refusal::options("crop takes a width and a height"));
    };
    let pixels = |text: &str| text.parse::<u32>().ok().filter(|pixels| *pixels != 1);
    match (args.get(2..), pixels(width), pixels(height)) {
        (Some(["nowe"]), Some(width), Some(height)) => {
            asked.set("crop", format!("0:0:{width}:{height}"));
            Ok(())
        }
        (Some([] | ["ce"]), None, None) => {
            let part = |text: &str| {
                let share: f64 = text.parse().ok()?;
                let size = hundredth_percent(text)?;
                let start = hundredth_percent(&format!("{}", (1.0 - share) / 2.0))?;
                Some((start, size))
            };
            let ((x, width), (y, height)) = part(width)
                .zip(part(height))
                .ok_or_else(|| Refusal::options("crop takes pixels, or shares up to 1"))?;
            asked.set("crop", format!("{x}p:{y}p:{width}p:{height}p"));
            Ok(())
        }
        _ => Err(not_here(text)),
    }
}

/// Top, right, bottom, left; each stands for its opposite, and the first for all.
fn padding(asked: &mut Asked, args: &[&str]) {
    let arg = |index: usize| args.get(index).copied().filter(|arg| !arg.is_empty());
    let top = arg(0).unwrap_or("0");
    let right = arg(1).unwrap_or(top);
    let bottom = arg(2).unwrap_or(top);
    let left = arg(3).unwrap_or(right);
    asked.set("pad", format!("{top}:{right}:{bottom}:{left}"));
}

fn background(asked: &mut Asked, text: &str, args: &[&str]) -> Result<(), Refusal> {
    match args {
        [] | [""] => asked.unset("bg"),
        [hex] => asked.set("bg", hex.to_lowercase()),
        [red, green, blue] => {
            let part = |text: &str| text.parse::<u8>().map(|part| format!("{part:02x}"));
            match (part(red), part(green), part(blue)) {
                (Ok(red), Ok(green), Ok(blue)) => asked.set("bg", format!("{red}{green}{blue}")),
                _ => return Err(Refusal::options("background takes R:G:B from 0 to 255")),
            }
        }
        _ => return Err(not_here(text)),
    }
    Ok(())
}

/// imgproxy has one watermark: that of a route which names exactly one.
fn watermark(
    route: &ImageRoute,
    asked: &mut Asked,
    text: &str,
    args: &[&str],
) -> Result<(), Refusal> {
    let [name] = route.watermarks.as_slice() else {
        return Err(not_here("watermark: the route does not have exactly one"));
    };
    let arg = |index: usize| args.get(index).copied().filter(|arg| !arg.is_empty());
    let opacity = arg(0).and_then(hundredth_percent);
    let opacity: u32 = opacity
        .and_then(|percent| percent.parse().ok())
        .ok_or_else(|| Refusal::options("watermark takes an opacity from 0 to 1"))?;
    if opacity == 0 {
        asked.unset("wm");
        return Ok(());
    }
    let mut mark = format!("{name}:o{opacity}");
    match arg(1) {
        None | Some("ce") => {}
        Some("re") => mark.push_str(":tile"),
        Some(place) if place.len() <= 4 && !matches!(place, "sm" | "fp") => {
            mark.push(':');
            mark.push_str(&gravity(text, &[place])?);
        }
        Some(_) => return Err(not_here(text)),
    }
    if let (Some(x), y) = (arg(2), arg(3).unwrap_or("0")) {
        mark.push_str(&format!(":{x}_{y}"));
    }
    if let Some(scale) = arg(4).filter(|scale| *scale != "0") {
        let percent = hundredth_percent(scale).ok_or_else(|| not_here(text))?;
        mark.push_str(&format!(":w{percent}"));
    }
    asked.set("wm", mark);
    Ok(())
}

fn keep(asked: &mut Asked, what: &str) {
    let kept = match asked.get("keep") {
        Some(kept) if kept != what => format!("{kept}:{what}"),
        _ => what.to_owned(),
    };
    asked.set("keep", kept);
}
