//! Windows as numbers, and their hash.

/// A window's bytes as a little-endian number.
pub(super) fn key<const W: usize>(window: &[u8; W]) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(window) {
        *to = *from;
    }
    u64::from_le_bytes(bytes)
}

/// [`key`] of the `width` bytes at `offset`, or `None` where the text is too short.
pub(super) fn key_at(text: &[u8], offset: usize, width: usize) -> Option<u64> {
    let window = text.get(offset..offset.checked_add(width)?)?;
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(window) {
        *to = *from;
    }
    Some(u64::from_le_bytes(bytes))
}

/// How the windows of one index are hashed: by a multiplier that the seed stands for. The seed is chosen at
/// compile time and stored; it is no secret: the bounds of the structure hold for every input, hashing only
/// makes the usual case fast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hasher(u64);

impl Hasher {
    /// SplitMix64's finaliser makes the multiplier.
    pub(super) fn new(seed: u32) -> Self {
        let mut mixed = u64::from(seed)
            .wrapping_add(1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// The upper half of one product, after the key was folded: by 29 and not by 32 bits, at which the like
    /// bytes of a text would cancel each other.
    #[inline]
    pub(super) fn hash(self, key: u64) -> Hash {
        Hash(((key ^ (key >> 29)).wrapping_mul(self.0) >> 32) as u32)
    }
}

/// A window's hash: its upper bits choose the filter's word and the bucket, its lower ones the word's
/// bits, all of it is what a group head keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash(pub(super) u32);

impl Hash {
    /// One of `count` words or buckets (Lemire's multiply and shift instead of a division).
    #[inline]
    pub(super) fn one_of(self, count: usize) -> usize {
        ((u64::from(self.0) * u64::from(count as u32)) >> 32) as usize
    }

    /// The bits of the filter's word.
    #[inline]
    pub(super) fn bits(self) -> u64 {
        MASKS.get(usize::from(self.0 as u8)).copied().unwrap_or(0)
    }
}

/// Three bits of 64 each. A load from 2 KiB is half as costly as three shifts by a variable.
static MASKS: [u64; 256] = masks();

#[allow(
    clippy::indexing_slicing,
    reason = "runs in the compiler: out of range would not compile"
)]
const fn masks() -> [u64; 256] {
    let mut masks = [0_u64; 256];
    let mut noise = 0x2545_F491_4F6C_DD1D_u64;
    let mut index = 0;
    while index < masks.len() {
        while masks[index].count_ones() < 3 {
            // Marsaglia's xorshift64.
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            masks[index] |= 1 << (noise >> 58);
        }
        index += 1;
    }
    masks
}
