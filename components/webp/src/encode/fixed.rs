//! Logarithms and powers of two in integers: the same everywhere, which `f64::powf` is not.

/// One in the fixed-point numbers here.
pub(super) const ONE: u32 = 1 << 16;

/// `-log2(x / 65,536)` in 16 bits of fraction, of `x` from 1 to 65,536.
pub(super) fn minus_log2(x: u32) -> u32 {
    let x = x.clamp(1, ONE);
    let whole = x.leading_zeros() - 15;
    // 31 bits of fraction, 1 to 2.
    let mut rest = u64::from(x) << (15 + whole);
    let mut fraction = 0;
    for bit in (0..16).rev() {
        rest = (rest * rest) >> 31;
        if rest >= 1 << 32 {
            rest >>= 1;
            fraction |= 1 << bit;
        }
    }
    (whole << 16) - fraction
}

/// `65,536 * 2^-x` for `x` in 16 bits of fraction.
#[allow(clippy::cast_possible_truncation, reason = "at most 65,536")]
pub(super) fn exp2_minus(x: u32) -> u32 {
    let mut value: u64 = 1 << 32;
    // 2^-(1/2), 2^-(1/4), ... in 32 bits of fraction.
    let mut root: u64 = 1 << 31;
    for bit in (0..16).rev() {
        root = (root << 32).isqrt();
        if x & (1 << bit) != 0 {
            value = (value * root) >> 32;
        }
    }
    (value.checked_shr((x >> 16) + 16).unwrap_or(0)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_floating_point() {
        for x in (1..=ONE).step_by(97) {
            let expected = -(f64::from(x) / 65_536.0).log2() * 65_536.0;
            assert!((f64::from(minus_log2(x)) - expected).abs() < 3.0, "{x}");
            let power = (-f64::from(x) / 65_536.0).exp2() * 65_536.0;
            assert!((f64::from(exp2_minus(x)) - power).abs() < 2.0, "{x}");
        }
        assert_eq!(minus_log2(ONE), 0);
        assert_eq!(minus_log2(ONE / 2), ONE);
        assert_eq!(exp2_minus(0), ONE);
        assert_eq!(exp2_minus(40 << 16), 0);
    }
}
