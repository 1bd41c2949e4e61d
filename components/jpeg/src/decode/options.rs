//! What is wanted of a file, and what it may cost.

/// By how much both axes are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Every pixel.
    Full,
    /// A half, rounded up.
    Half,
    /// A quarter, rounded up.
    Quarter,
    /// An eighth, rounded up.
    Eighth,
}

impl Scale {
    /// All of them, from fine to coarse.
    pub const ALL: [Self; 4] = [Self::Full, Self::Half, Self::Quarter, Self::Eighth];

    /// Pixels that are left of the eight along a block.
    pub(crate) fn block(self) -> usize {
        match self {
            Self::Full => 8,
            Self::Half => 4,
            Self::Quarter => 2,
            Self::Eighth => 1,
        }
    }

    /// The size at this scale of a picture of `width` x `height` pixels.
    #[must_use]
    pub fn of(self, (width, height): (u32, u32)) -> (u32, u32) {
        let divisor = (8 / self.block()) as u32;
        (width.div_ceil(divisor), height.div_ceil(divisor))
    }
}

/// The resolution of components that the file has at a lower one than the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chroma {
    /// Scaled down less, so that it is that of the others where the scale allows it. As libjpeg
    /// does.
    LikeLuma,
    /// Scaled down as much as the others, so that the planes keep their proportions.
    AsStored,
}

/// What to do with a file that ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncated {
    /// [`crate::JpegError::Truncated`].
    Refuse,
    /// Keep what was read, the rest is grey; [`crate::Planes::complete`] is false.
    Keep,
}

/// What a file may ask for at most. They are checked before memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height, unscaled.
    pub pixels_max: u64,
    /// Bytes of planes and of coefficients that are kept.
    pub memory_bytes_max: u64,
    /// Scans of a progressive file. Encoders write about ten. A sequential file has each component
    /// in one scan only.
    pub scans_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pixels_max: 100_000_000,
            memory_bytes_max: 1 << 30,
            scans_max: 100,
        }
    }
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The scale.
    pub scale: Scale,
    /// The resolution of subsampled components.
    pub chroma: Chroma,
    /// What to do with a file that ends early.
    pub truncated: Truncated,
    /// What it may cost.
    pub limits: Limits,
}

impl Options {
    /// At `scale`, chroma like luma, refusing what ends early, with the default limits.
    #[must_use]
    pub fn new(scale: Scale) -> Self {
        Self {
            scale,
            chroma: Chroma::LikeLuma,
            truncated: Truncated::Refuse,
            limits: Limits::default(),
        }
    }
}
