//! The boolean entropy encoder (RFC 6386, section 7.3).

/// Writes booleans of given probabilities.
pub(super) struct BoolEncoder {
    bytes: Vec<u8>,
    /// The size of the interval, 128 to 255.
    range: u32,
    bottom: u64,
    /// How far `bottom` was shifted since its last byte left, less 24.
    bits: i32,
}

impl BoolEncoder {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            range: 255,
            bottom: 0,
            bits: -24,
        }
    }

    /// Writes `bit`, which is false with a probability of `prob / 256`.
    #[inline]
    pub(super) fn bit(&mut self, bit: bool, prob: u8) {
        let split = 1 + (((self.range - 1) * u32::from(prob)) >> 8);
        if bit {
            self.bottom += u64::from(split);
            self.range -= split;
        } else {
            self.range = split;
        }
        let shift = self.range.leading_zeros().wrapping_sub(24);
        self.range <<= shift;
        self.bits += shift.cast_signed();
        self.bottom <<= shift;
        if self.bits >= 0 {
            self.take_byte();
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the byte is cut out")]
    fn take_byte(&mut self) {
        // Above the byte there can only be a carry.
        let low = (self.bits + 24).cast_unsigned();
        let top = self.bottom >> low;
        if top & 0x100 != 0 {
            for byte in self.bytes.iter_mut().rev() {
                let (sum, carried) = byte.overflowing_add(1);
                *byte = sum;
                if !carried {
                    break;
                }
            }
        }
        self.bytes.push(top as u8);
        self.bottom &= (1 << low) - 1;
        self.bits -= 8;
    }

    /// An even boolean.
    pub(super) fn flag(&mut self, bit: bool) {
        self.bit(bit, 128);
    }

    /// The low `bits` bits of `value`, the highest first.
    pub(super) fn literal(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            self.flag((value >> bit) & 1 != 0);
        }
    }

    /// A flag that says whether the value is not zero, then its size in `bits` bits and its sign.
    pub(super) fn optional_signed(&mut self, value: i32, bits: u32) {
        self.flag(value != 0);
        if value != 0 {
            self.literal(value.unsigned_abs(), bits);
            self.flag(value < 0);
        }
    }

    /// All bytes.
    pub(super) fn finish(mut self) -> Vec<u8> {
        for _ in 0..32 {
            self.flag(false);
        }
        self.bytes
    }
}
