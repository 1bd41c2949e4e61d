//! The image handler of AWS (Dynamic Image Transformation for CloudFront, formerly Serverless
//! Image Handler), addresses of its kind "default":
//!
//! ```text
//! /<base64 of {"bucket": ..., "key": ..., "edits": {...}, "outputFormat": ...}>?signature=<hex>
//! ```
//!
//! `edits` are calls of Sharp. The signature is HMAC-SHA-256 over the path with its first slash, in
//! hexadecimal (its `image-request.ts`, `validateRequestSignature`).
//! <https://docs.aws.amazon.com/solutions/latest/serverless-image-handler/use-the-solution.html>

use ct_codecs::{Decoder as _, Hex};
use lockgate_normalise::query::arguments;
use serde_json::{Map, Value};

use super::{as_written, base64, decoded};
use crate::asked::not_here;
use crate::{Asked, ImageRoute, Keys, Refusal, Request, Signed, sign, source};

/// Reads an address.
pub(crate) fn read(
    route: &ImageRoute,
    keys: Keys<'_>,
    request: &Request<'_>,
) -> Result<Asked, Refusal> {
    // Two slashes of base64 are two.
    let text = decoded(as_written(route, request)?)?;
    let trusted = signed(route, keys, request, &text)?;
    let broken = || Refusal::options("the path is not base64 of a JSON object");
    let json = base64(&text).ok_or_else(broken)?;
    let json: Map<String, Value> = serde_json::from_slice(&json).map_err(|_| broken())?;
    let mut asked = Asked {
        trusted,
        ..Asked::default()
    };
    let (mut bucket, mut key) = (None, None);
    for (name, value) in &json {
        match (name.as_str(), value) {
            ("bucket", Value::String(name)) => bucket = Some(name.as_str()),
            ("key", Value::String(name)) => key = Some(name.as_str()),
            ("edits", Value::Object(edits)) => self::edits(&mut asked, edits)?,
            ("outputFormat", Value::String(format)) => asked.set("f", format.to_lowercase()),
            // How hard WebP is tried; the answer is the same picture.
            ("effort", Value::Number(_)) => {}
            ("bucket" | "key" | "edits" | "outputFormat" | "effort", _) => {
                return Err(wrong(name));
            }
            _ => return Err(not_here(name)),
        }
    }
    // What the handler does itself: `toFormat` stands over `outputFormat`.
    if let Some(format) = json.get("edits").and_then(|edits| edits.get("toFormat")) {
        let format = format.as_str().ok_or_else(|| wrong("toFormat"))?;
        asked.set("f", format.to_lowercase());
    }
    let key = key.ok_or_else(|| Refusal::source("the address names no key"))?;
    let name = match bucket {
        Some(bucket) => format!("s3://{bucket}/{key}"),
        // The first of its source buckets.
        None => match route.sources.first() {
            Some(source) => format!("{}{key}", source.from),
            None => key.to_owned(),
        },
    };
    asked.place = source::place(route, &name, false)?;
    Ok(asked)
}

fn signed(
    route: &ImageRoute,
    keys: Keys<'_>,
    request: &Request<'_>,
    text: &str,
) -> Result<bool, Refusal> {
    if route.signed == Signed::No {
        return Ok(false);
    }
    let mut given = arguments(request.query.unwrap_or_default());
    let Some(signature) = given.find(|argument| argument.name == "signature") else {
        return match route.signed {
            Signed::Required => Err(sign::missing()),
            _ => Ok(false),
        };
    };
    let given = Hex::decode_to_vec(signature.value.as_bytes(), None).unwrap_or_default();
    let message = format!("/{text}");
    let right = |key: &Vec<u8>| sign::same(&hmac_sha256::HMAC::mac(&message, key), &given);
    match sign::any(keys.keys, right) {
        true => Ok(true),
        false => Err(sign::wrong()),
    }
}

fn wrong(name: &str) -> Refusal {
    Refusal::options(format!("{name} does not have a value that it takes"))
}

/// The calls of Sharp. They come in the order of their names, as the handler's own maps do not;
/// what depends on the order is refused.
fn edits(asked: &mut Asked, edits: &Map<String, Value>) -> Result<(), Refusal> {
    let resized = edits.contains_key("resize");
    for (name, value) in edits {
        match (name.as_str(), value) {
            // A call that is not made.
            (_, Value::Bool(false)) => {}
            ("rotate", Value::Null) => {}
            ("resize", Value::Object(resize)) => self::resize(asked, resize)?,
            ("toFormat", Value::String(_)) => {}
            ("grayscale" | "greyscale", Value::Bool(true)) => asked.set("grayscale", "1"),
            ("flip", Value::Bool(true)) => asked.set("flip", "1"),
            ("flop", Value::Bool(true)) => asked.set("flop", "1"),
            ("rotate", Value::Number(degrees)) => {
                let degrees = degrees.as_i64().ok_or_else(|| wrong(name))?;
                asked.set("rotate", degrees.rem_euclid(360).to_string());
            }
            ("blur", Value::Number(_)) => asked.set("blur", decimal(value, name)?),
            ("sharpen", Value::Number(_)) => asked.set("sharpen", decimal(value, name)?),
            ("gamma", Value::Number(_)) => asked.set("gamma", decimal(value, name)?),
            ("gamma", Value::Bool(true)) => asked.set("gamma", "2.2"),
            ("trim", Value::Bool(true)) => asked.set("trim", "10"),
            ("trim", Value::Number(_)) => asked.set("trim", whole(value, name)?.max(1).to_string()),
            ("modulate", Value::Object(parts)) => modulate(asked, parts)?,
            ("flatten", Value::Object(parts)) => {
                let colour = parts.get("background").ok_or_else(|| wrong(name))?;
                asked.set("bg", self::colour(colour, name)?);
            }
            ("flatten", Value::Bool(true)) => asked.set("bg", "000000"),
            ("extract", Value::Object(parts)) if !resized => extract(asked, parts)?,
            ("extract", _) => return Err(not_here("extract beside resize")),
            ("extend", Value::Object(parts)) => extend(asked, parts)?,
            ("roundCrop", Value::Bool(true)) => asked.set("radius", "max"),
            ("jpeg" | "png" | "webp" | "avif" | "gif", Value::Object(parts)) => {
                encoder(asked, name, parts)?;
            }
            _ => return Err(not_here(name)),
        }
    }
    Ok(())
}

fn resize(asked: &mut Asked, resize: &Map<String, Value>) -> Result<(), Refusal> {
    // Sharp's defaults.
    let mut fit = "cover";
    let mut enlarge = true;
    for (name, value) in resize {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("width", Value::Number(_)) => asked.set("w", whole(value, name)?.to_string()),
            ("height", Value::Number(_)) => asked.set("h", whole(value, name)?.to_string()),
            ("fit", Value::String(given)) => fit = given,
            ("position" | "gravity", Value::String(place)) => asked.set("g", position(place)?),
            ("background", colour) => asked.set("bg", self::colour(colour, name)?),
            ("withoutEnlargement", Value::Bool(without)) => enlarge = !without,
            ("withoutReduction" | "fastShrinkOnLoad", Value::Bool(false)) => {}
            _ => return Err(not_here(&format!("resize.{name}"))),
        }
    }
    if asked.get("w").is_some() && asked.get("h").is_some() {
        asked.set("fit", fit);
    }
    if enlarge {
        asked.implied.push(("enlarge", "1"));
    }
    Ok(())
}

/// Sharp's positions and strategies.
fn position(place: &str) -> Result<String, Refusal> {
    let place = match place {
        "centre" | "center" | "top" | "right" | "bottom" | "left" | "north" | "northeast"
        | "east" | "southeast" | "south" | "southwest" | "west" | "northwest" | "entropy"
        | "attention" => place,
        "right top" => "northeast",
        "right bottom" => "southeast",
        "left bottom" => "southwest",
        "left top" => "northwest",
        _ => return Err(not_here(&format!("resize.position {place}"))),
    };
    Ok(place.to_owned())
}

fn modulate(asked: &mut Asked, parts: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in parts {
        let own = match name.as_str() {
            "brightness" => "brightness",
            "saturation" => "saturation",
            _ => return Err(not_here(&format!("modulate.{name}"))),
        };
        let factor = value.as_f64().ok_or_else(|| wrong(name))?;
        asked.set(own, percent(factor, name)?);
    }
    Ok(())
}

fn extract(asked: &mut Asked, parts: &Map<String, Value>) -> Result<(), Refusal> {
    let side = |name: &str| match parts.get(name) {
        Some(value) => whole(value, name),
        None => Err(wrong("extract")),
    };
    let (left, top) = (side("left")?, side("top")?);
    let (width, height) = (side("width")?, side("height")?);
    if width == 0 || height == 0 {
        return Err(wrong("extract"));
    }
    asked.set("crop", format!("{left}:{top}:{width}:{height}"));
    Ok(())
}

fn extend(asked: &mut Asked, parts: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in parts {
        match name.as_str() {
            "top" | "right" | "bottom" | "left" => {}
            "background" => asked.set("bg", colour(value, name)?),
            _ => return Err(not_here(&format!("extend.{name}"))),
        }
    }
    let side = |name: &str| parts.get(name).map_or(Ok(0), |value| whole(value, name));
    let sides = [side("top")?, side("right")?, side("bottom")?, side("left")?];
    asked.set("pad", sides.map(|side| side.to_string()).join(":"));
    Ok(())
}

/// Settings of an encoder. They count for the format that is made, as in the handler.
fn encoder(asked: &mut Asked, format: &str, parts: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in parts {
        match (format, name.as_str(), value) {
            (_, "quality", Value::Number(_)) => {
                asked.set("q", whole(value, name)?.to_string());
            }
            ("webp", "lossless", Value::Bool(true)) => asked.set("lossless", "1"),
            (_, _, Value::Bool(false)) => {}
            // Sizes of the file, not what is seen.
            (_, "progressive" | "mozjpeg" | "effort" | "compressionLevel" | "palette", _) => {}
            _ => return Err(not_here(&format!("{format}.{name}"))),
        }
    }
    Ok(())
}

fn whole(value: &Value, name: &str) -> Result<u32, Refusal> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| wrong(name))
}

/// A number with at most two decimals.
fn decimal(value: &Value, name: &str) -> Result<String, Refusal> {
    let number = value.as_f64().filter(|number| (0.0..1e6).contains(number));
    let text = format!("{:.2}", number.ok_or_else(|| wrong(name))?);
    Ok(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

fn percent(factor: f64, name: &str) -> Result<String, Refusal> {
    let factor = Some(factor).filter(|factor| (0.0..=10.0).contains(factor));
    let percent = factor.ok_or_else(|| wrong(name))? * 100.0;
    Ok(format!("{percent:.0}"))
}

/// `{r, g, b, alpha}` or text as CSS has it.
pub(super) fn colour(value: &Value, name: &str) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.trim_start_matches('#').to_lowercase()),
        Value::Object(parts) => {
            let part = |name: &str| -> Result<u8, Refusal> {
                let part = parts.get(name).map_or(Some(0), Value::as_u64);
                part.and_then(|part| u8::try_from(part).ok())
                    .ok_or_else(|| wrong(name))
            };
            let (red, green, blue) = (part("r")?, part("g")?, part("b")?);
            let alpha = match parts.get("alpha") {
                None => 1.0,
                Some(alpha) => alpha.as_f64().ok_or_else(|| wrong(name))?,
            };
            if !(0.0..=1.0).contains(&alpha) {
                return Err(wrong(name));
            }
            // Within 0 and 255, by the line above.
            let alpha = format!("{:.0}", alpha * 255.0).parse::<u8>().unwrap_or(255);
            Ok(format!("{red:02x}{green:02x}{blue:02x}{alpha:02x}"))
        }
        _ => Err(wrong(name)),
    }
}
