//! Request ids and trace context (W3C), as clients and proxies send them.

/// Whether a request id that a trusted proxy gave is one: 8 to 64 of `A-Z a-z 0-9 . _ -`.
#[must_use]
pub fn is_request_id(value: &[u8]) -> bool {
    (8..=64).contains(&value.len())
        && value
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
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

/// A request id (UUIDv7, RFC 9562 §5.7): 36 characters, ordered by time. `random` is entropy.
#[must_use]
pub fn new_request_id(now_ms: u64, random: [u8; 10]) -> String {
    use std::fmt::Write as _;
    let [.., t0, t1, t2, t3, t4, t5] = now_ms.to_be_bytes();
    let [r0, r1, r2, rest @ ..] = random;
    let head = [
        t0,
        t1,
        t2,
        t3,
        t4,
        t5,
        0x70 | (r0 & 0x0f),
        r1,
        0x80 | (r2 & 0x3f),
    ];
    let mut id = String::with_capacity(36);
    for (nth, byte) in head.into_iter().chain(rest).enumerate() {
        if matches!(nth, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        // Writing to a string does not fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_is_a_uuid_of_version_7() {
        // The example of RFC 9562, appendix A.6, as far as its entropy is given in bytes.
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        let id = new_request_id(0x017f_22e2_79b0, random);
        assert_eq!(id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert!(is_request_id(id.as_bytes()));
    }

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

    #[test]
    fn an_id_of_a_proxy_is_plain_text() {
        assert!(is_request_id(b"abc.DEF_0-9"));
        for bad in [
            &b"short"[..],
            b"with space",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
            &[b'a'; 65],
        ] {
            assert!(!is_request_id(bad));
        }
    }
}
