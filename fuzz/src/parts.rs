//! Inputs that are text of several parts, so that seeds can be read and mutations stay apart.

/// Splits at lines that are `--`. Parts that are not there are empty; the last one is the rest.
pub(crate) fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    const LINE: &[u8] = b"\n--\n";
    let mut rest = Some(data);
    std::array::from_fn(|index| {
        let this = rest.take().unwrap_or_default();
        let end = this.windows(LINE.len()).position(|window| window == LINE);
        match end.filter(|_| index + 1 < N) {
            Some(end) => {
                rest = Some(&this[end + LINE.len()..]);
                &this[..end]
            }
            None => this,
        }
    })
}

/// The lines of a part, without their ends.
pub(crate) fn lines(part: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    part.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The first lines that are UTF-8, at most `most`.
pub(crate) fn texts(part: &[u8], most: usize) -> impl Iterator<Item = &str> + Clone {
    lines(part)
        .filter_map(|line| str::from_utf8(line).ok())
        .filter(|line| !line.is_empty())
        .take(most)
}

/// A number that follows from the data: what a target has to choose, it chooses by this.
pub(crate) fn noise(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Bits that follow from a number, as many as are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Bits(pub(crate) u64);

impl Bits {
    /// The next bit (xorshift64, Marsaglia 2003).
    pub(crate) fn bit(&mut self) -> bool {
        self.0 |= 1;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 63 == 1
    }
}
