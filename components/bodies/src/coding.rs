//! Content codings of bodies (RFC 9110, section 8.4.1): `gzip`, `deflate`, `br`.

use std::io::Read;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// How much of brotli's output is made at once, bytes.
const BROTLI_STEP_BYTES: usize = 64 * 1024;

/// A coding that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952; one member or several.
    Gzip,
    /// RFC 1950, or without its frame RFC 1951: some senders take the name at its word, and origins
    /// read both.
    Deflate,
    /// RFC 7932.
    Brotli,
}

/// Codings that are not known, or several one over the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a content coding that is not known, or more than one")]
pub struct Unknown;

/// The coding that the lines of `Content-Encoding` name; `None` for none, and for `identity`.
///
/// # Errors
///
/// [`Unknown`].
pub fn named<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Coding>, Unknown> {
    let names = lines
        .into_iter()
        .flat_map(|line| line.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case(b"identity"));
    let mut found = None;
    for name in names {
        let coding = match name.to_ascii_lowercase().as_slice() {
            b"gzip" | b"x-gzip" => Coding::Gzip,
            b"deflate" => Coding::Deflate,
            b"br" => Coding::Brotli,
            _ => return Err(Unknown),
        };
        if found.replace(coding).is_some() {
            return Err(Unknown);
        }
    }
    Ok(found)
}

/// What is in a coded body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The bytes; no more than were asked for.
    pub bytes: Vec<u8>,
    /// How they end.
    pub end: End,
}

/// How a coded body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// That was all of it.
    Whole,
    /// There is more than was asked for.
    More,
    /// The input ends too early.
    Unfinished,
    /// It is not coded so, or something stands behind its end.
    Broken,
    /// It asks for more memory than there is for it: a window of brotli of more than 4 MiB.
    TooWide,
}

/// Decodes at most `most` bytes. What it takes is linear in `input` and `most`: of a bomb nothing is made
/// that was not asked for.
#[must_use]
pub fn decode(coding: Coding, input: &[u8], most: usize) -> Decoded {
    let mut rest = input;
    match coding {
        Coding::Gzip => read(MultiGzDecoder::new(&mut rest), most, |_| false),
        Coding::Deflate if is_zlib(input) => read(ZlibDecoder::new(&mut rest), most, |decoder| {
            !decoder.into_inner().is_empty()
        }),
        Coding::Deflate => read(DeflateDecoder::new(&mut rest), most, |decoder| {
            !decoder.into_inner().is_empty()
        }),
        Coding::Brotli => brotli(input, most),
    }
}

/// Reads up to `most` bytes and one more; `goes_on` says whether input is left behind the end.
fn read<R: Read>(mut decoder: R, most: usize, goes_on: impl FnOnce(R) -> bool) -> Decoded {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let result = decoder.by_ref().take(limit).read_to_end(&mut bytes);
    let end = match result {
        _ if bytes.len() > most => End::More,
        Ok(_) if goes_on(decoder) => End::Broken,
        Ok(_) => End::Whole,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => End::Unfinished,
        Err(_) => End::Broken,
    };
    bytes.truncate(most);
    Decoded { bytes, end }
}

fn brotli(input: &[u8], most: usize) -> Decoded {
    let ended = |bytes, end| Decoded { bytes, end };
    if input.first().is_some_and(|first| is_wide(*first)) {
        return ended(Vec::new(), End::TooWide);
    }
    let allocate = StandardAlloc::default;
    let mut state = BrotliState::new(allocate(), allocate(), allocate());
    state.large_window = false;
    let mut bytes: Vec<u8> = Vec::new();
    let mut step = vec![0; BROTLI_STEP_BYTES.min(most.saturating_add(1))];
    let (mut left, mut read, mut total) = (input.len(), 0, 0);
    loop {
        let (mut room, mut made) = (step.len(), 0);
        let result = BrotliDecompressStream(
            &mut left, &mut read, input, &mut room, &mut made, &mut step, &mut total, &mut state,
        );
        bytes.extend_from_slice(step.get(..made).unwrap_or_default());
        let end = match result {
            _ if bytes.len() > most => End::More,
            BrotliResult::NeedsMoreOutput => continue,
            BrotliResult::ResultSuccess if left == 0 => End::Whole,
            BrotliResult::NeedsMoreInput => End::Unfinished,
            BrotliResult::ResultSuccess | BrotliResult::ResultFailure => End::Broken,
        };
        bytes.truncate(most);
        return ended(bytes, end);
    }
}

/// Whether a stream begins with a window of more than 2 to the power of 22 bytes (RFC 7932, section 9.1:
/// WBITS), or of the kind that the RFC does not have.
const fn is_wide(first: u8) -> bool {
    matches!(first & 0x0f, 0x0d | 0x0f) || first & 0x7f == 0x11
}

/// The two bytes in front of RFC 1950.
fn is_zlib(input: &[u8]) -> bool {
    let Some([method, flags]) = input.first_chunk::<2>() else {
        return false;
    };
    method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("in memory");
        encoder.finish().expect("in memory")
    }

    /// `name=value&` 500 times, as the brotli of Node.js writes it.
    const BROTLI: &[u8] = &[
        0x1b, 0x7b, 0x15, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0xb4, 0x0c, 0x2b, 0x73, 0x4b, 0x93, 0x9e,
        0xb6, 0x5a, 0xe5, 0xb1, 0x0a, 0xa0, 0x04, 0xbb, 0x5e, 0x69, 0x00, 0x00,
    ];

    fn whole(text: &[u8]) -> Decoded {
        Decoded {
            bytes: text.to_vec(),
            end: End::Whole,
        }
    }

    #[test]
    fn codings_by_name() {
        let named = |line: &str| named([line.as_bytes()]);
        assert_eq!(named(""), Ok(None));
        assert_eq!(named("Identity"), Ok(None));
        assert_eq!(named("X-Gzip"), Ok(Some(Coding::Gzip)));
        assert_eq!(named(" identity , deflate,"), Ok(Some(Coding::Deflate)));
        assert_eq!(named("br"), Ok(Some(Coding::Brotli)));
        for unknown in ["zstd", "gzip, gzip", "gzip;q=1", "gz ip", "compress"] {
            assert_eq!(named(unknown), Err(Unknown), "{unknown}");
        }
        assert_eq!(super::named([&b"gzip"[..], b"br"]), Err(Unknown));
    }

    #[test]
    fn what_was_coded_is_read() {
        let text = b"name=value&".repeat(100);
        assert_eq!(decode(Coding::Gzip, &gzip(&text), 10_000), whole(&text));
        let both = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(decode(Coding::Gzip, &both, 100), whole(b"one two"));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).expect("in memory");
        let zlib = zlib.finish().expect("in memory");
        assert_eq!(decode(Coding::Deflate, &zlib, 10_000), whole(&text));
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&text).expect("in memory");
        let raw = raw.finish().expect("in memory");
        assert_eq!(decode(Coding::Deflate, &raw, 10_000), whole(&text));
        assert_eq!(decode(Coding::Gzip, &gzip(b""), 0), whole(b""));
        let text = b"name=value&".repeat(500);
        assert_eq!(decode(Coding::Brotli, BROTLI, 10_000), whole(&text));
        let start = decode(Coding::Brotli, BROTLI, 100);
        assert_eq!((&start.bytes[..], start.end), (&text[..100], End::More));
    }

    #[test]
    fn a_bomb_is_no_longer_than_what_is_asked_for() {
        let bomb = gzip(&vec![0; 50 << 20]);
        assert!(bomb.len() < 60_000);
        let found = decode(Coding::Gzip, &bomb, 65_536);
        assert_eq!((found.bytes.len(), found.end), (65_536, End::More));
        let bombs = bomb.repeat(20);
        let found = decode(Coding::Gzip, &bombs, 10);
        assert_eq!((found.bytes.len(), found.end), (10, End::More));
    }

    #[test]
    fn what_breaks_off_is_read_as_far_as_it_goes() {
        let text: Vec<u8> = (0..20_000_u32)
            .flat_map(|i| i.to_string().into_bytes())
            .collect();
        let coded = gzip(&text);
        let half = decode(Coding::Gzip, &coded[..coded.len() / 2], 1 << 20);
        assert_eq!(half.end, End::Unfinished);
        assert!(half.bytes.len() > 10_000 && text.starts_with(&half.bytes));
        let found = decode(Coding::Brotli, &BROTLI[..8], 100);
        assert_eq!(found.end, End::Unfinished);
    }

    #[test]
    fn what_is_not_coded_so_is_broken() {
        assert_eq!(decode(Coding::Gzip, b"name=value", 100).end, End::Broken);
        assert_eq!(decode(Coding::Deflate, b"name=value", 100).end, End::Broken);
        let behind = [BROTLI, b"junk"].concat();
        assert_eq!(decode(Coding::Brotli, &behind, 10_000).end, End::Broken);
        assert_eq!(decode(Coding::Brotli, &[0xff; 20], 100).end, End::TooWide);
        assert_eq!(decode(Coding::Brotli, &[0x11; 20], 100).end, End::TooWide);
        assert_eq!(decode(Coding::Brotli, &[0x02; 20], 100).end, End::Broken);
        let behind = [&gzip(b"one")[..], b"junk behind it"].concat();
        assert_eq!(decode(Coding::Gzip, &behind, 100).end, End::Broken);
        let mut wrong = gzip(b"one");
        let at = wrong.len() - 6;
        wrong[at] ^= 1;
        assert_eq!(decode(Coding::Gzip, &wrong, 100).end, End::Broken);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            cut in 0_usize..400,
            at in 0_usize..400,
        ) {
            let mut coded = gzip(&bytes);
            if let Some(byte) = coded.get_mut(at) {
                *byte ^= 0x55;
            }
            coded.truncate(cut);
            for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli] {
                for input in [&bytes, &coded] {
                    let found = decode(coding, input, 1000);
                    prop_assert!(found.bytes.len() <= 1000);
                }
            }
        }
    }
}
