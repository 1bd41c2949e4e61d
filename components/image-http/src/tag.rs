//! The entity tag of a picture, known before it is made.

use lockgate_http_cache::{Answer, RequestInfo, Validators, conditional};
use sha2::{Digest as _, Sha256};

/// Names what makes the pixels, see `build.rs`.
const CODECS: &str = env!("LOCKGATE_CODECS");

/// The tag: of the source, of what is laid over it, of what is made of them, and of what makes it.
/// The same on every node of one version. `options`: canonical text.
#[must_use]
pub fn tag(source: &[u8], overlay: Option<&[u8]>, options: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(source));
    hash.update(CODECS);
    if let Some(overlay) = overlay {
        hash.update(Sha256::digest(overlay));
    }
    hash.update(options);
    let hash = hash.finalize();
    let digits: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

/// Whether a client that sends these lines of `If-None-Match` has the picture with this tag.
#[must_use]
pub fn has(lines: &[Vec<u8>], tag: &str) -> bool {
    let fields = lines.iter().map(|line| ("if-none-match", line.as_slice()));
    let request = RequestInfo::read("GET", fields);
    let validators = Validators {
        status: 200,
        etag: Some(tag.as_bytes()),
        last_modified_s: None,
        date_s: 0,
    };
    conditional(&request, &validators) == Answer::NotModified
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_all_that_the_picture_is_made_of() {
        let one = tag(b"source", None, "w=8");
        assert_eq!(one, tag(b"source", None, "w=8"));
        assert_eq!(one.len(), 26, "{one}");
        for other in [
            tag(b"sourcf", None, "w=8"),
            tag(b"source", Some(b""), "w=8"),
            tag(b"source", None, "w=9"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(CODECS.len(), 64);
    }

    #[test]
    fn a_client_has_what_its_tag_says() {
        let tag = tag(b"source", None, "w=8");
        let lines = |text: &str| vec![text.as_bytes().to_vec()];
        assert!(has(&lines(&tag), &tag));
        assert!(has(&lines(&format!("\"a\", W/{tag}")), &tag));
        assert!(has(&lines("*"), &tag));
        assert!(!has(&lines("\"a\""), &tag));
        assert!(!has(&[], &tag));
    }
}
