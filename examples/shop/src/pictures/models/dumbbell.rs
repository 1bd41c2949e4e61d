//! A pair of dumbbells with hexagonal heads.

use super::{COAL, Look, Model};
use crate::pictures::light::{Material, STEEL};
use crate::pictures::noise::layered;
use crate::pictures::sdf::{Nearest, length2, rect};
use crate::pictures::vector::{V3, v3};

const HEAD: u8 = 1;
const GRIP: u8 = 2;
const APOTHEM: f32 = 0.36;

pub(super) struct Dumbbell {
    look: Look,
    angles: [f32; 2],
    coloured: bool,
}

impl Dumbbell {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let angles = [r.between(0.15, 0.4), r.between(-0.35, 0.05)];
        Self {
            angles,
            coloured: r.below(2) == 0,
            look,
        }
    }

    fn local(&self, p: V3, which: usize) -> V3 {
        let z = if which == 0 { 0.5 } else { -0.5 };
        (p - v3(0.12 - 0.24 * which as f32, APOTHEM, z)).turned(self.angles[which])
    }

    fn one(p: V3) -> Nearest {
        // A hexagon that lies on one of its sides.
        let (y, z) = (p.y.abs(), p.z.abs());
        let hexagon = y.max(z * 0.866 + y * 0.5) - APOTHEM + 0.05;
        let along = (p.x.abs() - 0.62).abs() - 0.2 + 0.05;
        let outside = length2(hexagon.max(0.0), along.max(0.0));
        let head = outside + hexagon.max(along).min(0.0) - 0.05;
        // The grip is thicker in the middle.
        let thick = 0.088 + 0.024 * (1.0 - (p.x / 0.42).powi(2)).max(0.0);
        let knurl = 0.004 * ((p.x * 110.0).sin() * (p.z.atan2(p.y) * 26.0).sin());
        let bar = (length2(p.y, p.z) - thick - knurl).max(p.x.abs() - 0.5);
        Nearest::new(head, HEAD).or(bar * 0.8, GRIP)
    }
}

impl Model for Dumbbell {
    fn nearest(&self, p: V3) -> Nearest {
        let (a, b) = (Self::one(self.local(p, 0)), Self::one(self.local(p, 1)));
        a.or(b.distance, b.part)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let which = usize::from(self.local(p, 0).length() > self.local(p, 1).length());
        let p = self.local(p, which);
        if part == GRIP {
            return Material::metal(STEEL, 0.2);
        }
        let end = p.x.abs() > 0.80;
        let disc = end && length2(p.y, p.z) < 0.2;
        let ring = end && (length2(p.y, p.z) - 0.215).abs() < 0.015;
        let digits = disc
            && (rect(p.z + 0.05, p.y, 0.02, 0.09, 0.0) < 0.0
                || (length2(p.z - 0.05, p.y) - 0.06).abs() < 0.02);
        let rubber = COAL * (1.0 + 0.5 * layered(p * 50.0));
        let skin = self.look.main * (0.92 + 0.16 * layered(p * 30.0));
        if digits || ring {
            return Material::satin(v3(0.78, 0.78, 0.76));
        }
        match (self.coloured, disc) {
            (true, _) => Material {
                roughness: 0.6,
                ..Material::satin(skin)
            },
            (false, true) => Material::satin(self.look.main),
            (false, false) => Material {
                roughness: 0.6,
                ..Material::satin(rubber)
            },
        }
    }

    fn bounds(&self) -> (V3, V3) {
        (v3(-1.1, -0.01, -1.15), v3(1.1, 0.74, 1.15))
    }
}
