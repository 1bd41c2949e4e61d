//! The kinds of product and their bodies. One file a kind; lengths in units of about 10 cm.

mod ball;
mod books;
mod bowl;
mod candle;
mod dumbbell;
mod flask;
mod kettlebell;
mod lamp;
mod lantern;
mod mat;
mod mug;
mod shoebox;
mod stool;
mod teapot;
mod vase;

use super::light::{Material, Studio};
use super::scene::Scene;
use super::sdf::Nearest;
use super::vector::{V3, v3};
use crate::catalogue::Product;
use crate::catalogue::theme::{Theme, colour_named};
use crate::random::Random;

/// What a product is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ball,
    Books,
    Bowl,
    Candle,
    Dumbbell,
    EnamelMug,
    Flask,
    Kettlebell,
    Lamp,
    Lantern,
    Mat,
    Mug,
    Shoebox,
    Stool,
    Teapot,
    Vase,
}

impl Kind {
    const ALL: [(Self, &'static str); 16] = [
        (Self::Ball, "ball"),
        (Self::Books, "books"),
        (Self::Bowl, "bowl"),
        (Self::Candle, "candle"),
        (Self::Dumbbell, "dumbbell"),
        (Self::EnamelMug, "enamel-mug"),
        (Self::Flask, "flask"),
        (Self::Kettlebell, "kettlebell"),
        (Self::Lamp, "lamp"),
        (Self::Lantern, "lantern"),
        (Self::Mat, "mat"),
        (Self::Mug, "mug"),
        (Self::Shoebox, "shoebox"),
        (Self::Stool, "stool"),
        (Self::Teapot, "teapot"),
        (Self::Vase, "vase"),
    ];

    /// The name in the database.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }

    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(kind, _)| *kind)
    }
}

/// The body of a product, standing on the floor at y = 0, its front towards +z.
pub(super) trait Model: Send + Sync {
    /// The nearest part and how far it is at least; parts count from 1.
    fn nearest(&self, p: V3) -> Nearest;
    /// What a part is made of at a point.
    fn material(&self, part: u8, p: V3) -> Material;
    /// Two corners of a box around everything.
    fn bounds(&self) -> (V3, V3);
}

/// What a model is made from: the product's colour, others of the brand, and chance.
struct Look {
    main: V3,
    accent: V3,
    random: Random,
}

/// Off-white, as of paper or unbleached linen.
const IVORY: V3 = v3(0.80, 0.76, 0.68);

/// Dark grey, as of rubber or cast iron.
const COAL: V3 = v3(0.028, 0.029, 0.032);

/// A symmetric box around the vertical axis.
fn around(radius: f32, height: f32) -> (V3, V3) {
    (v3(-radius, -0.01, -radius), v3(radius, height, radius))
}

/// The product in its studio.
pub(super) fn scene(product: &Product, theme: &Theme, seed: u64, cut_out: bool) -> Scene {
    let mut random = Random::new(seed ^ 0x0070_6963, u64::from(product.id));
    let accent = random.pick(&theme.palette);
    let turn = random.between(-0.35, 0.35);
    let lift = random.between(0.20, 0.36);
    let key = v3(
        random.between(-0.75, -0.5),
        random.between(0.85, 1.05),
        random.between(0.45, 0.7),
    );
    let main = V3::from_srgb(colour_named(&product.colour).rgb);
    let backdrop = backdrop(theme, &mut random);
    let look = Look {
        main,
        accent: V3::from_srgb(accent.rgb),
        random,
    };
    let model = model(product.kind, look);
    Scene::new(
        model,
        Studio::new(backdrop, theme.dark, key),
        turn,
        lift,
        cut_out,
    )
}

/// The body of a kind.
fn model(kind: Kind, look: Look) -> Box<dyn Model> {
    match kind {
        Kind::Ball => Box::new(ball::Ball::new(look)),
        Kind::Books => Box::new(books::Books::new(look)),
        Kind::Bowl => Box::new(bowl::Bowl::new(look)),
        Kind::Candle => Box::new(candle::Candle::new(look)),
        Kind::Dumbbell => Box::new(dumbbell::Dumbbell::new(look)),
        Kind::EnamelMug => Box::new(mug::Mug::enamel(look)),
        Kind::Flask => Box::new(flask::Flask::new(look)),
        Kind::Kettlebell => Box::new(kettlebell::Kettlebell::new(look)),
        Kind::Lamp => Box::new(lamp::Lamp::new(look)),
        Kind::Lantern => Box::new(lantern::Lantern::new(look)),
        Kind::Mat => Box::new(mat::Mat::new(look)),
        Kind::Mug => Box::new(mug::Mug::stoneware(look)),
        Kind::Shoebox => Box::new(shoebox::Shoebox::new(look)),
        Kind::Stool => Box::new(stool::Stool::new(look)),
        Kind::Teapot => Box::new(teapot::Teapot::new(look)),
        Kind::Vase => Box::new(vase::Vase::new(look)),
    }
}

/// A background with a breath of the brand's hue.
fn backdrop(theme: &Theme, random: &mut Random) -> V3 {
    let hue = (theme.hue + random.between(-18.0, 18.0)).to_radians();
    let (bright, tint) = if theme.dark {
        (0.12, 0.05)
    } else {
        (0.80, 0.09)
    };
    let wave = |shift: f32| bright * (1.0 + tint * 1.6 * (hue - shift).cos());
    let third = std::f32::consts::TAU / 3.0;
    v3(wave(0.0), wave(third), wave(2.0 * third))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_name() {
        for (kind, name) in Kind::ALL {
            assert_eq!((Kind::named(name), kind.name()), (Some(kind), name));
        }
        assert_eq!(Kind::named(""), None);
    }

    /// A body that sticks out of its bounds would be cut off in the picture.
    #[test]
    fn every_body_lies_inside_its_bounds_and_has_sane_colours() {
        for (kind, name) in Kind::ALL {
            for seed in 0..12 {
                let mut random = Random::new(seed, 9);
                let look = Look {
                    main: V3::all(0.5),
                    accent: V3::all(0.2),
                    random: random.clone(),
                };
                let model = model(kind, look);
                let (low, high) = model.bounds();
                for _ in 0..4000 {
                    let mut at = |low: f32, high: f32| random.between(low, high);
                    let mut p = v3(at(low.x, high.x), at(low.y, high.y), at(low.z, high.z));
                    let inside = model.nearest(p);
                    assert!(
                        inside.distance.is_finite() && inside.part > 0,
                        "{name} {seed} {p:?}"
                    );
                    let V3 { x, y, z } = model.material(inside.part, p).colour;
                    assert!((-0.1..3.5).contains(&(x + y + z)), "{name} {seed} {p:?}");
                    match random.below(5) {
                        0 => p.x = low.x,
                        1 => p.x = high.x,
                        2 => p.z = low.z,
                        3 => p.z = high.z,
                        _ => p.y = high.y,
                    }
                    let outside = model.nearest(p).distance;
                    assert!(
                        outside > -0.003,
                        "{name} {seed} sticks out by {outside} at {p:?}"
                    );
                }
            }
        }
    }
}
