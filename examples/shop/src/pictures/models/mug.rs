//! Mugs: stoneware with a glaze, or enamel with a dark rim.

use super::{COAL, IVORY, Look, Model, around};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, speckles};
use crate::pictures::sdf::{Nearest, common, cone, cylinder, join, length2, rect};
use crate::pictures::vector::{V3, smoothstep, v3};

const BODY: u8 = 1;
const DRINK: u8 = 2;

pub(super) struct Mug {
    look: Look,
    enamel: bool,
    wall: f32,
    bottom_radius: f32,
    height: f32,
    angle: f32,
    full: bool,
    bare_below: f32,
    speckled: bool,
    motif: u64,
}

impl Mug {
    pub(super) fn stoneware(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            enamel: false,
            wall: 0.055,
            bottom_radius: r.between(0.40, 0.5),
            height: r.between(0.9, 1.15),
            angle: r.between(-0.75, 0.25),
            full: r.below(2) == 0,
            bare_below: r.between(-0.05, 0.3),
            speckled: r.below(2) == 0,
            motif: 0,
            look,
        }
    }

    pub(super) fn enamel(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            enamel: true,
            wall: 0.022,
            bottom_radius: r.between(0.45, 0.49),
            height: r.between(0.85, 0.95),
            angle: r.between(-0.6, 0.1),
            full: r.below(3) == 0,
            bare_below: -1.0,
            speckled: r.below(3) == 0,
            motif: r.below(3),
            look,
        }
    }

    fn local(&self, p: V3) -> V3 {
        p.turned(self.angle)
    }

    /// A band around the mug, or mountains, on the side away from the handle.
    fn painted(&self, p: V3) -> bool {
        let along = p.z.atan2(-p.x);
        match self.motif {
            1 => (p.y / self.height - 0.72).abs() < 0.05,
            2 => {
                let ridge = (along * 7.0)
                    .sin()
                    .abs()
                    .mul_add(0.16, 0.22 + 0.1 * (along * 3.0).cos());
                p.y / self.height < ridge && p.y / self.height > 0.12
            }
            _ => false,
        }
    }
}

impl Model for Mug {
    fn nearest(&self, p: V3) -> Nearest {
        let p = self.local(p);
        let h = self.height;
        let outside = cone(
            p,
            self.bottom_radius,
            0.5,
            0.0,
            h,
            if self.enamel { 0.02 } else { 0.05 },
        );
        let (inner_low, inner_high) = (self.bottom_radius - self.wall, 0.5 - self.wall);
        let inside = cone(p, inner_low, inner_high, 0.07, h + 0.4, 0.03);
        let (rx, ry) = (p.x - 0.5, p.y - 0.52 * h);
        let ring = rect(rx, ry, 0.27, 0.31 * h, 0.2).abs();
        let flat = if self.enamel {
            length2(ring, p.z * 0.55) - 0.03
        } else {
            length2(ring, p.z * 0.8) - 0.055
        };
        let handle = flat.max(-outside - 0.02);
        let clay = join(outside, handle, if self.enamel { 0.03 } else { 0.09 });
        let body = common(clay, -inside, 0.035);
        let nearest = Nearest::new(body, BODY);
        if self.full {
            nearest.or(
                cylinder(p, 0.5 - self.wall, 0.1, h * 0.86, 0.005).max(inside),
                DRINK,
            )
        } else {
            nearest
        }
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let p = self.local(p);
        if part == DRINK {
            return Material {
                roughness: 0.05,
                ..Material::glossy(v3(0.06, 0.026, 0.012))
            };
        }
        let within = length2(p.x, p.z)
            < 0.5 - 0.5 * self.wall - 0.1 * (1.0 - p.y / self.height).max(0.0)
            && p.y > 0.06;
        if self.enamel {
            let rim = p.y > self.height - 0.035;
            let mut colour = if within { IVORY } else { self.look.main };
            if self.speckled && !rim {
                colour = colour.mix(
                    IVORY * 1.1,
                    0.9 * speckles(p * 22.0, 0.4) * f32::from(u8::from(!within)),
                );
            }
            if !within && self.painted(p) && length2(p.x, p.z) < 0.53 {
                colour = IVORY;
            }
            return Material::glossy(if rim { COAL } else { colour });
        }
        if within {
            return Material::glossy(IVORY.mix(self.look.main, 0.12));
        }
        let wavy = self.bare_below + 0.03 * layered(p * 3.0);
        let bare = smoothstep(wavy + 0.008, wavy - 0.008, p.y);
        if bare > 0.5 {
            let clay = v3(0.42, 0.29, 0.20) * (0.85 + 0.3 * layered(p * 14.0));
            return Material::matt(clay);
        }
        // A glaze is thin, hence brighter, at the rim.
        let thin = smoothstep(self.height - 0.07, self.height, p.y);
        let mut colour = self.look.main.mix(v3(0.5, 0.36, 0.25), 0.45 * thin);
        colour = colour * (0.9 + 0.2 * layered(p * 5.0));
        if self.speckled {
            colour = colour.mix(v3(0.05, 0.035, 0.025), 0.8 * speckles(p * 20.0, 0.22));
        }
        Material::glossy(colour)
    }

    fn bounds(&self) -> (V3, V3) {
        around(0.86, self.height + 0.01)
    }
}
