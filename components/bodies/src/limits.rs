//! The bounds of every reader.

/// What a reader may find before it stops with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Names with their values: arguments, cookies, parts, leaves of JSON, attributes of XML.
    pub items_max: usize,
    /// Objects, arrays or elements inside each other.
    pub depth_max: usize,
    /// The names of all leaves of one JSON document together, in bytes. Each name repeats the
    /// names of all that it is in, so that a short document can have very long ones.
    pub name_bytes_max: usize,
}

impl Default for Limits {
    /// 10,000 items, a depth of 512 (`SecRequestBodyJsonDepthLimit` as ModSecurity recommends it)
    /// and 2 MiB of names.
    fn default() -> Self {
        Self {
            items_max: 10_000,
            depth_max: 512,
            name_bytes_max: 2 << 20,
        }
    }
}
