//! thumbor:
//!
//! ```text
//! /<unsafe or signature>/trim/10x20:30x40/fit-in/-300x200/left/top/smart/filters:F(A):.../<image>
//! ```
//!
//! The signature is HMAC-SHA-1 over what follows it, in base64url.
//! <https://thumbor.readthedocs.io/en/latest/usage.html>, `filters.html`, `security.html`

use super::{begin, decoded, opening, signed_part};
use crate::asked::not_here;
use crate::{Asked, ImageRoute, Keys, Refusal, Request, Signed, sign, source};

/// Reads an address.
pub(crate) fn read(
    route: &ImageRoute,
    keys: Keys<'_>,
    request: &Request<'_>,
) -> Result<Asked, Refusal> {
    let (signature, rest) = opening(route, request, "image")?;
    let unsigned = signature == "unsafe";
    if !unsigned && route.signed == Signed::No {
        return Err(Refusal::options("the address does not begin with unsafe"));
    }
    let mut asked = begin(route, unsigned, || {
        check(keys, signed_part(route, request)?, signature)
    })?;
    let image = options(&mut asked, &decoded(rest)?)?;
    asked.place = source::place(route, &image, true)?;
    Ok(asked)
}

/// thumbor's own message is the text as it was before a browser wrote triplets into it.
fn check(keys: Keys<'_>, message: &str, signature: &str) -> Result<(), Refusal> {
    let given = super::base64(signature).unwrap_or_default();
    let text = decoded(message)?;
    let right = |key: &Vec<u8>| {
        let mac = |message: &str| hmac_sha1_compact::HMAC::mac(message.as_bytes(), key);
        sign::same(&mac(message), &given) | sign::same(&mac(&text), &given)
    };
    match sign::any(keys.keys, right) {
        true => Ok(()),
        false => Err(sign::wrong()),
    }
}

/// Reads the parts in their order, each of which may be missing. Gives the image.
fn options(asked: &mut Asked, text: &str) -> Result<String, Refusal> {
    let mut parts = Parts { rest: text };
    if let Some(part) = parts.next_if(|part| part == "debug" || part == "meta") {
        return Err(not_here(part));
    }
    if let Some(part) = parts.next_if(|part| part == "trim" || part.starts_with("trim:")) {
        trim(asked, part)?;
    }
    if let Some(part) = parts.next_if(is_crop) {
        crop(asked, part)?;
    }
    let fits_in = parts.next_if(|part| part == "fit-in" || part.ends_with("-fit-in"));
    let fit = match fits_in {
        None => "cover",
        Some("fit-in") => "inside",
        Some("full-fit-in") => "outside",
        Some(other) => return Err(not_here(other)),
    };
    if let Some(part) = parts.next_if(|part| part.contains('x') && size(part).is_some()) {
        resize(asked, part, fit);
    }
    let across = parts.next_if(|part| matches!(part, "left" | "center" | "right"));
    let down = parts.next_if(|part| matches!(part, "top" | "middle" | "bottom"));
    let smart = parts.next_if(|part| part == "smart").is_some();
    if smart {
        asked.set("g", "attention");
    } else if let Some(place) = place(across, down) {
        asked.set("g", place);
    }
    // thumbor enlarges what it crops, and does not enlarge what it fits in.
    let mut enlarge = fit == "cover";
    if let Some(filters) = parts.next_filters()? {
        for filter in split_filters(filters)? {
            self::filter(asked, filter, &mut enlarge)?;
        }
    }
    if enlarge {
        asked.implied.push(("enlarge", "1"));
    }
    if parts.rest.is_empty() {
        return Err(Refusal::source("the address names no image"));
    }
    Ok(parts.rest.to_owned())
}

struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn next_if(&mut self, is: impl FnOnce(&str) -> bool) -> Option<&'a str> {
        let (part, rest) = self.rest.split_once('/')?;
        is(part).then(|| {
            self.rest = rest;
            part
        })
    }

    /// What stands behind `filters:`; an address in a filter's brackets may hold slashes.
    fn next_filters(&mut self) -> Result<Option<&'a str>, Refusal> {
        let Some(text) = self.rest.strip_prefix("filters:") else {
            return Ok(None);
        };
        let (filters, rest) = text
            .split_once(")/")
            .ok_or_else(|| Refusal::options("the filters do not end"))?;
        self.rest = rest;
        // The bracket belongs to the last filter.
        let end = filters.len().saturating_add(1);
        Ok(Some(text.get(..end).unwrap_or(filters)))
    }
}

/// `a(b):c(d)` as pairs of a name and what is in its brackets.
fn split_filters(text: &str) -> Result<Vec<(&str, &str)>, Refusal> {
    let broken = || Refusal::options("filters takes NAME(ARGUMENTS) between colons");
    let text = text.strip_suffix(')').ok_or_else(broken)?;
    text.split("):")
        .map(|filter| filter.split_once('(').ok_or_else(broken))
        .collect()
}

fn trim(asked: &mut Asked, part: &str) -> Result<(), Refusal> {
    let mut threshold = 1;
    for piece in part.split(':').skip(1) {
        match piece.parse::<u32>() {
            Ok(given) => threshold = given.clamp(1, 255),
            Err(_) if piece == "top-left" => {}
            Err(_) => return Err(not_here(part)),
        }
    }
    asked.set("trim", threshold.to_string());
    Ok(())
}

fn is_crop(part: &str) -> bool {
    corners(part).is_some()
}

/// `10x20:30x40`: left, top, right, bottom.
fn corners(part: &str) -> Option<[u32; 4]> {
    let (from, to) = part.split_once(':')?;
    let corner = |text: &str| {
        let (x, y) = text.split_once('x')?;
        Some((x.parse::<u32>().ok()?, y.parse::<u32>().ok()?))
    };
    let ((left, top), (right, bottom)) = (corner(from)?, corner(to)?);
    Some([left, top, right, bottom])
}

fn crop(asked: &mut Asked, part: &str) -> Result<(), Refusal> {
    let corners = corners(part).unwrap_or_default();
    // thumbor's "no crop".
    if corners == [0; 4] {
        return Ok(());
    }
    let [left, top, right, bottom] = corners;
    match (right.checked_sub(left), bottom.checked_sub(top)) {
        (Some(width @ 1..), Some(height @ 1..)) => {
            asked.set("crop", format!("{left}:{top}:{width}:{height}"));
            Ok(())
        }
        _ => Err(Refusal::options("the crop ends before it begins")),
    }
}

/// One side: mirrored, and pixels; 0 where it follows from the other.
type Side = (bool, u32);

fn size(part: &str) -> Option<(Side, Side)> {
    let (width, height) = part.split_once('x')?;
    let side = |text: &str| {
        let (mirrored, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        match digits {
            "" | "orig" => Some((mirrored, 0)),
            _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some((mirrored, digits.parse().ok()?))
            }
            _ => None,
        }
    };
    Some((side(width)?, side(height)?))
}

fn resize(asked: &mut Asked, part: &str, fit: &'static str) {
    let Some(((flop, width), (flip, height))) = size(part) else {
        return;
    };
    if flop {
        asked.set("flop", "1");
    }
    if flip {
        asked.set("flip", "1");
    }
    if width > 0 {
        asked.set("w", width.to_string());
    }
    if height > 0 {
        asked.set("h", height.to_string());
    }
    if width > 0 && height > 0 {
        asked.set("fit", fit);
    }
}

fn place(across: Option<&str>, down: Option<&str>) -> Option<&'static str> {
    Some(match (across, down) {
        (Some("left"), Some("top")) => "northwest",
        (Some("right"), Some("top")) => "northeast",
        (_, Some("top")) => "north",
        (Some("left"), Some("bottom")) => "southwest",
        (Some("right"), Some("bottom")) => "southeast",
        (_, Some("bottom")) => "south",
        (Some("left"), _) => "west",
        (Some("right"), _) => "east",
        _ => return None,
    })
}

fn filter(
    asked: &mut Asked,
    (name, given): (&str, &str),
    enlarge: &mut bool,
) -> Result<(), Refusal> {
    let given = given.trim();
    match name {
        "quality" => asked.set("q", given),
        "format" => asked.set("f", given),
        "grayscale" => asked.set("grayscale", "1"),
        "blur" => {
            // The radius, then the sigma, which is the radius where it is not given.
            let mut numbers = given.split(',').map(str::trim);
            let radius = numbers.next().unwrap_or_default();
            asked.set("blur", numbers.next().unwrap_or(radius));
        }
        "rotate" => {
            let degrees: i64 = given
                .parse()
                .map_err(|_| Refusal::options("rotate takes whole degrees"))?;
            // thumbor turns to the left.
            asked.set(
                "rotate",
                degrees
                    .checked_neg()
                    .unwrap_or(0)
                    .rem_euclid(360)
                    .to_string(),
            );
        }
        "background_color" => asked.set("bg", colour(given)),
        "fill" => {
            // The box is kept and filled, whichever way the picture came into it.
            if asked.get("w").is_some() && asked.get("h").is_some() {
                asked.set("fit", "contain");
            }
            if !given.is_empty() {
                asked.set("bg", colour(given));
            }
        }
        "stretch" => {
            if asked.get("fit").is_some() {
                asked.set("fit", "fill");
            }
        }
        "upscale" => *enlarge = true,
        "no_upscale" => *enlarge = false,
        "cover" => asked.set("still", "1"),
        "max_bytes" => asked.set("q", format!("{given}b")),
        // Neither is kept unless somebody asks for it.
        "strip_exif" | "strip_icc" => {}
        _ => return Err(not_here(&format!("the filter {name}"))),
    }
    Ok(())
}

fn colour(text: &str) -> String {
    text.trim_start_matches('#').to_lowercase()
}
