//! How the pictures of a route are made.

use serde::{Deserialize, Serialize};

/// What the requests of a route may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRoute {
    /// What `w` may be, up to [`crate::Bundle::image_dimension_max`].
    pub widths: Choice,
    /// What `h` may be, up to [`crate::Bundle::image_dimension_max`].
    pub heights: Choice,
    /// What `q` may be, up to 100.
    pub qualities: Choice,
    /// Whether `fit` may be given.
    pub fits: bool,
    /// Presets that `preset` may name, in the order of their names.
    pub presets: Vec<Preset>,
    /// Formats that `format` may name.
    pub formats: Vec<Format>,
    /// The quality where the request gives none, 1 to 100.
    pub quality: u8,
    /// The format is chosen by Accept where the request gives none.
    pub auto_format: bool,
}

/// The numbers that an option may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Any from 1 on.
    Any,
    /// These, ascending. Without one the option must not be given.
    Of(Vec<u32>),
}

/// Image options under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    /// The name.
    pub name: String,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// How the picture meets a box.
    pub fit: Fit,
    /// 1 to 100; `None` is the route's.
    pub quality: Option<u8>,
    /// `None` is what route and client agree on.
    pub format: Option<Format>,
}

/// How a picture meets a box of width and height (the names of Sharp). The number is that of
/// `fit` in `lockgate_wire::ImagePlan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[repr(u8)]
pub enum Fit {
    /// As large as fits in.
    #[default]
    Inside = 0,
    /// Fill the box, crop.
    Cover = 1,
    /// Fit in, fill the rest with the background.
    Contain = 2,
    /// Stretch.
    Fill = 3,
    /// As small as covers the box.
    Outside = 4,
}

/// A format of an output. The number is that of `format` in `lockgate_wire::ImagePlan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Format {
    /// JPEG.
    Jpeg = 1,
    /// PNG.
    Png = 2,
    /// WebP.
    Webp = 3,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// The name in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

impl Fit {
    /// Every fit.
    pub const ALL: [Self; 5] = [
        Self::Inside,
        Self::Cover,
        Self::Contain,
        Self::Fill,
        Self::Outside,
    ];

    /// The name in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Cover => "cover",
            Self::Contain => "contain",
            Self::Fill => "fill",
            Self::Outside => "outside",
        }
    }
}
