//! Request ids (UUIDv7, RFC 9562 §5.7) and trace context (W3C).

use crate::http::RequestHead;

/// A new id: 36 characters, ordered by time.
#[must_use]
pub fn new() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}

/// The id that a trusted proxy gave, where it is one: 8 to 64 of `A-Z a-z 0-9 . _ -`.
#[must_use]
pub fn incoming(head: &RequestHead) -> Option<String> {
    let value = head.field("x-request-id")?;
    let fits = (8..=64).contains(&value.len())
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
    fits.then(|| String::from_utf8_lossy(value).into_owned())
}

/// The trace id of a `traceparent` (<https://www.w3.org/TR/trace-context/#traceparent-header>).
#[must_use]
pub fn trace_id(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let mut parts = text.split('-');
    let (version, id) = (parts.next()?, parts.next()?);
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let valid = version.len() == 2
        && hex(version)
        && id.len() == 32
        && hex(id)
        && id.bytes().any(|byte| byte != b'0');
    valid.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_trace_ids_are_taken() {
        let good = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace_id(good), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for bad in [
            "",
            "00-abc-1-1",
            "00-00000000000000000000000000000000-1-1",
            "zz",
        ] {
            assert_eq!(trace_id(bad.as_bytes()), None, "{bad}");
        }
    }
}
