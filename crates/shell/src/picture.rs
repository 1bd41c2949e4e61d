//! What an answer says of itself once another picture is made of it.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use lockgate_image_options::{Format, Options};

/// Fields of the source that are about its bytes.
const OF_THE_SOURCE: [HeaderName; 9] = [
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::ETAG,
    header::ACCEPT_RANGES,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
];

/// Takes out what is true of the source alone.
pub fn about_the_output(headers: &mut HeaderMap) {
    for name in &OF_THE_SOURCE {
        headers.remove(name);
    }
    // The gate chose these itself, for all clients alike.
    let kept: Vec<&str> = headers
        .get_all(header::VARY)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|name| {
            !["", "accept", "accept-encoding"]
                .iter()
                .any(|ours| name.eq_ignore_ascii_case(ours))
        })
        .collect();
    // What is no text stays: it makes the answer less cacheable.
    let text = |line: &HeaderValue| line.to_str().is_ok();
    if headers.get_all(header::VARY).iter().all(text) {
        let kept = HeaderValue::from_str(&kept.join(", ")).ok();
        headers.remove(header::VARY);
        if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
            headers.insert(header::VARY, kept);
        }
    }
}

/// A content coding that is not `identity`.
#[must_use]
pub fn coding(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.find(|coding| is_coding(coding.as_bytes()))
}

/// The same of the fields of a request, as it came; with what is no text escaped.
pub fn coding_of<'a>(mut fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<String> {
    let name = header::CONTENT_ENCODING;
    let (_, coding) = fields.find(|(field, coding)| {
        field.eq_ignore_ascii_case(name.as_str().as_bytes()) && is_coding(coding)
    })?;
    Some(coding.escape_ascii().to_string())
}

fn is_coding(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    !value.is_empty() && !value.eq_ignore_ascii_case(b"identity")
}

/// The media type of SVG.
pub const SVG: &str = "image/svg+xml";

/// Gives an answer that is an SVG as it came the fields that let nothing in it run or load, wherever
/// it is opened. What it draws of its own, styles and embedded pictures among it, it draws.
pub fn about_an_svg(headers: &mut HeaderMap) {
    let policy =
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; sandbox";
    let policy = HeaderValue::from_static(policy);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

/// Guards an answer of a route that sends SVGs as they are, where no picture was asked for: whatever
/// is not pixels may be one. What an unchanged answer says would go into the fields of the stored one
/// (RFC 9111 §3.2).
pub fn guard_unasked(status: u16, headers: &mut HeaderMap) {
    match status {
        304 => {
            headers.remove(header::CONTENT_SECURITY_POLICY);
        }
        200 | 206 if !is_pixels(headers) => about_an_svg(headers),
        _ => {}
    }
}

/// Says in an answer that its picture is not the one that was asked for.
pub const FIELD: HeaderName = HeaderName::from_static("lockgate-image");

/// Whether the answer calls itself a picture that is pixels alone. An SVG has scripts and links, so
/// it is a document like HTML.
#[must_use]
pub fn is_pixels(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(one), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(media_type) = one.to_str() else {
        return false;
    };
    let media_type = media_type.trim().to_ascii_lowercase();
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim_end().len() > "image/".len()
        && essence.starts_with("image/")
        // Of several in one line some clients take the last.
        && !["svg", "xml", ","].iter().any(|word| media_type.contains(word))
}

/// Makes an answer of the fields of the source of a picture that was not made: `reason` is a token.
/// It is not to be stored, so that the next request may get the picture, and nobody takes it for
/// anything but pixels.
pub fn about_the_original(headers: &mut HeaderMap, reason: &str) -> String {
    for name in [
        header::ACCEPT_RANGES,
        header::AGE,
        header::ETAG,
        header::EXPIRES,
        header::LAST_MODIFIED,
        header::PRAGMA,
    ] {
        headers.remove(name);
    }
    let what = format!("original; reason={reason}");
    let fields = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    for (name, value) in fields {
        headers.insert(name, value);
    }
    if let Ok(value) = HeaderValue::from_str(&what) {
        headers.insert(FIELD, value);
    }
    what
}

/// Lets an answer be fresh for at most `most_s`, here and everywhere. `left_s`: how long it would be,
/// where anybody has said it.
pub fn fresh_at_most(headers: &mut HeaderMap, most_s: u32, left_s: Option<i64>) {
    let mut kept = Vec::new();
    let mut limited = false;
    for line in headers.get_all(header::CACHE_CONTROL) {
        // What cannot be read, or not be split, is not stored at all.
        let Some(line) = line.to_str().ok().filter(|line| !line.contains('"')) else {
            kept = vec!["no-store".to_owned()];
            limited = true;
            break;
        };
        for directive in line.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                name @ ("max-age" | "s-maxage") => {
                    let seconds = value.trim().parse::<u32>().unwrap_or(0).min(most_s);
                    kept.push(format!("{name}={seconds}"));
                    limited |= name == "max-age";
                }
                "immutable" | "stale-while-revalidate" | "stale-if-error" => {}
                _ => kept.push(directive.to_owned()),
            }
        }
    }
    if !limited {
        let left = u32::try_from(left_s.unwrap_or(0).max(0)).unwrap_or(u32::MAX);
        kept.push(format!("max-age={}", left.min(most_s)));
    }
    headers.remove(header::EXPIRES);
    let value = HeaderValue::from_str(&kept.join(", "));
    headers.insert(
        header::CACHE_CONTROL,
        value.unwrap_or(HeaderValue::from_static("no-store")),
    );
}

/// The media type of what these options make; `None` where the source has a say: it decides where
/// they name no format, and one that moves does not become AVIF by `Accept` alone.
#[must_use]
pub fn media_type(options: &str, negotiated: bool) -> Option<&'static str> {
    let format = Options::parse(options).ok()?.format?;
    (format != Format::Avif || !negotiated).then(|| format.media_type())
}

/// Makes the fields of the answer to HEAD of those of the source: what is known of a picture without
/// making it. Its length and tag are not, and those of the source would be wrong (RFC 9110 §9.3.2 lets
/// both be left out).
pub fn describe(headers: &mut HeaderMap, options: &str, negotiated: bool, pass_svg: bool) {
    about_the_output(headers);
    let is_svg = headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.starts_with(SVG.as_bytes())
    });
    let only_sizes = |options: Options| options.only_sizes(negotiated);
    if pass_svg && is_svg && Options::parse(options).is_ok_and(only_sizes) {
        about_an_svg(headers);
    } else if let Some(media_type) = media_type(options, negotiated) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
}

/// The name of the watermark that these options ask for.
#[must_use]
pub fn watermark(options: &str) -> Option<String> {
    // Most ask for none, and nothing else of theirs has this in it.
    if !options.contains("wm=") {
        return None;
    }
    Options::parse(options)
        .ok()?
        .watermark
        .map(|mark| mark.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_true_of_the_output_stays() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("etag", "\"a\""),
            ("content-length", "7"),
            ("vary", "Accept, X-Shop"),
            ("vary", "accept-encoding"),
            ("cache-control", "max-age=60"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        about_the_output(&mut headers);
        let left: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        assert_eq!(left.len(), 2);
        assert_eq!(headers["vary"], "X-Shop");
        headers.insert("vary", HeaderValue::from_static("accept"));
        about_the_output(&mut headers);
        assert!(!headers.contains_key("vary"));
    }

    #[test]
    fn only_pixels_are_handed_on_as_they_are() {
        for (media_type, pixels) in [
            ("image/jpeg", true),
            ("IMAGE/PNG; charset=binary", true),
            ("image/svg+xml", false),
            ("image/SVG", false),
            ("text/html", false),
            ("image/", false),
            ("image/png, text/html", false),
            ("application/octet-stream", false),
        ] {
            let mut headers = HeaderMap::new();
            assert!(!is_pixels(&headers));
            headers.insert("content-type", HeaderValue::from_static(media_type));
            assert_eq!(is_pixels(&headers), pixels, "{media_type}");
            headers.append("content-type", HeaderValue::from_static("text/html"));
            assert!(!is_pixels(&headers), "{media_type}");
        }
    }

    #[test]
    fn an_original_is_not_stored_and_says_what_it_is() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("cache-control", "max-age=60"),
            ("expires", "0"),
            ("etag", "\"a\""),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let what = about_the_original(&mut headers, "corrupt");
        assert_eq!(what, "original; reason=corrupt");
        assert_eq!(headers["lockgate-image"], what.as_str());
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-type"], "image/jpeg");
        assert!(!headers.contains_key("etag") && !headers.contains_key("expires"));
    }

    #[test]
    fn freshness_has_an_end() {
        let limited = |lines: &[&'static str], left_s: Option<i64>| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("cache-control", HeaderValue::from_static(line));
            }
            headers.insert("expires", HeaderValue::from_static("whenever"));
            fresh_at_most(&mut headers, 30, left_s);
            assert!(!headers.contains_key("expires"));
            assert_eq!(headers.get_all("cache-control").iter().count(), 1);
            headers["cache-control"].to_str().unwrap().to_owned()
        };
        let long = ["public, max-age=600, immutable", "s-maxage=9000"];
        assert_eq!(limited(&long, Some(600)), "public, max-age=30, s-maxage=30");
        assert_eq!(limited(&["max-age=7"], Some(7)), "max-age=7");
        assert_eq!(limited(&["max-age=x"], None), "max-age=0");
        assert_eq!(limited(&["no-store"], None), "no-store, max-age=0");
        assert_eq!(limited(&[], Some(600)), "max-age=30");
        assert_eq!(limited(&[], Some(-5)), "max-age=0");
        assert_eq!(
            limited(&["private=\"a, b\", max-age=9"], Some(9)),
            "no-store"
        );
    }

    #[test]
    fn options_tell_what_comes_of_them() {
        assert_eq!(media_type("w=5,f=png", false), Some("image/png"));
        assert_eq!(media_type("w=5,f=avif", false), Some("image/avif"));
        assert_eq!(media_type("w=5,f=avif", true), None);
        assert_eq!(media_type("w=5", false), None);
        assert_eq!(watermark("w=5,wm=logo:east"), Some("logo".to_owned()));
        assert_eq!(watermark("w=5"), None);
    }

    #[test]
    fn a_coding_is_seen_unless_it_is_none() {
        let mut headers = HeaderMap::new();
        headers.insert("content-encoding", HeaderValue::from_static(" Identity"));
        assert_eq!(coding(&headers), None);
        headers.append("content-encoding", HeaderValue::from_static("gzip"));
        assert_eq!(coding(&headers), Some(&HeaderValue::from_static("gzip")));
    }
}
