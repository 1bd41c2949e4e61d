//! What an answer says of itself once another picture is made of it.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use lockgate_image_options::{Format, Options};
use sha2::{Digest as _, Sha256};

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
    codings.find(|coding| {
        let coding = coding.as_bytes().trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
}

/// The entity tag of a picture: the same bytes have the same one, on every node and after every
/// restart.
#[must_use]
pub fn etag(picture: &[u8]) -> Option<HeaderValue> {
    let tag: String = Sha256::digest(picture)
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{tag}\"")).ok()
}

/// The media type of what these options make; `None` where the source has a say: it decides where
/// they name no format, and one that moves does not become AVIF by `Accept` alone.
#[must_use]
pub fn media_type(options: &str, negotiated: bool) -> Option<&'static str> {
    let format = Options::parse(options).ok()?.format?;
    (format != Format::Avif || !negotiated).then(|| format.media_type())
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
