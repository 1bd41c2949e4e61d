//! What a source may be at most. Judged from its length and header.

/// Limits of a source image. The checks are beside the errors that they raise.
///
/// They also bound memory. At the peak a decode holds about: 6 bytes a pixel for a progressive
/// JPEG (its coefficients), 4 for WebP, and 4 divided by the square of the bucket for anything
/// else. An interlaced PNG is held whole beside what it is reduced to: 4 bytes a pixel more, so 8
/// for RGBA that is not reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the source. Default 32 MiB.
    pub source_bytes_max: u64,
    /// Width times height. Default 40 million.
    pub pixels_max: u64,
    /// Width and height, each. Default 30,000.
    pub dimension_max: u32,
    /// Frames of an animation. Default 200.
    pub frames_max: u32,
    /// Keep what there is of a file that ends early, the rest grey. Default: no.
    pub keep_truncated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes_max: 32 * 1024 * 1024,
            pixels_max: 40_000_000,
            dimension_max: 30_000,
            frames_max: 200,
            keep_truncated: false,
        }
    }
}
