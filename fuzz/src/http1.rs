//! HTTP/1 as the host reads it: heads, framing, chunked bodies. The host's own files are compiled
//! here, because the host itself brings wasmtime along.

#[path = "../../runtime-host/src/http1/chunked.rs"]
mod chunked;
#[path = "../../runtime-host/src/http1/framing.rs"]
mod framing;
#[path = "../../runtime-host/src/http1/parse.rs"]
mod parse;

use crate::http::RequestHead;
use bytes::{Bytes, BytesMut};
use chunked::{Chunked, Step};
use framing::{Framing, request_framing};
use lockgate_normalise::{Headers, Limits};
use parse::{HeadError, HeadLimits, parse_head};

const LIMITS: HeadLimits = HeadLimits {
    header_bytes_max: 2048,
    headers_max: 16,
    target_bytes_max: 512,
};

/// Reads a head, whole and in pieces; the policy must see the same body in it.
pub fn head(data: &[u8]) {
    match read(data) {
        Ok(Some((len, head))) => {
            assert!(len <= data.len() && len <= LIMITS.header_bytes_max);
            for end in [len, len + 1] {
                let part = data.get(..end).unwrap_or(data);
                assert!(matches!(read(part), Ok(Some((again, _))) if again == len));
            }
            for end in [0, len / 3, len / 2, len - 1] {
                assert!(matches!(read(&data[..end]), Ok(None)), "cut at {end}");
            }
            accepted(&head);
        }
        Ok(None) => assert!(data.len() < LIMITS.header_bytes_max),
        Err(error) => {
            let (status, code) = error.answer();
            assert!((400..600).contains(&status) && !code.is_empty());
            // What is refused stays refused.
            assert!(read(&[data, b"\r\n\r\n"].concat()).is_err());
        }
    }
}

fn read(data: &[u8]) -> Result<Option<(usize, RequestHead)>, HeadError> {
    let mut head = RequestHead::default();
    let len = parse_head(data, &LIMITS, &mut head)?;
    Ok(len.map(|len| {
        head.bytes = Bytes::copy_from_slice(&data[..len]);
        (len, head)
    }))
}

fn accepted(head: &RequestHead) {
    assert!(!head.method().is_empty() && head.method().iter().all(u8::is_ascii_graphic));
    let target = head.target();
    assert!(!target.is_empty() && target.len() <= LIMITS.target_bytes_max);
    assert!(
        !target
            .iter()
            .any(|byte| byte.is_ascii_control() || *byte == b' ')
    );
    // The lines of the head, counted by somebody else.
    let text = head.bytes.trim_ascii_start();
    let lines = text.split(|byte| *byte == b'\n').skip(1);
    let lines: Vec<_> = lines
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), head.headers.len());
    for (line, (name, value)) in lines.iter().zip(head.fields()) {
        assert!(line.starts_with(name) && line.ends_with(value) && !name.is_empty());
        assert_eq!(line.get(name.len()), Some(&b':'));
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    }
    let seen = Headers::scan(head.fields(), &Limits::default());
    if let (Ok(framing), Ok(seen)) = (request_framing(head), &seen) {
        let theirs = match framing {
            Framing::None => (false, 0),
            Framing::Length(length) => (false, length),
            Framing::Chunked => (true, 0),
        };
        assert_eq!((seen.chunked, seen.content_length.unwrap_or(0)), theirs);
    }
}

/// Decodes a body, whole and in pieces of the size that the first byte says.
pub fn chunked(data: &[u8]) {
    let Some((piece, wire)) = data.split_first() else {
        return;
    };
    let whole = decode(wire, wire.len().max(1));
    let pieces = decode(wire, usize::from(*piece) + 1);
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole, pieces);
            assert_eq!(Some(whole), naive(wire));
        }
        (Err(whole), Err(pieces)) => assert_eq!(whole.is_empty(), pieces.is_empty()),
        (whole, pieces) => panic!("whole: {whole:?}, in pieces: {pieces:?}"),
    }
}

/// The body, the trailers and what is left of the wire.
type Decoded = (Vec<u8>, Vec<(Bytes, Bytes)>, usize);

/// An empty error: the body does not end.
fn decode(wire: &[u8], piece: usize) -> Result<Decoded, &'static str> {
    let (mut chunked, mut buffer, mut body) = (Chunked::default(), BytesMut::new(), Vec::new());
    let mut left = wire.len();
    for bytes in wire.chunks(piece) {
        buffer.extend_from_slice(bytes);
        left -= bytes.len();
        loop {
            match chunked.step(&mut buffer)? {
                Step::Data(data) => {
                    assert!(!data.is_empty());
                    body.extend_from_slice(&data);
                }
                Step::More => break,
                Step::End(trailers) => return Ok((body, trailers, left + buffer.len())),
            }
        }
    }
    Err("")
}

/// A body that was accepted, read by somebody who believes it.
fn naive(mut wire: &[u8]) -> Option<Decoded> {
    let line = |wire: &mut &'_ [u8]| -> Option<Vec<u8>> {
        let end = wire.windows(2).position(|pair| pair == b"\r\n")?;
        let line = wire[..end].to_vec();
        *wire = &wire[end + 2..];
        Some(line)
    };
    let mut body = Vec::new();
    loop {
        let size = line(&mut wire)?;
        let size = size.split(|byte| *byte == b';').next()?.trim_ascii();
        let size = usize::from_str_radix(str::from_utf8(size).ok()?, 16).ok()?;
        if size == 0 {
            break;
        }
        body.extend_from_slice(wire.get(..size)?);
        wire = wire[size..].strip_prefix(b"\r\n")?;
    }
    let mut trailers = Vec::new();
    loop {
        let field = line(&mut wire)?;
        if field.is_empty() {
            return Some((body, trailers, wire.len()));
        }
        let colon = field.iter().position(|byte| *byte == b':')?;
        let copy = |part: &[u8]| Bytes::copy_from_slice(part);
        trailers.push((copy(&field[..colon]), copy(field[colon + 1..].trim_ascii())));
    }
}
