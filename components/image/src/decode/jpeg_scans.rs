//! How many scans a JPEG has (ITU T.81, annex B), found by walking its markers.
//!
//! Each scan makes the decoder walk the whole picture, even one of ten bytes whose data ends at
//! once, so their number bounds the work and not the length of the file.

use crate::ImageError;

/// More scans than this are refused in a progressive file. Encoders write about ten.
const PROGRESSIVE_SCANS_MAX: usize = 100;

/// Refuse a picture of more scans than its kind can use: sequential, each component once (T.81
/// B.2.3); progressive, a hundred.
///
/// `first` is the payload of the first scan header, `data` what follows it, `components` those of
/// the frame.
///
/// # Errors
/// [`ImageError::Corrupt`]. What is damaged in another way is left to the decoder.
pub(crate) fn check(
    first: &[u8],
    data: &[u8],
    components: usize,
    progressive: bool,
) -> Result<(), ImageError> {
    let mut scans = 0_usize;
    let mut coded = 0_usize;
    let mut walk = Walk { data, at: 0 };
    let mut header = Some(first);
    while let Some(payload) = header {
        scans += 1;
        coded += payload.first().copied().map_or(0, usize::from);
        if progressive && scans > PROGRESSIVE_SCANS_MAX {
            let why = format!("more than {PROGRESSIVE_SCANS_MAX} scans");
            return Err(ImageError::corrupt(why));
        }
        if !progressive && (scans > components || coded > components) {
            return Err(ImageError::corrupt("a component in more than one scan"));
        }
        header = walk.next_scan();
    }
    Ok(())
}

/// Walks what follows a scan header: entropy-coded data, then segments, up to the next scan.
struct Walk<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// The payload of the next scan header; `None` where the picture, or the file, ends before.
    /// What lies behind the end is none of the picture: phones put a second one there.
    fn next_scan(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.marker()? {
                // End of the image.
                0xD9 => return None,
                // Stuffed data and restarts belong to the scan.
                0x00 | 0xD0..=0xD7 => {}
                marker => {
                    let payload = self.segment()?;
                    if marker == 0xDA {
                        return Some(payload);
                    }
                }
            }
        }
    }

    /// The byte behind the next 0xFF and its fill bytes.
    fn marker(&mut self) -> Option<u8> {
        let rest = self.data.get(self.at..)?;
        let lead = rest.iter().position(|byte| *byte == 0xFF)?;
        let behind = rest.get(lead..)?;
        let fill = behind.iter().position(|byte| *byte != 0xFF)?;
        self.at += lead + fill + 1;
        behind.get(fill).copied()
    }

    fn segment(&mut self) -> Option<&'a [u8]> {
        let rest = self.data.get(self.at..)?;
        let ([high, low], rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        self.at += 2 + length;
        rest.get(..length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scan header of so many components, and a little data with a stuffed byte and a restart.
    fn scan(components: u8) -> Vec<u8> {
        let length = 6 + 2 * components;
        let mut bytes = vec![0xFF, 0xDA, 0, length, components];
        bytes.resize(usize::from(length) + 2, 1);
        bytes.extend([5, 0xFF, 0, 7, 0xFF, 0xD0, 9]);
        bytes
    }

    fn verdict(scans: &[u8], progressive: bool) -> bool {
        let bytes: Vec<u8> = scans.iter().flat_map(|n| scan(*n)).collect();
        check_bytes(&bytes, progressive)
    }

    fn check_bytes(bytes: &[u8], progressive: bool) -> bool {
        let end = 2 + usize::from(bytes[3]);
        check(&bytes[4..end], &bytes[end..], 3, progressive).is_ok()
    }

    #[test]
    fn a_sequential_picture_has_each_component_once() {
        for scans in [&[3][..], &[1], &[1, 1, 1], &[1, 2], &[2, 1]] {
            assert!(verdict(scans, false), "{scans:?}");
        }
        for scans in [&[3, 1][..], &[1, 1, 1, 1], &[2, 2], &[4], &[0, 0, 0, 0]] {
            assert!(!verdict(scans, false), "{scans:?}");
        }
    }

    #[test]
    fn a_progressive_picture_has_a_hundred() {
        assert!(verdict(&[1; 100], true));
        assert!(!verdict(&[1; 101], true));
    }

    #[test]
    fn scans_stand_between_segments_and_end_with_the_picture() {
        let mut bytes = scan(3);
        // In a comment neither a scan nor an end counts.
        bytes.extend([0xFF, 0xFE, 0, 6, 0xFF, 0xDA, 0xFF, 0xD9]);
        assert!(check_bytes(&bytes, false));
        let mut hidden = bytes.clone();
        hidden.extend([0xFF, 0xFF]);
        hidden.extend(scan(1));
        assert!(!check_bytes(&hidden, false));
        // A second picture behind the first is not decoded.
        bytes.extend([0xFF, 0xD9]);
        bytes.extend([scan(3), scan(3)].concat());
        assert!(check_bytes(&bytes, false));
    }
}
