//! The boolean entropy decoder (RFC 6386, section 7), with a window of 64 bits.

/// Reads booleans of given probabilities.
#[derive(Clone, Debug)]
pub(crate) struct BoolDecoder<'a> {
    data: &'a [u8],
    /// The bits read so far and not yet used, right-aligned.
    value: u64,
    /// The size of the current interval less one: 127 to 254.
    range: u32,
    /// How many bits of `value` lie below the eight that are compared; negative: more are needed.
    spare_bits: i32,
    /// Whether bytes past the end were needed.
    past_end: bool,
}

impl<'a> BoolDecoder<'a> {
    /// Starts at the first byte of a partition.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            value: 0,
            range: 254,
            spare_bits: -8,
            past_end: false,
        }
    }

    /// Whether what was read lies past the end; zeros stood in for it.
    pub(crate) fn is_past_end(&self) -> bool {
        self.past_end
    }

    #[inline]
    fn load(&mut self) {
        if let Some((eight, _)) = self.data.split_first_chunk::<8>() {
            self.value = (self.value << 56) | (u64::from_be_bytes(*eight) >> 8);
            self.spare_bits += 56;
            self.data = self.data.get(7..).unwrap_or_default();
        } else {
            self.load_end();
        }
    }

    #[cold]
    fn load_end(&mut self) {
        if let Some((first, rest)) = self.data.split_first() {
            self.value = (self.value << 8) | u64::from(*first);
            self.spare_bits += 8;
            self.data = rest;
        } else if self.past_end {
            // Shifts stay defined; what is read is refused by whoever asks `is_past_end`.
            self.spare_bits = 0;
        } else {
            self.value <<= 8;
            self.spare_bits += 8;
            self.past_end = true;
        }
    }

    /// True with a probability of `1 - prob / 256`.
    #[inline(always)]
    pub(crate) fn bit(&mut self, prob: u8) -> bool {
        if self.spare_bits < 0 {
            self.load();
        }
        let split = (self.range * u32::from(prob)) >> 8;
        let big_split = u64::from(split) << self.spare_bits;
        // `value >> spare_bits > split`, without the shift of what is compared.
        let one = (self.value >> self.spare_bits) > u64::from(split);
        let range = if one {
            self.value -= big_split + (1 << self.spare_bits);
            self.range - split - 1
        } else {
            split
        };
        // Both are the size of the interval less one; bring it back to 127 to 254.
        let shift = (range + 1).leading_zeros().wrapping_sub(24);
        self.range = ((range + 1) << shift) - 1;
        self.spare_bits -= shift.cast_signed();
        one
    }

    /// `value` or its opposite, evenly likely.
    #[inline(always)]
    pub(crate) fn signed(&mut self, value: i32) -> i32 {
        if self.bit(128) { -value } else { value }
    }

    /// An even boolean.
    pub(crate) fn flag(&mut self) -> bool {
        self.bit(128)
    }

    /// An unsigned number of `bits` bits, the highest first.
    pub(crate) fn literal(&mut self, bits: u32) -> u8 {
        (0..bits).fold(0, |value, _| (value << 1) | u8::from(self.flag()))
    }

    /// A number of `bits` bits and its sign behind a flag that says whether it is there.
    pub(crate) fn optional_signed(&mut self, bits: u32) -> Option<i32> {
        self.flag().then(|| {
            let value = i32::from(self.literal(bits));
            self.signed(value)
        })
    }
}
