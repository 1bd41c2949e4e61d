//! The kinds of values that options have. All are whole numbers, so that equal options have
//! equal text and the same arithmetic everywhere.

/// How the picture meets a box that has both a width and a height. Sharp's names and meanings;
/// `ScaleDown` is Cloudflare's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fit {
    /// As large as fits in the box; the output may be smaller than the box.
    #[default]
    Inside,
    /// Fill the box, keep the proportions, crop what sticks out (see [`Gravity`]).
    Cover,
    /// Fit in the box, keep the proportions, fill the rest with the background.
    Contain,
    /// Fill the box, stretching.
    Fill,
    /// As small as covers the box; the output may be larger than the box.
    Outside,
    /// `Inside`, and never larger than the source even where enlarging is allowed.
    ScaleDown,
}

/// A format of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JPEG (ITU T.81).
    Jpeg,
    /// PNG.
    Png,
    /// WebP (RFC 9649).
    Webp,
    /// AVIF.
    Avif,
    /// GIF.
    Gif,
    /// A description of the picture as JSON: size, format, dominant colour, blurhash.
    Json,
}

impl Format {
    /// The media type, as in `Content-Type`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Gif => "image/gif",
            Self::Json => "application/json",
        }
    }

    /// Whether transparent pixels can be written.
    #[must_use]
    pub fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }
}

/// What `cover` keeps and where `contain` and watermarks lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gravity {
    /// The middle.
    #[default]
    Centre,
    /// The middle of the upper edge; the others likewise.
    North,
    /// Upper right corner.
    NorthEast,
    /// Right.
    East,
    /// Lower right corner.
    SouthEast,
    /// Below.
    South,
    /// Lower left corner.
    SouthWest,
    /// Left.
    West,
    /// Upper left corner.
    NorthWest,
    /// A point of the picture, in ten-thousandths of its width and height from the upper left.
    Focal(u16, u16),
    /// The part with the most entropy (Sharp's `entropy`).
    Entropy,
    /// The part that draws the eye: edges, saturated colours, skin (Sharp's `attention`).
    Attention,
}

/// An sRGB colour with straight alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// 0 to 255.
    pub red: u8,
    /// 0 to 255.
    pub green: u8,
    /// 0 to 255.
    pub blue: u8,
    /// 0 (transparent) to 255.
    pub alpha: u8,
}

impl Colour {
    /// What lies under transparent pixels where nothing else is asked for and none can be kept.
    pub const WHITE: Self = Self {
        red: 255,
        green: 255,
        blue: 255,
        alpha: 255,
    };
}

/// A length in pixels, or as a share of a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// Pixels.
    Pixels(u32),
    /// Ten-thousandths of the side, 0 to 10,000. Written `12.5p` (percent).
    Share(u16),
}

/// A part of a picture, from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// From the left.
    pub x: Length,
    /// From the top.
    pub y: Length,
    /// Its width.
    pub width: Length,
    /// Its height.
    pub height: Length,
}

/// Margins, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edges {
    /// Above.
    pub top: u32,
    /// Right.
    pub right: u32,
    /// Below.
    pub bottom: u32,
    /// Left.
    pub left: u32,
}

/// Rounded corners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Radius {
    /// Pixels of the output.
    Pixels(u32),
    /// As round as it gets: a circle or an ellipse.
    Max,
}

/// How well pixels are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quality {
    /// 1 to 100, the scale of the format's encoder.
    Fixed(u8),
    /// The best quality whose file has at most this many bytes.
    Bytes(u32),
    /// The lowest quality whose SSIM to the unencoded output is at least this, in
    /// ten-thousandths (`9900` is 0.99).
    Ssim(u16),
}

/// How hard the encoder tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Effort {
    /// Larger files sooner.
    Fast,
    /// Between the two.
    #[default]
    Normal,
    /// Smaller files later: progressive JPEG with optimised coding, PNG palettes and filters.
    Small,
}

/// What of the metadata is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Keep {
    /// The colours are left in the space of the source and its ICC profile is passed on; else
    /// they are converted to sRGB.
    pub icc: bool,
    /// The copyright and the artist of the EXIF data.
    pub copyright: bool,
}

/// Another picture that is laid over the output.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watermark {
    /// Which: a name of the configuration or a path, as the host knows it. The component gets
    /// its bytes beside the source's.
    pub source: String,
    /// Where it lies: one of the nine places, not a focal point and not a search.
    pub gravity: Gravity,
    /// Pixels from the edges that the gravity names (from the middle: to the right and down).
    pub offset: (i32, i32),
    /// 1 to 100 percent.
    pub opacity: u8,
    /// Its width in percent of the output's, 1 to 100; 0: its own size.
    pub width: u8,
    /// Repeated over the whole output.
    pub tile: bool,
}
