//! A stack of clothbound notebooks.

use super::{IVORY, Look, Model};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, value};
use crate::pictures::sdf::{Nearest, block, rect};
use crate::pictures::vector::{V3, v3};

/// One notebook: how high it lies, half its size, how it is turned, its cover.
struct Book {
    middle: f32,
    half: V3,
    angle: f32,
    cover: V3,
}

pub(super) struct Books {
    books: Vec<Book>,
    height: f32,
    gilt: V3,
}

impl Books {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let count = 3 + r.below(2) as usize;
        let covers = [
            look.main,
            look.accent,
            IVORY * 0.8,
            look.main.mix(V3::all(0.02), 0.55),
        ];
        let mut height = 0.0;
        let books = (0..count)
            .map(|i| {
                let thick = r.between(0.08, 0.13);
                let size = 1.0 - 0.05 * i as f32;
                let half = v3(0.95 * size, thick, 0.68 * size);
                let middle = height + thick;
                height += 2.0 * thick + 0.002;
                Book {
                    middle,
                    half,
                    angle: r.between(-0.28, 0.28),
                    cover: covers[i % covers.len()],
                }
            })
            .collect();
        Self {
            books,
            height,
            gilt: v3(0.75, 0.56, 0.26),
        }
    }
}

const COVER: f32 = 0.016;

impl Model for Books {
    fn nearest(&self, p: V3) -> Nearest {
        let mut nearest = Nearest::new(f32::MAX, 0);
        for (i, book) in self.books.iter().enumerate() {
            let q = (p - V3::UP * book.middle).turned(book.angle);
            let case = block(q, book.half, 0.012);
            // The pages lie a little inside the cover on three sides; the spine is at the left.
            let inner = v3(book.half.x, book.half.y - COVER, book.half.z + 0.1);
            let gap = block(q - v3(0.05, 0.0, 0.0), v3(inner.x, inner.y, inner.z), 0.004);
            let cover = case.max(-gap);
            let pages = block(q, book.half - v3(0.035, 0.004, 0.035), 0.004);
            let id = 2 * i as u8 + 1;
            nearest = nearest.or(cover, id).or(pages, id + 1);
        }
        nearest
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let index = usize::from(part.saturating_sub(1) / 2);
        let Some(book) = self.books.get(index) else {
            return Material::matt(IVORY);
        };
        let q = (p - V3::UP * book.middle).turned(book.angle);
        if part.is_multiple_of(2) {
            let sheets = 0.78 + 0.3 * value(v3(q.x * 1.5, q.y * 170.0, q.z * 1.5));
            return Material::matt(v3(0.80, 0.75, 0.64) * sheets);
        }
        let top = index + 1 == self.books.len() && q.y > 0.0;
        if top {
            let (x, z) = (q.x - 0.12, q.z);
            let frame = rect(x, z, 0.34, 0.20, 0.01).abs() < 0.006;
            let title = rect(x, z + 0.03, 0.2, 0.03, 0.0) < 0.0 && (x * 58.0).sin() > -0.5;
            let line = rect(x, z - 0.07, 0.12, 0.006, 0.0) < 0.0;
            if frame || title || line {
                return Material::metal(self.gilt, 0.35);
            }
        }
        let cloth =
            0.84 + 0.16 * value(v3(q.x * 110.0, q.y * 110.0, 0.0)) + 0.16 * layered(q * 55.0);
        Material::matt(book.cover * cloth)
    }

    fn bounds(&self) -> (V3, V3) {
        (v3(-1.12, -0.01, -0.92), v3(1.12, self.height + 0.02, 0.92))
    }
}
