//! Codes made for how often symbols come (T.81 annex K.2): no longer than 16 bits.

#![allow(
    clippy::indexing_slicing,
    reason = "indexes come from loops over the arrays"
)]

/// A code: what a DHT segment says of it, and what is written.
#[derive(Clone)]
pub(super) struct Code {
    /// How many codes there are of each length.
    pub(super) counts: [u8; 16],
    /// Symbols, from short codes to long ones.
    pub(super) symbols: Vec<u8>,
    /// By symbol: the code, and its length.
    pub(super) words: [(u16, u8); 256],
}

/// DC of luminance, DC of chrominance, AC of luminance, AC of chrominance.
pub(super) struct Codes(pub(super) [Code; 4]);

impl Codes {
    pub(super) fn new(counts: &[[u32; 256]; 4]) -> Self {
        Self(counts.each_ref().map(Code::new))
    }
}

impl Code {
    /// For symbols that come so often.
    fn new(frequencies: &[u32; 256]) -> Self {
        let lengths = lengths(frequencies);
        let mut counts = [0_u32; 64];
        for length in lengths {
            counts[usize::from(length.min(63))] += 1;
        }
        counts[0] = 0;
        // No more than 16 bits: of two codes that are too long, one goes up a level, and the other
        // pairs with one of a shorter length (figure K.3).
        for length in (17..64).rev() {
            while counts[length] > 0 {
                let mut shorter = length - 2;
                while shorter > 0 && counts[shorter] == 0 {
                    shorter -= 1;
                }
                counts[length] -= 2;
                counts[length - 1] += 1;
                counts[shorter + 1] += 2;
                counts[shorter] -= 1;
            }
        }
        // The symbol that stood for the code of ones only, which is not allowed.
        if let Some(longest) = (1..=16).rev().find(|length| counts[*length] > 0) {
            counts[longest] -= 1;
        }

        // From short to long, by value among the same length. Those that went up keep their order.
        let mut symbols: Vec<(u8, u8)> = (0..=255_u8)
            .zip(lengths)
            .filter(|(_, length)| *length > 0)
            .map(|(symbol, length)| (length, symbol))
            .collect();
        symbols.sort_unstable();
        let symbols: Vec<u8> = symbols.into_iter().map(|(_, symbol)| symbol).collect();
        let mut this = Self {
            counts: std::array::from_fn(|at| byte(counts[at + 1])),
            symbols,
            words: [(0, 0); 256],
        };
        let mut code = 0_u16;
        let mut rest = this.symbols.iter();
        for (length, count) in (1_u8..).zip(this.counts) {
            for symbol in rest.by_ref().take(usize::from(count)) {
                this.words[usize::from(*symbol)] = (code, length);
                code = code.wrapping_add(1);
            }
            code <<= 1;
        }
        this
    }
}

/// Lengths of codes as Huffman's algorithm finds them, with a 257th symbol that comes once; 0 for
/// symbols that do not come (figures K.1 and K.2).
fn lengths(frequencies: &[u32; 256]) -> [u8; 257] {
    const NONE: usize = usize::MAX;
    let mut lengths = [0_u8; 257];
    let mut others = [NONE; 257];
    let mut weights = [0_u32; 257];
    weights[..256].copy_from_slice(frequencies);
    weights[256] = 1;
    loop {
        // The two least frequent; of equals, the later symbol.
        let (mut least, mut next) = (NONE, NONE);
        for (symbol, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0) {
            if least == NONE || *weight <= weights[least] {
                next = least;
                least = symbol;
            } else if next == NONE || *weight <= weights[next] {
                next = symbol;
            }
        }
        if next == NONE {
            return lengths;
        }
        weights[least] = weights[least].saturating_add(weights[next]);
        weights[next] = 0;
        // All symbols of both go down a level, and hang together from now on.
        let mut symbol = least;
        loop {
            lengths[symbol] = lengths[symbol].saturating_add(1);
            if others[symbol] == NONE {
                break;
            }
            symbol = others[symbol];
        }
        others[symbol] = next;
        symbol = next;
        loop {
            lengths[symbol] = lengths[symbol].saturating_add(1);
            if others[symbol] == NONE {
                break;
            }
            symbol = others[symbol];
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "at most 256 symbols, 257 of them never of one length"
)]
fn byte(count: u32) -> u8 {
    count.min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_prefix_free_and_short() {
        for kind in 0..6_u32 {
            let frequencies: [u32; 256] = std::array::from_fn(|symbol| {
                let symbol = symbol as u32;
                match kind {
                    0 => u32::from(symbol == 9),
                    1 => 1,
                    2 => symbol,
                    // Fibonacci-like: far longer than 16 without the limit.
                    3 => 1_u32.checked_shl(symbol).unwrap_or(0),
                    4 => symbol * symbol * symbol % 977,
                    _ => 0,
                }
            });
            let code = Code::new(&frequencies);
            let listed: usize = code.counts.iter().map(|n| usize::from(*n)).sum();
            assert_eq!(listed, code.symbols.len(), "{kind}");
            let mut words: Vec<(u32, u8)> = Vec::new();
            for (symbol, frequency) in frequencies.iter().enumerate() {
                let (word, length) = code.words[symbol];
                assert_eq!(length > 0, *frequency > 0, "{kind} {symbol}");
                if length > 0 {
                    assert!(length <= 16);
                    assert_ne!(u32::from(word), (1 << length) - 1, "all ones");
                    words.push((u32::from(word) << (16 - length), length));
                }
            }
            words.sort_unstable();
            for pair in words.windows(2) {
                assert!(pair[1].0 >= pair[0].0 + (1 << (16 - pair[0].1)), "{kind}");
            }
        }
    }
}
