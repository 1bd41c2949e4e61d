//! HTTP dates (RFC 9110, section 5.6.7), all three formats.

use std::time::UNIX_EPOCH;

/// Seconds since 1970 of an HTTP date; `None` for anything that is not one, and for years before
/// 1970. `0`, as in `Expires: 0`, is not one.
pub fn http_date_s(value: &[u8]) -> Option<u64> {
    // The longest, "Wednesday, 09-Nov-94 08:49:37 GMT", has 33 bytes.
    if value.len() > 64 {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let time = httpdate::parse_http_date(text).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_formats_of_5_6_7() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(http_date_s(text.as_bytes()), Some(784_111_777), "{text}");
        }
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1894 08:49:37 GMT",
            "\u{e9}",
        ] {
            assert_eq!(http_date_s(text.as_bytes()), None, "{text}");
        }
    }
}
