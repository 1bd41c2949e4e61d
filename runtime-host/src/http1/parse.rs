//! From bytes to a request head, under limits.

use std::mem::MaybeUninit;

use lockgate_wire::{HeadRanges, HeaderRange};

use crate::http::RequestHead;

/// The most fields that any configuration allows.
const HEADERS_CAP: usize = 1000;

/// The limits of a head.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Bytes of the whole head.
    pub header_bytes_max: usize,
    /// Header fields.
    pub headers_max: usize,
    /// Bytes of the request target.
    pub target_bytes_max: usize,
}

/// Why a head was refused. The connection is closed after each of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not HTTP/1.
    #[error("{0}")]
    Malformed(&'static str),
    /// Another version of HTTP.
    #[error("the HTTP version is not supported")]
    Version,
    /// Too many fields.
    #[error("more than {0} header fields")]
    TooManyHeaders(usize),
    /// The head does not end within the limit.
    #[error("the head is longer than {0} bytes")]
    TooLarge(usize),
    /// The target is too long.
    #[error("the request target is longer than {0} bytes")]
    TargetTooLong(usize),
}

impl HeadError {
    /// The status and the stable code.
    #[must_use]
    pub fn answer(self) -> (u16, &'static str) {
        match self {
            Self::Malformed(_) => (400, "request_malformed"),
            Self::Version => (505, "http_version_not_supported"),
            Self::TooManyHeaders(_) => (431, "headers_too_many"),
            Self::TooLarge(_) => (431, "headers_too_large"),
            Self::TargetTooLong(_) => (414, "target_too_long"),
        }
    }
}

/// Parses a head from the start of `bytes` into the vectors of `head`, whose `bytes` are not
/// touched. Gives the length of the head, or `None` where more bytes are needed.
///
/// # Errors
/// [`HeadError`] as soon as the bytes cannot become an acceptable head.
pub fn parse_head(
    bytes: &[u8],
    limits: &HeadLimits,
    head: &mut RequestHead,
) -> Result<Option<usize>, HeadError> {
    let mut slots = [const { MaybeUninit::uninit() }; HEADERS_CAP];
    let cap = limits.headers_max.min(HEADERS_CAP);
    let mut request = httparse::Request::new(&mut []);
    let status = httparse::ParserConfig::default().parse_request_with_uninit_headers(
        &mut request,
        bytes,
        &mut slots[..cap],
    );
    let target_len = request.path.map_or(0, str::len);
    if target_len > limits.target_bytes_max {
        return Err(HeadError::TargetTooLong(limits.target_bytes_max));
    }
    let len = match status {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) if bytes.len() >= limits.header_bytes_max => {
            // A target that alone fills the head is a long target, whatever else follows.
            return Err(if first_line_end(bytes).is_none() {
                HeadError::TargetTooLong(limits.target_bytes_max)
            } else {
                HeadError::TooLarge(limits.header_bytes_max)
            });
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(head_error(error, cap)),
    };
    if len > limits.header_bytes_max {
        return Err(HeadError::TooLarge(limits.header_bytes_max));
    }
    let (Some(method), Some(path), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(HeadError::Malformed("the request line is incomplete"));
    };
    let range = |part: &[u8]| {
        let start = part.as_ptr() as usize - bytes.as_ptr() as usize;
        (
            u32::try_from(start).unwrap_or(u32::MAX),
            u32::try_from(part.len()).unwrap_or(u32::MAX),
        )
    };
    head.ranges = HeadRanges {
        version: 10 + minor,
        method: range(method.as_bytes()),
        target: range(path.as_bytes()),
        authority: None,
    };
    head.headers.clear();
    head.headers.extend(request.headers.iter().map(|header| {
        let (name_start, name_len) = range(header.name.as_bytes());
        let (value_start, value_len) = match header.value {
            [] => (name_start + name_len, 0),
            value => range(value),
        };
        HeaderRange {
            name_start,
            name_len,
            value_start,
            value_len,
        }
    }));
    Ok(Some(len))
}

fn first_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

fn head_error(error: httparse::Error, cap: usize) -> HeadError {
    match error {
        httparse::Error::TooManyHeaders => HeadError::TooManyHeaders(cap),
        httparse::Error::Version => HeadError::Version,
        httparse::Error::HeaderName => HeadError::Malformed("a header name is malformed"),
        httparse::Error::HeaderValue => HeadError::Malformed("a header value is malformed"),
        httparse::Error::NewLine => HeadError::Malformed("a line ends wrongly"),
        httparse::Error::Token => HeadError::Malformed("the request line is malformed"),
        _ => HeadError::Malformed("the head is malformed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        header_bytes_max: 200,
        headers_max: 3,
        target_bytes_max: 40,
    };

    fn parse(bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        parse_head(bytes, &LIMITS, &mut RequestHead::default())
    }

    #[test]
    fn a_head_is_kept_as_it_came() {
        let bytes = b"GET /<x>?a=%zz HTTP/1.1\r\nHOST:  shop \r\nEmpty:\r\n\r\nrest";
        let mut head = RequestHead::default();
        let len = parse_head(bytes, &LIMITS, &mut head)
            .expect("a head")
            .expect("complete");
        assert_eq!(len, bytes.len() - 4);
        head.bytes = bytes::Bytes::copy_from_slice(&bytes[..len]);
        assert_eq!(head.target(), b"/<x>?a=%zz");
        let fields: Vec<_> = head.fields().collect();
        assert_eq!(fields, [(&b"HOST"[..], &b"shop"[..]), (b"Empty", b"")]);
    }

    #[test]
    fn limits_and_malformed_heads_have_their_answers() {
        let many = b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n";
        let long_target = [&b"GET /"[..], &[b'a'; 60], b" HTTP/1.1\r\n\r\n"].concat();
        let endless_target = [&b"GET /"[..], &[b'a'; 300]].concat();
        let endless = [&b"GET / HTTP/1.1\r\nx: "[..], &[b'a'; 300]].concat();
        for (bytes, code) in [
            (&b"\x16\x03\x01 GET"[..], "request_malformed"),
            (b"GET / HTTP/3.0\r\n\r\n", "http_version_not_supported"),
            (b"GET / HTTP/1.1\r\nna me: x\r\n\r\n", "request_malformed"),
            (b"GET / HTTP/1.1\r\nname : x\r\n\r\n", "request_malformed"),
            (
                b"GET / HTTP/1.1\r\na: x\r\n folded\r\n\r\n",
                "request_malformed",
            ),
            (b"GET / HTTP/1.1\r\na: \x00\r\n\r\n", "request_malformed"),
            (many, "headers_too_many"),
            (&long_target, "target_too_long"),
            (&endless_target, "target_too_long"),
            (&endless, "headers_too_large"),
        ] {
            let error = parse(bytes).expect_err("refused");
            assert_eq!(
                error.answer().1,
                code,
                "{:?}",
                String::from_utf8_lossy(bytes)
            );
        }
        assert_eq!(parse(b"GET / HTT"), Ok(None));
    }
}
