//! What a brand sells and which colours it uses. Both follow from its name.

use clap::ValueEnum;

use crate::pictures::models::Kind;
use crate::random::{Random, fnv1a};

/// A range of goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Range {
    /// Tableware, lamps and furniture in quiet colours.
    Home,
    /// Sports and camping gear in loud colours.
    Outdoor,
}

impl Range {
    /// The range that goes with a brand when none is asked for.
    pub(crate) fn of_brand(brand: &str) -> Self {
        if fnv1a(brand.as_bytes()).is_multiple_of(2) {
            Self::Home
        } else {
            Self::Outdoor
        }
    }

    /// Its kinds of product.
    pub(crate) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Home => &[
                Kind::Mug,
                Kind::Lamp,
                Kind::Vase,
                Kind::Teapot,
                Kind::Bowl,
                Kind::Stool,
                Kind::Candle,
                Kind::Books,
            ],
            Self::Outdoor => &[
                Kind::Flask,
                Kind::Ball,
                Kind::Shoebox,
                Kind::Kettlebell,
                Kind::Lantern,
                Kind::Dumbbell,
                Kind::Mat,
                Kind::EnamelMug,
            ],
        }
    }

    fn colours(self) -> &'static [Colour] {
        match self {
            Self::Home => &QUIET,
            Self::Outdoor => &LOUD,
        }
    }
}

/// A named colour, sRGB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Colour {
    pub(crate) name: &'static str,
    pub(crate) rgb: [u8; 3],
}

const fn colour(name: &'static str, rgb: [u8; 3]) -> Colour {
    Colour { name, rgb }
}

const QUIET: [Colour; 16] = [
    colour("ivory", [236, 228, 210]),
    colour("sand", [214, 192, 156]),
    colour("ochre", [204, 146, 54]),
    colour("terracotta", [188, 96, 68]),
    colour("rust", [158, 74, 42]),
    colour("rose", [212, 146, 142]),
    colour("plum", [108, 62, 90]),
    colour("lavender", [160, 148, 194]),
    colour("ink", [40, 52, 84]),
    colour("sky", [136, 174, 200]),
    colour("teal", [42, 112, 114]),
    colour("sage", [150, 166, 136]),
    colour("moss", [96, 108, 66]),
    colour("slate", [98, 110, 120]),
    colour("stone", [178, 172, 162]),
    colour("charcoal", [58, 58, 62]),
];

const LOUD: [Colour; 14] = [
    colour("scarlet", [198, 38, 42]),
    colour("coral", [236, 108, 84]),
    colour("orange", [234, 124, 30]),
    colour("mustard", [224, 174, 40]),
    colour("lemon", [240, 216, 80]),
    colour("lime", [150, 192, 52]),
    colour("emerald", [22, 140, 96]),
    colour("forest", [34, 84, 62]),
    colour("turquoise", [36, 168, 172]),
    colour("cobalt", [36, 84, 178]),
    colour("navy", [34, 48, 92]),
    colour("violet", [112, 72, 170]),
    colour("magenta", [190, 46, 120]),
    colour("graphite", [62, 66, 72]),
];

/// Looks a colour up by its name, in all ranges; grey if there is none.
pub(crate) fn colour_named(name: &str) -> Colour {
    let all = QUIET.iter().chain(LOUD.iter());
    all.copied()
        .find(|colour| colour.name == name)
        .unwrap_or(colour("grey", [140, 140, 140]))
}

/// The look of a brand.
#[derive(Clone, Debug)]
pub(crate) struct Theme {
    /// Hue of the page and of the studio's background, degrees.
    pub(crate) hue: f32,
    /// Whether the studio is dark.
    pub(crate) dark: bool,
    /// The colours of the products.
    pub(crate) palette: Vec<Colour>,
}

impl Theme {
    /// The look that follows from a name and a range.
    pub(crate) fn of_brand(brand: &str, range: Range) -> Self {
        let mut random = Random::new(fnv1a(brand.as_bytes()), 0x7468_656d);
        let mut palette = range.colours().to_vec();
        while palette.len() > 8 {
            palette.remove(random.below(palette.len() as u64) as usize);
        }
        // The ranges share no hue, so that two sites of a demo never look the same.
        let hue = match range {
            Range::Home => random.between(20.0, 160.0),
            Range::Outdoor => random.between(195.0, 345.0),
        };
        Self {
            hue,
            dark: range == Range::Outdoor && random.below(3) == 0,
            palette,
        }
    }
}
