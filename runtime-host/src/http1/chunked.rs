//! The chunked transfer coding (RFC 9112 §7.1), decoded strictly and in place.

use bytes::{Buf as _, Bytes, BytesMut};

/// Bytes of one chunk line with its extensions; extensions are skipped.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes of all trailer lines.
const TRAILER_BYTES_MAX: usize = 8192;

/// What the decoder found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A piece of the body.
    Data(Bytes),
    /// More bytes are needed.
    More,
    /// The body has ended, with these trailer fields.
    End(Vec<(Bytes, Bytes)>),
}

/// Where the decoder is.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    state: State,
    trailers: Vec<(Bytes, Bytes)>,
    trailer_bytes: usize,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailer,
    End,
}

impl Chunked {
    /// Takes the next step with what is in `buffer`, eating what it used.
    pub(super) fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, &'static str> {
        loop {
            match self.state {
                State::Size => {
                    let Some(line) = take_line(buffer, LINE_BYTES_MAX)? else {
                        return Ok(Step::More);
                    };
                    self.state = match chunk_size(&line)? {
                        0 => State::Trailer,
                        size => State::Data(size),
                    };
                }
                State::Data(left) => {
                    if buffer.is_empty() {
                        return Ok(Step::More);
                    }
                    let take = usize::try_from(left)
                        .unwrap_or(usize::MAX)
                        .min(buffer.len());
                    let data = buffer.split_to(take).freeze();
                    let left = left - take as u64;
                    self.state = if left == 0 {
                        State::DataEnd
                    } else {
                        State::Data(left)
                    };
                    return Ok(Step::Data(data));
                }
                State::DataEnd => {
                    if buffer.len() < 2 {
                        return Ok(Step::More);
                    }
                    if !buffer.starts_with(b"\r\n") {
                        return Err("a chunk is longer than its size");
                    }
                    buffer.advance(2);
                    self.state = State::Size;
                }
                State::Trailer => {
                    let room = TRAILER_BYTES_MAX - self.trailer_bytes;
                    let Some(line) = take_line(buffer, room)? else {
                        return Ok(Step::More);
                    };
                    self.trailer_bytes += line.len();
                    if line.is_empty() {
                        self.state = State::End;
                    } else {
                        self.trailers.push(trailer(line)?);
                    }
                }
                State::End => return Ok(Step::End(std::mem::take(&mut self.trailers))),
            }
        }
    }
}

/// A line without its CRLF. A bare LF is refused: two readers could split it differently.
fn take_line(buffer: &mut BytesMut, bytes_max: usize) -> Result<Option<Bytes>, &'static str> {
    let Some(end) = buffer
        .iter()
        .take(bytes_max + 2)
        .position(|byte| *byte == b'\n')
    else {
        // With a CR and a LF still to come: what is refused must not depend on how it arrives.
        return if buffer.len() >= bytes_max + 2 {
            Err("a chunk line is too long")
        } else {
            Ok(None)
        };
    };
    let line = buffer.split_to(end + 1).freeze();
    let line = line
        .strip_suffix(b"\r\n")
        .map(|inner| line.slice_ref(inner))
        .ok_or("a chunk line does not end with CRLF")?;
    if line.contains(&b'\r') {
        return Err("a chunk line holds a bare CR");
    }
    Ok(Some(line))
}

fn chunk_size(line: &[u8]) -> Result<u64, &'static str> {
    let digits = line
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let (number, extension) = line.split_at(digits);
    let after = extension.trim_ascii_start();
    if digits == 0 || digits > 15 || !(after.is_empty() || after.starts_with(b";")) {
        return Err("a chunk size is malformed");
    }
    let number = std::str::from_utf8(number).map_err(|_| "a chunk size is malformed")?;
    u64::from_str_radix(number, 16).map_err(|_| "a chunk size is malformed")
}

fn trailer(line: Bytes) -> Result<(Bytes, Bytes), &'static str> {
    let colon = line
        .iter()
        .position(|byte| *byte == b':')
        .ok_or("a trailer has no colon")?;
    let name = line.slice(..colon);
    let value = line.slice_ref(line[colon + 1..].trim_ascii());
    if name.is_empty() || name.iter().any(|byte| !byte.is_ascii_graphic()) || value.contains(&0) {
        return Err("a trailer is malformed");
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `wire` in pieces of `piece` bytes.
    fn decode(wire: &[u8], piece: usize) -> Result<(Vec<u8>, usize), &'static str> {
        let (mut chunked, mut buffer, mut body) = (Chunked::default(), BytesMut::new(), Vec::new());
        for bytes in wire.chunks(piece) {
            buffer.extend_from_slice(bytes);
            loop {
                match chunked.step(&mut buffer)? {
                    Step::Data(data) => body.extend_from_slice(&data),
                    Step::More => break,
                    Step::End(trailers) => return Ok((body, trailers.len())),
                }
            }
        }
        Err("not ended")
    }

    #[test]
    fn a_body_is_the_same_however_it_arrives() {
        let wire = b"5;ext=\"x\"\r\nhello\r\n1 \r\n!\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n";
        for piece in 1..wire.len() {
            assert_eq!(
                decode(wire, piece),
                Ok((b"hello!".to_vec(), 2)),
                "pieces of {piece}"
            );
        }
    }

    #[test]
    fn a_line_of_the_greatest_length_is_one_however_it_arrives() {
        let line = |len: usize| format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(len - 2));
        for piece in [1, LINE_BYTES_MAX + 1, LINE_BYTES_MAX + 2, 9999] {
            let whole = decode(line(LINE_BYTES_MAX).as_bytes(), piece);
            assert_eq!(whole, Ok((b"hello".to_vec(), 0)), "pieces of {piece}");
            let longer = decode(line(LINE_BYTES_MAX + 1).as_bytes(), piece);
            assert_eq!(longer, Err("a chunk line is too long"), "pieces of {piece}");
        }
    }

    #[test]
    fn what_two_readers_could_split_differently_is_refused() {
        for wire in [
            &b"5\nhello\r\n0\r\n\r\n"[..],
            b"5\r\nhelloX\r\n0\r\n\r\n",
            b"-5\r\nhello\r\n",
            b"0x5\r\nhello\r\n",
            b"\r\nhello\r\n",
            b"5 hello\r\n",
            b"10000000000000000\r\n",
            b"5\r;x\r\nhello\r\n0\r\n\r\n",
            b"0\r\nno colon\r\n\r\n",
            b"0\r\nna me: x\r\n\r\n",
        ] {
            let result = decode(wire, wire.len());
            assert!(
                result.is_err_and(|reason| reason != "not ended"),
                "{wire:?}"
            );
        }
        let long = [&b"5;"[..], &[b'a'; 5000]].concat();
        assert!(decode(&long, 100).is_err_and(|reason| reason.contains("too long")));
    }
}
