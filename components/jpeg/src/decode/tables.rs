//! The tables that segments define (T.81 B.2.4): codes, quantisation, the restart interval.

use super::huffman::{Code, Definition};
use super::markers::Segment;
use crate::JpegError;

/// Those in force.
#[derive(Clone, Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Definition>; 4],
    pub(super) ac: [Option<Definition>; 4],
    /// In zigzag order.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    /// In MCUs; 0: none.
    pub(super) restart: usize,
}

impl Tables {
    /// The code of DC coefficients by the number of its table.
    pub(super) fn dc_code(&self, number: usize) -> Result<Code, JpegError> {
        code(self.dc.get(number))
    }

    /// The code of AC coefficients by the number of its table.
    pub(super) fn ac_code(&self, number: usize) -> Result<Code, JpegError> {
        code(self.ac.get(number))
    }

    /// A segment between scans.
    pub(super) fn read(&mut self, segment: &Segment<'_>) -> Result<(), JpegError> {
        match segment {
            Segment::Huffman(payload) => self.read_huffman(payload),
            Segment::Quantisation(payload) => self.read_quantisation(payload),
            Segment::Restart(payload) => self.read_restart(payload),
            _ => Ok(()),
        }
    }

    /// DHT, which may define several.
    pub(super) fn read_huffman(&mut self, payload: &[u8]) -> Result<(), JpegError> {
        const BAD: JpegError = JpegError::Corrupt("a Huffman table that is none");
        let mut rest = payload;
        while let Some((head, behind)) = rest.split_first() {
            let (counts, behind) = behind.split_first_chunk::<16>().ok_or(BAD)?;
            let count = counts.iter().map(|n| usize::from(*n)).sum::<usize>();
            let (symbols, behind) = behind.split_at_checked(count).ok_or(BAD)?;
            let tables = match head >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(BAD),
            };
            if count > 256 {
                return Err(BAD);
            }
            *tables.get_mut(usize::from(head & 0xF)).ok_or(BAD)? = Some(Definition {
                counts: *counts,
                symbols: symbols.to_vec(),
            });
            rest = behind;
        }
        Ok(())
    }

    /// DQT, which may define several, of 8 or 16 bits.
    pub(super) fn read_quantisation(&mut self, payload: &[u8]) -> Result<(), JpegError> {
        const BAD: JpegError = JpegError::Corrupt("a quantisation table that is none");
        let mut rest = payload;
        while let Some((head, behind)) = rest.split_first() {
            let mut table = [0; 64];
            match head >> 4 {
                0 => {
                    let (bytes, behind) = behind.split_first_chunk::<64>().ok_or(BAD)?;
                    table = bytes.map(u16::from);
                    rest = behind;
                }
                1 => {
                    let (bytes, behind) = behind.split_first_chunk::<128>().ok_or(BAD)?;
                    let (pairs, _) = bytes.as_chunks::<2>();
                    for (entry, pair) in table.iter_mut().zip(pairs) {
                        *entry = u16::from_be_bytes(*pair);
                    }
                    rest = behind;
                }
                _ => return Err(BAD),
            }
            *self
                .quantisation
                .get_mut(usize::from(head & 0xF))
                .ok_or(BAD)? = Some(table);
        }
        Ok(())
    }

    /// DRI.
    pub(super) fn read_restart(&mut self, payload: &[u8]) -> Result<(), JpegError> {
        let bytes = payload
            .first_chunk()
            .ok_or(JpegError::Corrupt("a restart interval that is none"))?;
        self.restart = usize::from(u16::from_be_bytes(*bytes));
        Ok(())
    }
}

fn code(definition: Option<&Option<Definition>>) -> Result<Code, JpegError> {
    let definition = definition
        .and_then(Option::as_ref)
        .ok_or(JpegError::Corrupt("no Huffman table"))?;
    Code::new(definition).ok_or(JpegError::Corrupt("a Huffman table of too many codes"))
}
