//! How a request's body is delimited (RFC 9112 §6). Whatever two readers could understand
//! differently is refused: request smuggling lives on that difference.

use crate::http::RequestHead;

/// The framing of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// No body.
    None,
    /// So many bytes.
    Length(u64),
    /// The chunked transfer coding.
    Chunked,
}

/// The framing of a request.
///
/// # Errors
/// A sentence where it is ambiguous or not understood.
pub fn request_framing(head: &RequestHead) -> Result<Framing, &'static str> {
    let mut length: Option<u64> = None;
    let mut codings: Option<&[u8]> = None;
    for (name, value) in head.fields() {
        if name.eq_ignore_ascii_case(b"content-length") {
            let parsed = parse_length(value).ok_or("Content-Length is no number")?;
            if length.replace(parsed).is_some() {
                return Err("Content-Length is given more than once");
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding")
            && codings.replace(value).is_some()
        {
            return Err("Transfer-Encoding is given more than once");
        }
    }
    match (codings, length) {
        (Some(_), Some(_)) => Err("both Content-Length and Transfer-Encoding are given"),
        (Some(_), None) if head.ranges.version < 11 => {
            Err("Transfer-Encoding is not part of HTTP/1.0")
        }
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (Some(_), None) => Err("only the transfer coding chunked is understood"),
        (None, Some(0) | None) => Ok(Framing::None),
        (None, Some(length)) => Ok(Framing::Length(length)),
    }
}

/// Digits and nothing else; `str::parse` would take a plus sign.
fn parse_length(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::{HeadLimits, parse_head};

    fn framing(fields: &str) -> Result<Framing, &'static str> {
        let bytes = format!("POST / HTTP/1.1\r\n{fields}\r\n");
        let limits = HeadLimits {
            header_bytes_max: 999,
            headers_max: 9,
            target_bytes_max: 99,
        };
        let mut head = RequestHead::default();
        let len = parse_head(bytes.as_bytes(), &limits, &mut head)
            .expect("head")
            .expect("whole");
        head.bytes = bytes::Bytes::copy_from_slice(&bytes.as_bytes()[..len]);
        request_framing(&head)
    }

    #[test]
    fn only_unambiguous_framings_pass() {
        assert_eq!(framing(""), Ok(Framing::None));
        assert_eq!(framing("Content-Length: 7\r\n"), Ok(Framing::Length(7)));
        assert_eq!(framing("Content-Length: 0\r\n"), Ok(Framing::None));
        assert_eq!(
            framing("transfer-encoding: Chunked\r\n"),
            Ok(Framing::Chunked)
        );
        for refused in [
            "Content-Length: +7\r\n",
            "Content-Length: 7,7\r\n",
            "Content-Length: 7\r\nContent-Length: 7\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length:\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert!(framing(refused).is_err(), "{refused}");
        }
    }
}
