//! The blocks of a GIF (GIF89a, sections 18 to 27): sizes and frames, found without decoding.
//!
//! The screen alone is not enough: a small screen can have frames of 65,535 x 65,535, which a
//! decoder allocates for.

use crate::{ImageError, Limits};

/// What the blocks say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blocks {
    /// Of the screen.
    pub(crate) size: (u32, u32),
    /// Whole frames.
    pub(crate) frames: u32,
    /// Whether pixels can be transparent: a frame says so, or the first one leaves some out.
    pub(crate) has_alpha: bool,
    /// How often it is played; 0: for ever. As Netscape's extension has it; 1 without one.
    pub(crate) plays: u16,
    /// The file ends before its pixels do. A missing trailer behind a whole frame is none.
    pub(crate) truncated: bool,
}

/// Walk the blocks of `source`.
///
/// # Errors
/// [`ImageError::Truncated`] where not even the screen is there, [`ImageError::Corrupt`], and
/// those of [`Limits::check_size`] for the screen and every frame.
pub(crate) fn read(source: &[u8], limits: &Limits) -> Result<Blocks, ImageError> {
    let mut walk = Walk { source, at: 6 };
    let [width, height] = walk.pair().ok_or(ImageError::Truncated)?;
    let size = (u32::from(width), u32::from(height));
    limits.check_size(size.0, size.1)?;
    let flags = walk.byte().ok_or(ImageError::Truncated)?;
    walk.skip(2).ok_or(ImageError::Truncated)?;
    let mut blocks = Blocks {
        size,
        frames: 0,
        has_alpha: false,
        plays: 1,
        truncated: false,
    };
    let global = walk.skip(table_bytes(flags));
    let whole = match global {
        Some(()) => walk.blocks(&mut blocks, limits)?,
        None => None,
    };
    blocks.truncated = whole.is_none();
    Ok(blocks)
}

fn table_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

struct Walk<'a> {
    source: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// All blocks; `None` where the file ends within one.
    fn blocks(&mut self, blocks: &mut Blocks, limits: &Limits) -> Result<Option<()>, ImageError> {
        loop {
            match self.byte() {
                Some(0x3B) => return Ok(Some(())),
                None => return Ok((blocks.frames > 0).then_some(())),
                Some(0x21) => {
                    if self.extension(blocks).is_none() {
                        return Ok(None);
                    }
                }
                Some(0x2C) => match self.image() {
                    Some((place, whole)) => {
                        limits.check_size(u32::from(place[2]), u32::from(place[3]))?;
                        if !whole {
                            return Ok(None);
                        }
                        let covers = place[0] == 0
                            && place[1] == 0
                            && u32::from(place[2]) >= blocks.size.0
                            && u32::from(place[3]) >= blocks.size.1;
                        blocks.has_alpha |= blocks.frames == 0 && !covers;
                        blocks.frames = blocks.frames.saturating_add(1);
                    }
                    None => return Ok(None),
                },
                // Rubbish behind the last frame is common; before the first it is no GIF.
                Some(_) if blocks.frames > 0 => return Ok(Some(())),
                Some(other) => {
                    return Err(ImageError::corrupt(format!("a GIF block {other:#04x}")));
                }
            }
        }
    }

    fn extension(&mut self, blocks: &mut Blocks) -> Option<()> {
        let label = self.byte()?;
        let first = self.sub_block()?;
        match label {
            // Graphic control: bit 0 of its flags says that there is a transparent colour.
            0xF9 => blocks.has_alpha |= first.first().is_some_and(|flags| flags & 1 != 0),
            0xFF if first == b"NETSCAPE2.0" || first == b"ANIMEXTS1.0" => {
                let data = self.sub_block()?;
                if let [1, low, high] = data {
                    let repeats = u16::from_le_bytes([*low, *high]);
                    // It counts the repeats, not the plays.
                    blocks.plays = if repeats == 0 {
                        0
                    } else {
                        repeats.saturating_add(1)
                    };
                }
                if data.is_empty() {
                    return Some(());
                }
            }
            _ => {}
        }
        if first.is_empty() {
            return Some(());
        }
        self.rest_of_blocks()
    }

    /// The place of an image (left, top, width, height) and whether its data is there.
    fn image(&mut self) -> Option<([u16; 4], bool)> {
        let [left, top] = self.pair()?;
        let [width, height] = self.pair()?;
        let flags = self.byte()?;
        let data = self
            .skip(table_bytes(flags) + 1)
            .and_then(|()| self.rest_of_blocks());
        Some(([left, top, width, height], data.is_some()))
    }

    fn rest_of_blocks(&mut self) -> Option<()> {
        while !self.sub_block()?.is_empty() {}
        Some(())
    }

    fn sub_block(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        let block = self.source.get(self.at..self.at + length)?;
        self.at += length;
        Some(block)
    }

    fn pair(&mut self) -> Option<[u16; 2]> {
        let bytes = self.source.get(self.at..self.at + 4)?;
        self.at += 4;
        match bytes {
            [a, b, c, d] => Some([u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])]),
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.source.get(self.at)?;
        self.at += 1;
        Some(*byte)
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes)?;
        (self.at <= self.source.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend([0x80, 0, 0, 1, 2, 3, 4, 5, 6]);
        bytes
    }

    fn frame(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0x2C, 0, 0, 0, 0];
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend([0, 2, 2, 0x4C, 1, 0]);
        bytes
    }

    fn of(parts: &[Vec<u8>]) -> Result<Blocks, ImageError> {
        read(&parts.concat(), &Limits::default())
    }

    #[test]
    fn frames_are_counted_and_the_loop_is_read() {
        let again = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x02\x00\x00".to_vec();
        let blocks = of(&[screen(4, 3), again, frame(4, 3), frame(2, 2), vec![0x3B]]).unwrap();
        let expected = Blocks {
            size: (4, 3),
            frames: 2,
            has_alpha: false,
            plays: 3,
            truncated: false,
        };
        assert_eq!(blocks, expected);
        let see_through = vec![0x21, 0xF9, 4, 1, 0, 0, 0, 0];
        assert!(
            of(&[screen(4, 3), see_through, frame(4, 3)])
                .unwrap()
                .has_alpha
        );
        assert!(of(&[screen(4, 3), frame(3, 3)]).unwrap().has_alpha);
    }

    #[test]
    fn what_is_missing_is_truncated() {
        let whole = [screen(4, 3), frame(4, 3), frame(4, 3)].concat();
        for length in 13..whole.len() {
            let blocks = read(&whole[..length], &Limits::default()).unwrap();
            let between = length == screen(4, 3).len() + frame(4, 3).len();
            assert_eq!(blocks.truncated, !between, "{length}");
        }
        assert!(!read(&whole, &Limits::default()).unwrap().truncated);
        assert!(matches!(
            read(&whole[..12], &Limits::default()),
            Err(ImageError::Truncated)
        ));
    }

    #[test]
    fn a_frame_larger_than_the_limits_is_refused_on_any_screen() {
        let bomb = of(&[screen(8, 8), frame(65_535, 65_535)]);
        assert!(matches!(bomb, Err(ImageError::DimensionTooLarge { .. })));
        assert!(matches!(
            of(&[screen(0, 8), frame(1, 1)]),
            Err(ImageError::Corrupt(_))
        ));
        assert!(matches!(
            of(&[screen(8, 8), vec![0x77]]),
            Err(ImageError::Corrupt(_))
        ));
    }
}
