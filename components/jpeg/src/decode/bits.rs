//! Bits of entropy-coded data (T.81 F.2.2.5), most significant first.
//!
//! What a loop does with a `Bits` is inlined, so that its fields stay in registers there.

/// Bits that can be asked for after [`Bits::need`]: a code of 16 and a value of 15.
const ENOUGH: u32 = 32;

/// A reader of one stretch of entropy-coded data: it ends at a marker or with the file.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The next byte that is not in `buffer`.
    at: usize,
    /// The next bits, from the top. Below `left` bits: zeros, or a part of what follows.
    buffer: u64,
    left: u32,
    /// Zeros that were put into `buffer` where the data had ended.
    made_up: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Self {
        Self {
            data,
            at,
            buffer: 0,
            left: 0,
            made_up: 0,
        }
    }

    /// Make sure of 32 bits. Behind the end of the data they are zeros.
    #[inline(always)]
    pub(super) fn need(&mut self) {
        if self.left < ENOUGH {
            self.refill();
        }
    }

    #[inline(always)]
    fn refill(&mut self) {
        let ahead = self.data.get(self.at..);
        if let Some(bytes) = ahead.and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_be_bytes(*bytes);
            if !has_ff(word) {
                self.buffer |= word >> self.left;
                let taken = (63 - self.left) >> 3;
                self.at += taken as usize;
                self.left += taken << 3;
                return;
            }
        }
        // Not a method: it would need `self` in memory, here and in the loops around.
        let filled = filled_by_bytes(self.data, self.at, (self.buffer, self.left));
        self.at = filled.at;
        self.buffer = filled.buffer;
        self.left = filled.left;
        self.made_up += filled.made_up;
    }

    /// The next `n` bits, 1 to 16, without taking them.
    #[inline(always)]
    pub(super) fn peek(&self, n: u32) -> usize {
        (self.buffer >> (64 - n)) as usize
    }

    /// Bits from the top, the first `skip` left out.
    #[inline(always)]
    pub(super) fn behind(&self, skip: u32) -> u64 {
        self.buffer << skip
    }

    /// Take `n` bits, at most 31 after [`Self::need`].
    #[inline(always)]
    pub(super) fn take(&mut self, n: u32) {
        self.buffer <<= n;
        self.left = self.left.wrapping_sub(n);
    }

    /// One bit.
    #[inline(always)]
    pub(super) fn bit(&mut self) -> bool {
        if self.left == 0 {
            self.refill();
        }
        let bit = self.buffer >> 63 != 0;
        self.take(1);
        bit
    }

    /// A number of `n` bits, at most 16.
    pub(super) fn number(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        self.need();
        let number = self.peek(n) as u32;
        self.take(n);
        number
    }

    /// Leave out `n` bits, at most 64.
    pub(super) fn skip(&mut self, n: u32) {
        let first = n.min(31);
        self.need();
        self.take(first);
        let second = (n - first).min(31);
        self.need();
        self.take(second);
        self.need();
        self.take(n - first - second);
    }

    /// Whether bits were taken that the data does not have.
    #[inline(always)]
    pub(super) fn overrun(&self) -> bool {
        self.made_up > self.left
    }

    /// Whether all of the data is in the buffer or taken.
    pub(super) fn is_at_end(self) -> bool {
        self.made_up > 0 || self.at >= self.data.len() || self.end() == self.at
    }

    /// The file, of which this is a part.
    pub(super) fn source(self) -> &'a [u8] {
        self.data
    }

    /// Where the marker stands that ends this stretch, given that all of its bits that matter
    /// were taken: what is left over is passed by.
    pub(super) fn end(self) -> usize {
        // The bytes in the buffer may have been read past stuffing, never past a marker.
        next_marker(self.data, self.at).unwrap_or(self.data.len())
    }
}

/// What the slow way of filling makes.
struct Filled {
    at: usize,
    buffer: u64,
    left: u32,
    made_up: u32,
}

/// Fill up byte by byte: there is a 0xFF near, or the end.
#[cold]
#[inline(never)]
fn filled_by_bytes(data: &[u8], at: usize, (buffer, left): (u64, u32)) -> Filled {
    let mut this = Filled {
        at,
        buffer,
        left,
        made_up: 0,
    };
    while this.left <= 56 {
        let byte = match data.get(this.at) {
            Some(0xFF) => match data.get(this.at + 1) {
                Some(0) => {
                    this.at += 2;
                    0xFF
                }
                // A fill byte.
                Some(0xFF) => {
                    this.at += 1;
                    continue;
                }
                _ => {
                    this.made_up += 8;
                    0
                }
            },
            Some(byte) => {
                this.at += 1;
                *byte
            }
            None => {
                this.made_up += 8;
                0
            }
        };
        this.buffer |= u64::from(byte) << (56 - this.left);
        this.left += 8;
    }
    this
}

/// Whether one of the eight bytes is 0xFF.
#[inline(always)]
fn has_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    (!word).wrapping_sub(ONES) & word & TOPS != 0
}

/// Where the 0xFF of the next marker stands that is not stuffing or fill.
pub(super) fn next_marker(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = data.get(at..)?;
        at += ff_in(rest)?;
        match data.get(at + 1)? {
            0x00 => at += 2,
            0xFF => at += 1,
            _ => return Some(at),
        }
    }
}

/// Where the first 0xFF stands; eight bytes at a time.
fn ff_in(data: &[u8]) -> Option<usize> {
    let (words, _) = data.as_chunks::<8>();
    let whole = words
        .iter()
        .take_while(|word| !has_ff(u64::from_ne_bytes(**word)))
        .count();
    let from = whole * 8;
    let rest = data.get(from..)?;
    rest.iter()
        .position(|byte| *byte == 0xFF)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_once_and_no_stuffing() {
        let mut data = Vec::new();
        let mut expected = Vec::new();
        for i in 0..2000_u32 {
            let byte = (i * i * 7 + i / 3) as u8;
            expected.push(byte);
            data.push(byte);
            if byte == 0xFF {
                data.push(0);
            }
            if i % 97 == 0 {
                expected.push(0xFF);
                data.extend([0xFF, 0xFF, 0]);
            }
        }
        let end = data.len();
        data.extend([0xFF, 0xD9, 1, 2, 3, 4, 5, 6, 7, 8]);
        let mut bits = Bits::new(&data, 0);
        for (at, byte) in expected.iter().enumerate() {
            let got = match at % 3 {
                0 => (bits.number(3) << 5) | bits.number(5),
                1 => (0..8).fold(0, |sum, _| (sum << 1) | u32::from(bits.bit())),
                _ => bits.number(8),
            };
            assert_eq!(got, u32::from(*byte), "{at}");
            assert!(!bits.overrun(), "{at}");
        }
        assert_eq!(bits.end(), end);
        assert_eq!(bits.number(7), 0);
        assert!(bits.overrun());
        assert_eq!(bits.end(), end);
    }

    #[test]
    fn bits_left_out() {
        let data: Vec<u8> = (0..100).collect();
        for n in 0..=64 {
            let mut bits = Bits::new(&data, 0);
            bits.skip(3);
            bits.skip(n);
            let from = (3 + n) as usize;
            let byte = from / 8;
            let word = u32::from_be_bytes([0, data[byte], data[byte + 1], data[byte + 2]]);
            assert_eq!(bits.number(8), (word << (8 + from % 8)) >> 24, "{n}");
        }
    }
}
