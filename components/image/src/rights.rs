//! Who made a picture: the Artist and Copyright of its EXIF data, which `keep=copyright` keeps.
//!
//! What is kept is written anew, as an EXIF block of those two alone (EXIF 2.32, 4.6.5): nothing
//! else of the source's metadata gets into an output.

/// The longest text that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 2048;

/// The most entries of a directory that are looked at.
const ENTRIES_MAX: usize = 512;

const ARTIST: u16 = 0x013B;
const COPYRIGHT: u16 = 0x8298;
const ASCII: u16 = 2;

/// An EXIF block, from its TIFF header on, with the Artist and the Copyright of `exif`, which is
/// one as well. Empty if there is neither.
pub(crate) fn kept(exif: Option<&[u8]>) -> Vec<u8> {
    let exif = exif.unwrap_or_default();
    // WebP files have it with and without JPEG's prefix.
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let texts: Vec<(u16, &[u8])> = [ARTIST, COPYRIGHT]
        .into_iter()
        .filter_map(|tag| Some((tag, text(exif, tag)?)))
        .collect();
    if texts.is_empty() {
        return Vec::new();
    }
    block(&texts)
}

/// The text of `tag` in the first directory.
fn text(exif: &[u8], tag: u16) -> Option<&[u8]> {
    let reader = Reader {
        exif,
        big: match exif.get(..4)? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        },
    };
    let directory = reader.u32(4)? as usize;
    let entries = usize::from(reader.u16(directory)?).min(ENTRIES_MAX);
    for entry in 0..entries {
        let at = directory.checked_add(2 + 12 * entry)?;
        if reader.u16(at)? != tag || reader.u16(at + 2)? != ASCII {
            continue;
        }
        let bytes = reader.u32(at + 4)? as usize;
        // Up to four bytes stand in the entry itself.
        let start = if bytes <= 4 {
            at + 8
        } else {
            reader.u32(at + 8)? as usize
        };
        let text = exif.get(start..start.checked_add(bytes)?)?;
        let end = text.iter().rposition(|byte| *byte != 0 && *byte != b' ')? + 1;
        return text.get(..end.min(TEXT_BYTES_MAX));
    }
    None
}

struct Reader<'a> {
    exif: &'a [u8],
    big: bool,
}

impl Reader<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.exif.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }
}

/// A block of one directory with `texts`, in the order of their tags.
#[allow(
    clippy::cast_possible_truncation,
    reason = "two entries, texts of at most TEXT_BYTES_MAX"
)]
fn block(texts: &[(u16, &[u8])]) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08".to_vec();
    block.extend((texts.len() as u16).to_be_bytes());
    let mut data = Vec::new();
    let data_at = 8 + 2 + 12 * texts.len() + 4;
    for (tag, text) in texts {
        // A text ends with a zero; one of up to four bytes stands in the entry.
        let mut bytes = text.to_vec();
        bytes.push(0);
        block.extend(tag.to_be_bytes());
        block.extend(ASCII.to_be_bytes());
        block.extend((bytes.len() as u32).to_be_bytes());
        if bytes.len() <= 4 {
            bytes.resize(4, 0);
            block.extend(bytes);
        } else {
            block.extend(((data_at + data.len()) as u32).to_be_bytes());
            data.extend(bytes);
        }
    }
    block.extend([0; 4]);
    block.extend(data);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_are_kept_and_nothing_else() {
        // Little-endian: make, artist (short, in the entry), copyright.
        let mut exif = b"II*\0\x08\0\0\0\x03\0".to_vec();
        exif.extend(b"\x0f\x01\x02\0\x06\0\0\0\x32\0\0\0");
        exif.extend(b"\x3b\x01\x02\0\x04\0\0\0Ann\0");
        exif.extend(b"\x98\x82\x02\0\x0b\0\0\0\x38\0\0\0");
        exif.extend(b"\0\0\0\0");
        exif.extend(b"Canon\0(c) Ann 24\0");
        let kept = kept(Some(&exif));
        assert_eq!(text(&kept, ARTIST), Some(&b"Ann"[..]));
        assert_eq!(text(&kept, COPYRIGHT), Some(&b"(c) Ann 24"[..]));
        assert_eq!(text(&kept, 0x010F), None);
        assert_eq!(super::kept(Some(&kept)), kept);
        let prefixed = [b"Exif\0\0", &exif[..]].concat();
        assert_eq!(super::kept(Some(&prefixed)), kept);
    }

    #[test]
    fn what_is_broken_has_none() {
        let good = block(&[(ARTIST, b"somebody")]);
        for length in 0..good.len() - 9 {
            assert!(kept(Some(&good[..length])).is_empty(), "{length}");
        }
        assert!(kept(None).is_empty());
        assert!(kept(Some(b"MM\0*\xff\xff\xff\xff")).is_empty());
        assert!(kept(Some(&block(&[(ARTIST, b"  \0")]))).is_empty());
        let long = block(&[(COPYRIGHT, &[b'x'; 60_000])]);
        assert!(kept(Some(&long)).len() < 2200);
    }
}
