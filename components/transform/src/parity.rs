//! `parityEven7bit`, `parityOdd7bit` and `parityZero7bit`.

/// What the highest bit of each byte becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parity {
    /// Set where the eight bits of the input byte hold an odd number of ones.
    Even,
    /// Set where they hold an even number of ones.
    Odd,
    /// Never set.
    Zero,
}

/// Sets or clears the highest bit of each byte. As in ModSecurity the ones are counted with the
/// highest bit as it comes in.
pub(crate) fn apply(input: &[u8], out: &mut Vec<u8>, parity: Parity) -> bool {
    out.clear();
    out.extend(input.iter().map(|&byte| {
        let odd = byte.count_ones() % 2 == 1;
        let set = match parity {
            Parity::Even => odd,
            Parity::Odd => !odd,
            Parity::Zero => false,
        };
        if set { byte | 0x80 } else { byte & 0x7f }
    }));
    out.as_slice() != input
}
