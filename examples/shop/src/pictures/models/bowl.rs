//! Bowls on a foot.

use super::{IVORY, Look, Model, around};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, speckles};
use crate::pictures::sdf::{Nearest, common, cylinder, join, radius};
use crate::pictures::vector::{V3, smoothstep, v3};

pub(super) struct Bowl {
    look: Look,
    /// Of the sphere that the bowl is cut from.
    radius: f32,
    rim: f32,
    rings: bool,
    speckled: bool,
}

const WALL: f32 = 0.045;

impl Bowl {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            radius: r.between(0.85, 1.1),
            rim: r.between(0.55, 0.8),
            rings: r.below(2) == 0,
            speckled: r.below(2) == 0,
            look,
        }
    }
}

impl Model for Bowl {
    fn nearest(&self, p: V3) -> Nearest {
        let centre = v3(0.0, self.radius + 0.05, 0.0);
        let ball = (p - centre).length() - self.radius;
        let foot = cylinder(p, 0.36, 0.0, 0.14, 0.03).max(-cylinder(p, 0.31, -0.2, 0.04, 0.0));
        let solid = join(ball, foot, 0.06);
        let hollow = (p - centre).length() - (self.radius - WALL);
        let shell = common(solid, -hollow, 0.02);
        Nearest::new(common(shell, p.y - self.rim, 0.045), 1)
    }

    fn material(&self, _: u8, p: V3) -> Material {
        let from_centre = p - v3(0.0, self.radius + 0.05, 0.0);
        let within = from_centre.length() < self.radius - 0.5 * WALL;
        if p.y < 0.075 && !within {
            return Material::matt(v3(0.30, 0.21, 0.15) * (0.8 + 0.4 * layered(p * 12.0)));
        }
        let shade = 0.88 + 0.24 * layered(p * 4.0);
        let mut colour = if within {
            IVORY.mix(self.look.main, 0.25)
        } else {
            self.look.main
        } * shade;
        if self.rings && within {
            let wave = (radius(p) * 46.0).sin();
            colour = colour * (1.0 - 0.14 * smoothstep(0.55, 0.95, wave));
        }
        if self.speckled {
            colour = colour.mix(v3(0.06, 0.045, 0.035), 0.75 * speckles(p * 15.0, 0.2));
        }
        let worn = smoothstep(self.rim - 0.03, self.rim - 0.005, p.y);
        Material::glossy(colour.mix(v3(0.36, 0.24, 0.15), 0.7 * worn))
    }

    fn bounds(&self) -> (V3, V3) {
        let up = self.rim - self.radius - 0.05;
        around(
            (self.radius * self.radius - up * up).sqrt() + 0.02,
            self.rim + 0.01,
        )
    }
}
