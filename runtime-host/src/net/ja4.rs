//! JA4, the fingerprint of a client's TLS hello (FoxIO, "JA4: TLS Client Fingerprinting", 2023;
//! BSD 3-Clause). The same client has the same one, whatever host it asks and in whichever order it
//! shuffles its extensions.

use std::io;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;

/// The most of a hello that is looked at, bytes: those of browsers with post-quantum keys have 2,000.
const HELLO_BYTES_MAX: usize = 16 * 1024;
/// Between the first two looks at a hello that has not come whole; each further pause is twice as long.
const PAUSE: Duration = Duration::from_millis(2);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_millis(256);

/// The fingerprint of the hello that a connection opens with; nothing is taken from the connection.
/// `None` where it opens with something else. The caller limits the time.
///
/// # Errors
/// Those of the socket.
pub(super) async fn peek(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut bytes = vec![0; 2048];
    let mut pause = PAUSE;
    loop {
        let came = stream.peek(&mut bytes).await?;
        match hello(bytes.get(..came).unwrap_or_default()) {
            Found::Whole(hello) => return Ok(fingerprint(&hello)),
            Found::Other => return Ok(None),
            Found::Part if came == 0 => return Ok(None),
            Found::Part if came < bytes.len() => {
                tokio::time::sleep(pause).await;
                pause = PAUSE_MAX.min(pause * 2);
            }
            Found::Part if bytes.len() < HELLO_BYTES_MAX => bytes.resize(HELLO_BYTES_MAX, 0),
            Found::Part => return Ok(None),
        }
    }
}

/// What the beginning of a connection is.
enum Found {
    /// A whole hello: the message without its header.
    Whole(Vec<u8>),
    /// The beginning of one.
    Part,
    /// Something else.
    Other,
}

/// The hello in the records of a connection's beginning (RFC 8446 §5.1, §4).
fn hello(mut records: &[u8]) -> Found {
    let mut message = Vec::new();
    loop {
        match *records {
            [22, 3, _, high, low, ref rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                let Some((content, after)) = rest.split_at_checked(length) else {
                    return Found::Part;
                };
                message.extend_from_slice(content);
                records = after;
            }
            [] | [22] | [22, 3] | [22, 3, _] | [22, 3, _, _] => return Found::Part,
            _ => return Found::Other,
        }
        match *message {
            [1, a, b, c, ref rest @ ..] => {
                let length = u32::from_be_bytes([0, a, b, c]) as usize;
                if let Some(whole) = rest.get(..length) {
                    return Found::Whole(whole.to_vec());
                }
            }
            [] | [1] | [1, _] | [1, _, _] => {}
            _ => return Found::Other,
        }
    }
}

/// What is left of a message.
struct Left<'a>(&'a [u8]);

impl<'a> Left<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<usize> {
        self.take(1)?.first().copied().map(usize::from)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// A vector with its length in two bytes.
    fn vector(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

/// The numbers of a list, without those that mean nothing (GREASE, RFC 8701).
fn numbers(list: &[u8]) -> Vec<u16> {
    let (pairs, _) = list.as_chunks::<2>();
    let numbers = pairs.iter().copied().map(u16::from_be_bytes);
    numbers.filter(|number| !is_grease(*number)).collect()
}

fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// The fingerprint of a hello (RFC 8446 §4.1.2); `None` where it is none.
fn fingerprint(hello: &[u8]) -> Option<String> {
    let mut left = Left(hello);
    let mut version = left.u16()?;
    left.take(32)?;
    let session = left.u8()?;
    left.take(session)?;
    let mut ciphers = numbers(left.vector()?);
    let compressions = left.u8()?;
    left.take(compressions)?;
    let mut kinds = Vec::new();
    let (mut sni, mut alpn, mut algorithms) = (false, None, Vec::new());
    let mut extensions = Left(left.vector().unwrap_or_default());
    while let Some(kind) = extensions.u16() {
        let mut data = Left(extensions.vector()?);
        if is_grease(kind) {
            continue;
        }
        kinds.push(kind);
        match kind {
            0 => sni = true,
            13 => algorithms = numbers(data.vector()?),
            16 => {
                let mut names = Left(data.vector()?);
                let length = names.u8()?;
                alpn = names.take(length);
            }
            43 => {
                let length = data.u8()?;
                let versions = numbers(data.take(length)?);
                version = versions.into_iter().max().unwrap_or(version);
            }
            _ => {}
        }
    }
    let count = |list: &[u16]| list.len().min(99);
    let (first, last) = ends(alpn.unwrap_or_default());
    let opening = format!(
        "t{}{}{:02}{:02}{first}{last}",
        version_name(version),
        if sni { 'd' } else { 'i' },
        count(&ciphers),
        count(&kinds)
    );
    ciphers.sort_unstable();
    kinds.retain(|kind| !matches!(kind, 0 | 16));
    kinds.sort_unstable();
    let mut extensions = joined(&kinds);
    if !algorithms.is_empty() {
        extensions.push('_');
        extensions.push_str(&joined(&algorithms));
    }
    Some(format!(
        "{opening}_{}_{}",
        digest(&joined(&ciphers)),
        digest(&extensions)
    ))
}

fn version_name(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        _ => "00",
    }
}

/// The first and the last letter of a protocol's name, or of its hexadecimal form.
fn ends(name: &[u8]) -> (char, char) {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        return ('0', '0');
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return (char::from(*first), char::from(*last));
    }
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    (digit(first >> 4), digit(last & 0x0f))
}

fn joined(numbers: &[u16]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|n| format!("{n:04x}")).collect();
    numbers.join(",")
}

/// The first 12 hexadecimal digits of a SHA-256; zeros for nothing.
fn digest(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    let digest = Sha256::digest(text);
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u16s(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    fn vector(content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap();
        [&length.to_be_bytes()[..], content].concat()
    }

    /// A hello as the published example describes it.
    fn chrome() -> Vec<u8> {
        let ciphers = [
            0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
            0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ];
        let algorithms = [
            0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
        ];
        let extension = |kind: u16, data: &[u8]| [&kind.to_be_bytes()[..], &vector(data)].concat();
        let mut extensions = extension(0x3a3a, &[]);
        for kind in [
            0x001b_u16, 0x0033, 0x0005, 0x000a, 0x000b, 0x0012, 0x0015, 0x0017, 0x0023, 0x002d,
            0x4469, 0xff01,
        ] {
            extensions.extend(extension(kind, &[]));
        }
        extensions.extend(extension(0, b"name"));
        extensions.extend(extension(13, &vector(&u16s(&algorithms))));
        extensions.extend(extension(16, &vector(b"\x02h2\x08http/1.1")));
        extensions.extend(extension(43, b"\x06\x9a\x9a\x03\x04\x03\x03"));
        let mut hello = vec![3, 3];
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(vector(&u16s(&ciphers)));
        hello.extend([1, 0]);
        hello.extend(vector(&extensions));
        hello
    }

    /// Wrapped in records of so many bytes.
    fn records(hello: &[u8], most: usize) -> Vec<u8> {
        let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
        let message = [&[1, length[1], length[2], length[3]][..], hello].concat();
        let record = |part: &[u8]| [&[22, 3, 1][..], &vector(part)].concat();
        message.chunks(most).flat_map(record).collect()
    }

    #[test]
    fn the_published_example_has_its_fingerprint() {
        assert_eq!(
            fingerprint(&chrome()).as_deref(),
            Some("t13d1516h2_8daaf6152771_e5627efa2ab1")
        );
    }

    #[test]
    fn a_hello_is_found_whole_or_in_parts() {
        let hello_bytes = chrome();
        for most in [50, 10_000] {
            let records = records(&hello_bytes, most);
            for cut in 0..records.len() {
                assert!(matches!(hello(&records[..cut]), Found::Part), "{cut}");
            }
            assert!(matches!(hello(&records), Found::Whole(whole) if whole == hello_bytes));
        }
        assert!(matches!(hello(b"GET / HTTP/1.1\r\n"), Found::Other));
        assert!(matches!(hello(&[22, 3, 1, 0, 1, 2]), Found::Other));
    }

    #[test]
    fn broken_hellos_have_none_and_break_nothing() {
        let whole = chrome();
        for cut in 0..whole.len() {
            let _ = fingerprint(&whole[..cut]);
            let mut other = whole.clone();
            other[cut] ^= 0xff;
            let _ = fingerprint(&other);
        }
        assert_eq!(fingerprint(&whole[..20]), None);
    }

    #[test]
    fn names_of_protocols_that_are_no_letters_are_hexadecimal() {
        assert_eq!(ends(b"h2"), ('h', '2'));
        assert_eq!(ends(b""), ('0', '0'));
        assert_eq!(ends(&[0xab]), ('a', 'b'));
        assert_eq!(ends(&[0x30, 0xab]), ('3', 'b'));
    }
}
