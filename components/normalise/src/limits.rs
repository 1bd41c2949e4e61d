//! The bounds of one request head.

/// Limits that normalisation applies. The listener has coarser ones in front of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the request target, as it came and in its canonical form.
    pub target_bytes_max: usize,
    /// Header field lines.
    pub header_count_max: usize,
    /// Bytes of all header names and values together.
    pub header_bytes_max: usize,
    /// Proxies that the client's address may be looked for behind.
    pub hops_max: usize,
}

impl Default for Limits {
    /// 8 KiB of target, 128 fields of 32 KiB together, 16 hops.
    fn default() -> Self {
        Self {
            target_bytes_max: 8 * 1024,
            header_count_max: 128,
            header_bytes_max: 32 * 1024,
            hops_max: 16,
        }
    }
}
