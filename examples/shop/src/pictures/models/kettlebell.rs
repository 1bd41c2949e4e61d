//! Kettlebells with a flat foot, a coloured band and their weight on the front.

use super::{COAL, Look, Model};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, value};
use crate::pictures::sdf::{Nearest, common, join, length2, rect, ring_z};
use crate::pictures::vector::{V3, v3};

pub(super) struct Kettlebell {
    look: Look,
    coated: bool,
    angle: f32,
}

impl Kettlebell {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            coated: r.below(2) == 0,
            angle: r.between(-0.5, 0.5),
            look,
        }
    }

    /// A ring with a bar in it, on the front: a size mark.
    fn marked(p: V3) -> bool {
        let (x, y) = (p.x, p.y - 0.58);
        let ring = (length2(x, y) - 0.23).abs() < 0.016;
        let one = rect(x + 0.07, y, 0.022, 0.095, 0.0) < 0.0;
        let six = (length2(x - 0.055, y + 0.035) - 0.047).abs() < 0.02
            || rect(x - 0.018, y - 0.035, 0.018, 0.06, 0.0) < 0.0;
        p.z > 0.0 && (ring || one || six)
    }
}

impl Model for Kettlebell {
    fn nearest(&self, p: V3) -> Nearest {
        let p = p.turned(self.angle);
        let ball = (p - v3(0.0, 0.56, 0.0)).length() - 0.6;
        let body = common(ball, 0.01 - p.y, 0.05);
        let q = v3(p.x / 1.12, p.y - 1.14, p.z);
        let handle = ring_z(q, 0.34, 0.085);
        Nearest::new(join(body, handle, 0.16), 1)
    }

    fn material(&self, _: u8, p: V3) -> Material {
        let p = p.turned(self.angle);
        let cast = 0.75 + 0.5 * value(p * 70.0);
        let iron = Material {
            roughness: 0.55,
            ..Material::satin(COAL * (1.3 * cast))
        };
        let colour = Material {
            roughness: 0.5,
            ..Material::satin(self.look.main * (0.9 + 0.2 * layered(p * 20.0)))
        };
        let white = Material::satin(v3(0.75, 0.75, 0.73));
        if Self::marked(p) {
            return white;
        }
        if self.coated {
            return if p.y < 1.06 { colour } else { iron };
        }
        let horns = p.y > 1.06 && p.y < 1.2 && p.x.abs() > 0.25;
        if horns { colour } else { iron }
    }

    fn bounds(&self) -> (V3, V3) {
        (v3(-0.62, -0.01, -0.62), v3(0.62, 1.6, 0.62))
    }
}
