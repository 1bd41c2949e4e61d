//! Values as text: one reader and one writer for each kind.

use std::fmt::Write as _;

use crate::{Colour, Edges, Gravity, Keep, Length, Quality, Radius, Rect, Watermark};

/// A whole number within `least..=most`; digits only (`u32::from_str` would take a `+`, too).
pub(crate) fn whole(text: &str, least: u32, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (least..=most).contains(&number).then_some(number)
}

/// As [`whole`], with a sign.
fn signed(text: &str, most: u32) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let number = i32::try_from(whole(digits, 0, most)?).ok()?;
    Some(if negative { -number } else { number })
}

/// A number with up to two decimals, in hundredths, within `least..=most` hundredths.
pub(crate) fn hundredths(text: &str, least: u32, most: u32) -> Option<u16> {
    let (int, frac) = text.split_once('.').unwrap_or((text, ""));
    let frac = match frac.len() {
        0 if !text.contains('.') => 0,
        1 => whole(frac, 0, 9)? * 10,
        2 => whole(frac, 0, 99)?,
        _ => return None,
    };
    let number = whole(int, 0, 1_000_000)? * 100 + frac;
    if !(least..=most).contains(&number) {
        return None;
    }
    u16::try_from(number).ok()
}

/// The shortest text of hundredths.
pub(crate) fn write_hundredths(number: u16) -> String {
    let (int, frac) = (number / 100, number % 100);
    match (frac, frac % 10) {
        (0, _) => format!("{int}"),
        (_, 0) => format!("{int}.{}", frac / 10),
        _ => format!("{int}.{frac:02}"),
    }
}

/// `1`, `0`, `true`, `false`.
pub(crate) fn yes(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// `300` pixels or `12.5p` percent.
fn length(text: &str) -> Option<Length> {
    match text.strip_suffix('p') {
        Some(share) => hundredths(share, 0, 10_000).map(Length::Share),
        None => whole(text, 0, 100_000).map(Length::Pixels),
    }
}

fn write_length(length: Length) -> String {
    match length {
        Length::Pixels(pixels) => pixels.to_string(),
        Length::Share(share) => format!("{}p", write_hundredths(share)),
    }
}

/// Exactly `N` pieces between colons.
fn pieces<const N: usize>(text: &str) -> Option<[&str; N]> {
    let pieces: Vec<&str> = text.splitn(N + 1, ':').collect();
    pieces.try_into().ok()
}

/// `x:y:width:height`; a width or height of 0 reaches the edge.
pub(crate) fn rect(text: &str) -> Option<Rect> {
    let [x, y, width, height] = pieces(text)?;
    Some(Rect {
        x: length(x)?,
        y: length(y)?,
        width: length(width)?,
        height: length(height)?,
    })
}

pub(crate) fn write_rect(rect: &Rect) -> String {
    [rect.x, rect.y, rect.width, rect.height]
        .map(write_length)
        .join(":")
}

/// `10`, `10:20` (above and below, left and right) or `top:right:bottom:left`.
pub(crate) fn edges(text: &str) -> Option<Edges> {
    let mut numbers = Vec::with_capacity(4);
    for piece in text.splitn(5, ':') {
        numbers.push(whole(piece, 0, 10_000)?);
    }
    let (top, right, bottom, left) = match *numbers.as_slice() {
        [all] => (all, all, all, all),
        [down, across] => (down, across, down, across),
        [top, right, bottom, left] => (top, right, bottom, left),
        _ => return None,
    };
    Some(Edges {
        top,
        right,
        bottom,
        left,
    })
}

pub(crate) fn write_edges(edges: Edges) -> String {
    let Edges {
        top,
        right,
        bottom,
        left,
    } = edges;
    if top == bottom && right == left && top == right {
        top.to_string()
    } else if top == bottom && right == left {
        format!("{top}:{right}")
    } else {
        format!("{top}:{right}:{bottom}:{left}")
    }
}

const GRAVITIES: [(&str, Gravity); 22] = [
    ("centre", Gravity::Centre),
    ("north", Gravity::North),
    ("northeast", Gravity::NorthEast),
    ("east", Gravity::East),
    ("southeast", Gravity::SouthEast),
    ("south", Gravity::South),
    ("southwest", Gravity::SouthWest),
    ("west", Gravity::West),
    ("northwest", Gravity::NorthWest),
    ("entropy", Gravity::Entropy),
    ("attention", Gravity::Attention),
    ("center", Gravity::Centre),
    ("smart", Gravity::Attention),
    ("auto", Gravity::Attention),
    ("top", Gravity::North),
    ("right", Gravity::East),
    ("bottom", Gravity::South),
    ("left", Gravity::West),
    ("n", Gravity::North),
    ("e", Gravity::East),
    ("s", Gravity::South),
    ("w", Gravity::West),
];

/// A name, or the focal point `50p:33.3p`.
pub(crate) fn gravity(text: &str) -> Option<Gravity> {
    if let Some((_, gravity)) = GRAVITIES.iter().find(|(name, _)| *name == text) {
        return Some(*gravity);
    }
    let [x, y] = pieces(text)?;
    let share = |text: &str| hundredths(text.strip_suffix('p')?, 0, 10_000);
    Some(Gravity::Focal(share(x)?, share(y)?))
}

pub(crate) fn write_gravity(gravity: Gravity) -> String {
    if let Gravity::Focal(x, y) = gravity {
        return format!("{}p:{}p", write_hundredths(x), write_hundredths(y));
    }
    let mut known = GRAVITIES.iter().filter(|(_, known)| *known == gravity);
    known.next().map_or("centre", |(name, _)| *name).to_owned()
}

const COLOURS: [(&str, [u8; 4]); 5] = [
    ("white", [255, 255, 255, 255]),
    ("black", [0, 0, 0, 255]),
    ("red", [255, 0, 0, 255]),
    ("gray", [128, 128, 128, 255]),
    ("transparent", [0, 0, 0, 0]),
];

/// `rgb`, `rrggbb`, `rrggbbaa` in hexadecimal, or one of a few names.
pub(crate) fn colour(text: &str) -> Option<Colour> {
    let [red, green, blue, alpha] = match COLOURS.iter().find(|(name, _)| *name == text) {
        Some((_, colour)) => *colour,
        None => hex_colour(text)?,
    };
    Some(Colour {
        red,
        green,
        blue,
        alpha,
    })
}

fn hex_colour(text: &str) -> Option<[u8; 4]> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    match *digits?.as_slice() {
        [r, g, b] => Some([r * 17, g * 17, b * 17, 255]),
        [a, b, c, d, e, f] => Some([a * 16 + b, c * 16 + d, e * 16 + f, 255]),
        [a, b, c, d, e, f, g, h] => Some([a * 16 + b, c * 16 + d, e * 16 + f, g * 16 + h]),
        _ => None,
    }
}

pub(crate) fn write_colour(colour: Colour) -> String {
    let Colour {
        red,
        green,
        blue,
        alpha,
    } = colour;
    let mut text = format!("{red:02x}{green:02x}{blue:02x}");
    if alpha != 255 {
        let _ = write!(text, "{alpha:02x}");
    }
    text
}

/// Pixels or `max`.
pub(crate) fn radius(text: &str) -> Option<Radius> {
    match text {
        "max" => Some(Radius::Max),
        _ => whole(text, 1, 100_000).map(Radius::Pixels),
    }
}

pub(crate) fn write_radius(radius: Radius) -> String {
    match radius {
        Radius::Max => "max".to_owned(),
        Radius::Pixels(pixels) => pixels.to_string(),
    }
}

/// `80`, `40kb` or `40960b`, `ssim0.99`.
pub(crate) fn quality(text: &str) -> Option<Quality> {
    if let Some(kilobytes) = text.strip_suffix("kb") {
        return Some(Quality::Bytes(whole(kilobytes, 1, 100_000)? * 1024));
    }
    if let Some(bytes) = text.strip_suffix('b') {
        return Some(Quality::Bytes(whole(bytes, 100, 100_000_000)?));
    }
    if let Some(ssim) = text.strip_prefix("ssim0.") {
        let digits = whole(ssim, 0, 9_999)?;
        let power = 10_u32.checked_pow(4_u32.checked_sub(u32::try_from(ssim.len()).ok()?)?)?;
        let ssim = u16::try_from(digits * power).ok()?;
        return (ssim >= 5_000).then_some(Quality::Ssim(ssim));
    }
    let quality = u8::try_from(whole(text, 1, 100)?).ok()?;
    Some(Quality::Fixed(quality))
}

pub(crate) fn write_quality(quality: Quality) -> String {
    match quality {
        Quality::Fixed(quality) => quality.to_string(),
        Quality::Bytes(bytes) => format!("{bytes}b"),
        Quality::Ssim(ssim) => {
            let digits = format!("{ssim:04}");
            format!("ssim0.{}", digits.trim_end_matches('0'))
        }
    }
}

/// `icc`, `copyright`, `icc:copyright`.
pub(crate) fn keep(text: &str) -> Option<Keep> {
    let mut keep = Keep::default();
    for piece in text.splitn(3, ':') {
        match piece {
            "icc" => keep.icc = true,
            "copyright" => keep.copyright = true,
            _ => return None,
        }
    }
    Some(keep)
}

pub(crate) fn write_keep(keep: Keep) -> Option<String> {
    match (keep.icc, keep.copyright) {
        (false, false) => None,
        (true, false) => Some("icc".to_owned()),
        (false, true) => Some("copyright".to_owned()),
        (true, true) => Some("icc:copyright".to_owned()),
    }
}

/// `SOURCE`, then any of `:GRAVITY`, `:X_Y` (pixels), `:o50` (opacity), `:w20` (width, percent),
/// `:tile`.
pub(crate) fn watermark(text: &str) -> Option<Watermark> {
    let mut pieces = text.split(':');
    let source = pieces.next().filter(|source| is_source(source))?;
    let mut mark = Watermark {
        source: source.to_owned(),
        gravity: Gravity::Centre,
        offset: (0, 0),
        opacity: 100,
        width: 0,
        tile: false,
    };
    for piece in pieces {
        if piece == "tile" {
            mark.tile = true;
        } else if let Some(place) = gravity(piece) {
            let searched = matches!(place, Gravity::Entropy | Gravity::Attention);
            mark.gravity = Some(place).filter(|_| !searched)?;
        } else if let Some((x, y)) = piece.split_once('_') {
            mark.offset = (signed(x, 10_000)?, signed(y, 10_000)?);
        } else if let Some(opacity) = piece.strip_prefix('o') {
            mark.opacity = u8::try_from(whole(opacity, 1, 100)?).ok()?;
        } else {
            mark.width = u8::try_from(whole(piece.strip_prefix('w')?, 1, 100)?).ok()?;
        }
    }
    Some(mark)
}

/// A name or a path, without what would end it here.
fn is_source(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~%".contains(&byte);
    (1..=512).contains(&text.len()) && text.bytes().all(plain)
}

pub(crate) fn write_watermark(mark: &Watermark) -> String {
    let mut text = mark.source.clone();
    if mark.gravity != Gravity::Centre {
        let _ = write!(text, ":{}", write_gravity(mark.gravity));
    }
    if mark.offset != (0, 0) {
        let _ = write!(text, ":{}_{}", mark.offset.0, mark.offset.1);
    }
    if mark.opacity != 100 {
        let _ = write!(text, ":o{}", mark.opacity);
    }
    if mark.width != 0 {
        let _ = write!(text, ":w{}", mark.width);
    }
    if mark.tile {
        text.push_str(":tile");
    }
    text
}
