//! The fingerprint of RSA keys made by broken chips (CVE-2017-15361, "ROCA").
//!
//! Their primes are 65537^a mod a primorial, so the modulus is a power of 65537 modulo every
//! small prime. A sound key passes for one with a chance below 2^-27 over these primes.

/// Primes for which the powers of 65537 are not all residues are what tells the keys apart;
/// the others in the list do no harm.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// True when the big-endian modulus has the fingerprint.
pub(crate) fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES
        .iter()
        .all(|&prime| is_power_of_65537(remainder(modulus, prime), prime))
}

fn remainder(modulus: &[u8], prime: u32) -> u32 {
    modulus
        .iter()
        .fold(0, |rest, &byte| ((rest << 8) | u32::from(byte)) % prime)
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let generator = 65_537 % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == residue {
            return true;
        }
        power = power * generator % prime;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_the_generator_are_marked_and_others_not() {
        let mut number: u128 = 65_537_u128.pow(7);
        assert!(has_fingerprint(&number.to_be_bytes()));
        number += 2;
        assert!(!has_fingerprint(&number.to_be_bytes()));
    }
}
