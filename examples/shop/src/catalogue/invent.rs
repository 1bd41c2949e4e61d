//! Invents products from a seed: names, descriptions, prices, weights.

use crate::catalogue::theme::{Range, Theme};
use crate::catalogue::{Product, picture_paths};
use crate::pictures::models::Kind;
use crate::random::Random;

/// The products 1 to `count`.
pub(crate) fn products(count: u32, seed: u64, range: Range, theme: &Theme) -> Vec<Product> {
    (1..=count)
        .map(|id| product(id, seed, range, theme))
        .collect()
}

fn product(id: u32, seed: u64, range: Range, theme: &Theme) -> Product {
    let mut random = Random::new(seed, u64::from(id));
    // Kinds take turns, so that even a small shop shows all of them.
    let kinds = range.kinds();
    let kind = kinds[(id as usize - 1) % kinds.len()];
    let text = words(kind);
    let colour = random.pick(&theme.palette);
    let series = random.pick(series(range));
    let adjective = random.pick(text.adjectives);
    let description = format!(
        "{} {} In {}, from our {series} series. {}",
        random.pick(text.about),
        random.pick(MADE),
        colour.name,
        random.pick(CARE),
    );
    // Prices end in 0, 50, 90 or 95 cents, as prices do.
    let euros = between(&mut random, text.price_eur);
    let price_cents = euros * 100 + random.pick(&[0, 50, 90, 95]);
    Product {
        id,
        name: format!("{series} {adjective} {}", text.noun),
        description,
        category: text.category.to_owned(),
        colour: colour.name.to_owned(),
        price_cents,
        currency: "EUR",
        weight_g: between(&mut random, text.weight_g),
        pictures: picture_paths(id),
        kind,
    }
}

fn between(random: &mut Random, (low, high): (u32, u32)) -> u32 {
    low + random.below(u64::from(high - low) + 1) as u32
}

fn series(range: Range) -> &'static [&'static str] {
    match range {
        Range::Home => &[
            "Alder", "Birk", "Calla", "Dune", "Elm", "Fjord", "Hasel", "Juniper", "Linden",
            "Maren", "Oslo", "Rowan", "Solveig", "Tallin", "Willow",
        ],
        Range::Outdoor => &[
            "Apex", "Basecamp", "Cairn", "Delta", "Ember", "Falcon", "Gravel", "Helix", "Kestrel",
            "Nomad", "Orbit", "Ridge", "Summit", "Trail", "Vertex",
        ],
    }
}

const MADE: &[&str] = &[
    "Made in small batches by a family workshop.",
    "Made to last and easy to repair.",
    "Designed by our own studio.",
    "Finished by hand, so that no two are quite alike.",
    "Tested for years in our own homes.",
];

const CARE: &[&str] = &[
    "Wipe clean with a damp cloth.",
    "Comes in a recycled cardboard box.",
    "Two years of guarantee.",
    "Thirty days to change your mind.",
    "Dispatched within one working day.",
];

/// The words and the bounds that a kind of product is made from.
struct Words {
    noun: &'static str,
    category: &'static str,
    adjectives: &'static [&'static str],
    about: &'static [&'static str],
    price_eur: (u32, u32),
    weight_g: (u32, u32),
}

fn words(kind: Kind) -> Words {
    let w = |noun, category, adjectives, about, price_eur, weight_g| Words {
        noun,
        category,
        adjectives,
        about,
        price_eur,
        weight_g,
    };
    match kind {
        Kind::Mug => w(
            "Mug",
            "tableware",
            &["Stoneware", "Glazed", "Breakfast", "Speckled"],
            &[
                "A generous mug with a handle for the whole hand.",
                "A mug that keeps coffee warm to the last sip.",
            ],
            (9, 24),
            (280, 420),
        ),
        Kind::Bowl => w(
            "Bowl",
            "tableware",
            &["Salad", "Fruit", "Serving", "Stoneware"],
            &[
                "A wide bowl for salads and fruit.",
                "A deep bowl with a dark foot.",
            ],
            (14, 48),
            (450, 1400),
        ),
        Kind::Teapot => w(
            "Teapot",
            "tableware",
            &["Porcelain", "Round", "Family", "Glazed"],
            &[
                "A round teapot for a litre of tea.",
                "A teapot that pours without dripping.",
            ],
            (32, 79),
            (700, 1200),
        ),
        Kind::Vase => w(
            "Vase",
            "living",
            &["Tall", "Fluted", "Garden", "Slender"],
            &[
                "A vase for a single branch or a whole bunch.",
                "A vase with a narrow neck that holds stems upright.",
            ],
            (19, 89),
            (600, 2400),
        ),
        Kind::Lamp => w(
            "Table Lamp",
            "lighting",
            &["Reading", "Linen", "Bedside", "Evening"],
            &[
                "A lamp with a shade of woven linen and a warm light.",
                "A lamp that makes a corner worth sitting in.",
            ],
            (49, 189),
            (1200, 2800),
        ),
        Kind::Stool => w(
            "Stool",
            "furniture",
            &["Round", "Workshop", "Three-legged", "Kitchen"],
            &[
                "A stool with three legs that never wobbles.",
                "A solid seat, a side table, a step: one stool.",
            ],
            (59, 149),
            (2600, 4800),
        ),
        Kind::Candle => w(
            "Candle",
            "living",
            &["Scented", "Evening", "Beeswax", "Quiet"],
            &[
                "A candle in a heavy tumbler that burns for forty hours.",
                "Smells of resin and smoke, and very little of either.",
            ],
            (12, 38),
            (320, 640),
        ),
        Kind::Books => w(
            "Notebooks",
            "desk",
            &["Clothbound", "Plain", "Ruled", "Dotted"],
            &[
                "A set of clothbound notebooks that lie flat.",
                "Thread-sewn notebooks with paper for ink.",
            ],
            (18, 46),
            (540, 1100),
        ),
        Kind::Flask => w(
            "Flask",
            "hiking",
            &["Insulated", "Steel", "Half-litre", "Wide"],
            &[
                "A steel flask that keeps tea hot for a day.",
                "A flask with a lid that survives the rocks.",
            ],
            (19, 49),
            (290, 620),
        ),
        Kind::EnamelMug => w(
            "Enamel Mug",
            "camping",
            &["Campfire", "Trekking", "Classic", "Speckled"],
            &[
                "An enamel mug for the fire and the dishwasher.",
                "A light mug of steel with a dark rim.",
            ],
            (9, 19),
            (110, 190),
        ),
        Kind::Ball => w(
            "Ball",
            "team sports",
            &["Match", "Training", "Street", "Junior"],
            &[
                "A ball with twelve pentagons and twenty hexagons, thermally bonded.",
                "A ball that keeps its shape on asphalt.",
            ],
            (15, 89),
            (380, 450),
        ),
        Kind::Shoebox => w(
            "Running Shoes",
            "running",
            &["Road", "Trail", "Daily", "Race"],
            &[
                "Light shoes for every day, in their box.",
                "Shoes with a grippy sole and room for toes.",
            ],
            (69, 179),
            (620, 980),
        ),
        Kind::Kettlebell => w(
            "Kettlebell",
            "training",
            &["Cast", "Competition", "Home", "Coated"],
            &[
                "A kettlebell of one cast, with a handle for two hands.",
                "Coated iron that is kind to the floor.",
            ],
            (24, 99),
            (4000, 24_000),
        ),
        Kind::Dumbbell => w(
            "Dumbbell",
            "training",
            &["Hex", "Studio", "Neoprene", "Home"],
            &[
                "A dumbbell that does not roll away.",
                "Hexagonal heads and a knurled grip.",
            ],
            (12, 69),
            (1000, 12_000),
        ),
        Kind::Lantern => w(
            "Lantern",
            "camping",
            &["Tent", "Storm", "Rechargeable", "Base"],
            &[
                "A lantern with three hundred warm lumens.",
                "A lantern that stands, hangs and charges a phone.",
            ],
            (29, 79),
            (340, 720),
        ),
        Kind::Mat => w(
            "Mat",
            "training",
            &["Yoga", "Sleeping", "Studio", "Travel"],
            &[
                "A mat of natural rubber that grips and rolls up small.",
                "A mat that forgives hard ground.",
            ],
            (25, 95),
            (900, 2600),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_invents_the_same_shop_and_brands_differ() {
        let theme = Theme::of_brand("A", Range::Home);
        let first = products(60, 5, Range::Home, &theme);
        assert_eq!(first, products(60, 5, Range::Home, &theme));
        let other = products(60, 6, Range::Outdoor, &Theme::of_brand("B", Range::Outdoor));
        assert!(first.iter().zip(&other).all(|(a, b)| a.name != b.name));
        assert!(first.iter().all(|p| p.price_cents > 0 && p.weight_g > 0));
    }
}
