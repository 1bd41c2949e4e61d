//! Huffman codes (T.81 annex C and F.2.2.3) as tables to look into.

#![allow(
    clippy::indexing_slicing,
    reason = "indexes are masked, or bits that were cut to the table's size"
)]

use super::bits::Bits;

/// Codes up to this length are found by one look.
const LOOK: u32 = 10;

/// The bits that [`Steps`] looks at.
const STEP: u32 = 12;

/// A code as a DHT segment defines it: how many there are of each length, and their symbols.
#[derive(Clone)]
pub(super) struct Definition {
    pub(super) counts: [u8; 16],
    pub(super) symbols: Vec<u8>,
}

/// A code, to read symbols with.
pub(super) struct Code {
    /// By the next [`LOOK`] bits: the symbol, and above it the length; 0 where it is longer.
    look: [u16; 1 << LOOK],
    /// By length: codes below this, aligned to 16 bits, are of this length or shorter.
    limits: [u32; 17],
    /// By length: what is added to a code of it to find its symbol.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

/// Not the beginning of any code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoCode;

impl Code {
    /// `None` where the definition has more codes than there are.
    pub(super) fn new(definition: &Definition) -> Option<Self> {
        let mut this = Self {
            look: [0; 1 << LOOK],
            limits: [0; 17],
            offsets: [0; 17],
            symbols: [0; 256],
        };
        let count = definition.symbols.len().min(256);
        this.symbols
            .get_mut(..count)?
            .copy_from_slice(definition.symbols.get(..count)?);
        let (mut code, mut first) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(definition.counts) {
            let count = usize::from(count);
            this.offsets[length as usize] =
                i32::try_from(first).ok()? - i32::try_from(code).ok()?;
            for symbol in definition.symbols.get(first..first + count)? {
                if code >> length != 0 {
                    return None;
                }
                if length <= LOOK {
                    let entry = (length as u16) << 8 | u16::from(*symbol);
                    let from = (code << (LOOK - length)) as usize;
                    this.look
                        .get_mut(from..from + (1 << (LOOK - length)))?
                        .fill(entry);
                }
                code += 1;
            }
            first += count;
            this.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(this)
    }

    /// The length of the next code and its symbol, which is not taken. After [`Bits::need`].
    #[inline(always)]
    pub(super) fn next(&self, bits: &Bits<'_>) -> Result<(u32, u8), NoCode> {
        let entry = self.look[bits.peek(LOOK) & ((1 << LOOK) - 1)];
        if entry != 0 {
            return Ok((u32::from(entry >> 8), entry as u8));
        }
        self.long(bits.peek(16) as u32)
    }

    /// The next symbol. After [`Bits::need`].
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Result<u8, NoCode> {
        let (length, symbol) = self.next(bits)?;
        bits.take(length);
        Ok(symbol)
    }

    #[cold]
    #[inline(never)]
    fn long(&self, sixteen: u32) -> Result<(u32, u8), NoCode> {
        for length in 1..=16_u32 {
            if sixteen < self.limits[length as usize] {
                let code = (sixteen >> (16 - length)) as i32;
                let at = code + self.offsets[length as usize];
                return Ok((length, self.symbols[(at & 0xFF) as usize]));
            }
        }
        Err(NoCode)
    }
}

/// Many symbols at once, for coefficients that nobody wants.
pub(super) struct Steps {
    /// By the next [`STEP`] bits: how many bits to take, how far it goes on (the end of a block
    /// counts as one), and at bit 15 whether the block ends. 0: not one symbol is whole.
    look: [u16; 1 << STEP],
}

/// One look into [`Steps`].
#[derive(Clone, Copy)]
pub(super) struct Step(u16);

impl Step {
    #[inline(always)]
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        u32::from(self.0 & 0xF)
    }

    /// By how many coefficients, 1 to 193.
    #[inline(always)]
    pub(super) fn advance(self) -> usize {
        usize::from(self.0 >> 4 & 0xFF)
    }

    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 >> 15 != 0
    }
}

impl Steps {
    /// For sequential AC coefficients coded by `code`; without one, for nothing.
    pub(super) fn new(code: Option<&Code>) -> Self {
        let mut look = [0; 1 << STEP];
        let Some(code) = code else {
            return Self { look };
        };
        for (at, entry) in look.iter_mut().enumerate() {
            let (mut used, mut advance, mut end) = (0_u32, 0_u16, 0_u16);
            while !(end != 0 || used >= STEP) {
                let rest = (at << used) & ((1 << STEP) - 1);
                let found = code.look[rest >> (STEP - LOOK)];
                let length = u32::from(found >> 8);
                let (run, size) = (found >> 4 & 0xF, u32::from(found & 0xF));
                if found == 0 || used + length + size > STEP {
                    break;
                }
                used += length + size;
                if size == 0 && run != 15 {
                    end = 1;
                }
                advance += if end == 1 { 1 } else { run + 1 };
            }
            *entry = end << 15 | advance << 4 | used as u16;
        }
        Self { look }
    }

    /// After [`Bits::need`].
    #[inline(always)]
    pub(super) fn next(&self, bits: &Bits<'_>) -> Step {
        Step(self.look[bits.peek(STEP) & ((1 << STEP) - 1)])
    }
}

/// The number that `size` bits stand for, which begin at the top of `word` (T.81 F.2.2.1).
#[inline(always)]
pub(super) fn extended(word: u64, size: u32) -> i32 {
    // Two steps: `size` may be 0.
    let number = (word >> 1 >> (63 - size)) as i32;
    let positive = (word as i64 >> 63) as i32;
    number - (!positive & ((1 << size) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_few_bits() {
        for (bits, size, number) in [(0b0, 1, -1), (0b1, 1, 1), (0b00, 2, -3), (0b10, 2, 2)] {
            assert_eq!(extended(bits << (64 - size), size), number, "{bits:b}");
        }
        assert_eq!(extended(0, 15), -32767);
        assert_eq!(extended(u64::MAX, 15), 32767);
        assert_eq!(extended(u64::MAX, 0), 0);
        assert_eq!(extended(0, 0), 0);
    }

    #[test]
    fn short_and_long_codes() {
        // One code of each length: 0, 10, 110, ...
        let definition = Definition {
            counts: [1; 16],
            symbols: (1..=16).collect(),
        };
        let code = Code::new(&definition).unwrap();
        for length in 1..=16_u8 {
            let number = u32::MAX.checked_shl(33 - u32::from(length));
            let data = number.unwrap_or(0).to_be_bytes();
            // No byte 0xFF goes into a reader unstuffed.
            let stuffed: Vec<u8> = data
                .iter()
                .flat_map(|b| if *b == 0xFF { vec![0xFF, 0] } else { vec![*b] })
                .collect();
            let mut bits = Bits::new(&stuffed, 0);
            bits.need();
            assert_eq!(code.next(&bits), Ok((u32::from(length), length)));
        }
        let mut bits = Bits::new(&[0xFF, 0, 0xFF, 0], 0);
        bits.need();
        assert_eq!(code.next(&bits), Err(NoCode));
    }

    #[test]
    fn too_many_codes() {
        let mut counts = [0; 16];
        counts[0] = 3;
        let symbols = vec![1, 2, 3];
        assert!(Code::new(&Definition { counts, symbols }).is_none());
    }
}
