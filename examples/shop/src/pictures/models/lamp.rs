//! Table lamps: a turned foot, a stem, a glowing shade of linen.

use super::{COAL, Look, Model, around};
use crate::pictures::light::{Material, STEEL};
use crate::pictures::noise::{layered, value, wood};
use crate::pictures::sdf::{Nearest, common, cone, cylinder, join, ring_y, sphere};
use crate::pictures::vector::{V3, smoothstep, v3};

const FOOT: u8 = 1;
const STEM: u8 = 2;
const SHADE: u8 = 3;
const BULB: u8 = 4;

pub(super) struct Lamp {
    look: Look,
    foot: u64,
    shade_low: f32,
    shade_high: f32,
    r_low: f32,
    r_high: f32,
    brass: bool,
}

impl Lamp {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let shade_low = r.between(1.05, 1.25);
        let r_low = r.between(0.62, 0.74);
        Self {
            foot: r.below(3),
            shade_low,
            shade_high: shade_low + r.between(0.55, 0.75),
            r_low,
            r_high: r_low * r.between(0.55, 0.95),
            brass: r.below(2) == 0,
            look,
        }
    }
}

impl Model for Lamp {
    fn nearest(&self, p: V3) -> Nearest {
        let foot = match self.foot {
            0 => {
                let belly = v3(p.x, (p.y - 0.36) / 0.9, p.z);
                let neck = cylinder(p, 0.09, 0.5, 0.8, 0.03);
                let ball = join(sphere(belly, 0.36) * 0.9, neck, 0.16);
                join(ball, cylinder(p, 0.24, 0.0, 0.06, 0.02), 0.05)
            }
            1 => cone(p, 0.40, 0.10, 0.0, 0.75, 0.05),
            _ => cylinder(p, 0.42, 0.0, 0.07, 0.03),
        };
        let stem = cylinder(p, 0.032, 0.03, self.shade_low + 0.2, 0.0);
        let (low, high) = (self.shade_low, self.shade_high);
        let outer = cone(p, self.r_low, self.r_high, low, high, 0.004);
        let slope = (self.r_high - self.r_low) / (high - low);
        let (inner_low, inner_high) = (self.r_low - slope * 0.1, self.r_high + slope * 0.1);
        let hollow = cone(
            p,
            inner_low - 0.018,
            inner_high - 0.018,
            low - 0.1,
            high + 0.1,
            0.0,
        );
        let shade = common(outer, -hollow, 0.008);
        let hems = ring_y(p - v3(0.0, low + 0.008, 0.0), self.r_low - 0.008, 0.014).min(ring_y(
            p - v3(0.0, high - 0.008, 0.0),
            self.r_high - 0.008,
            0.014,
        ));
        let bulb = sphere(p - v3(0.0, low + 0.3, 0.0), 0.13);
        Nearest::new(foot, FOOT)
            .or(stem, STEM)
            .or(shade.min(hems), SHADE)
            .or(bulb, BULB)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let metal = if self.brass {
            v3(0.72, 0.50, 0.22)
        } else {
            STEEL
        };
        match part {
            FOOT => match self.foot {
                0 => Material::glossy(self.look.main * (0.9 + 0.2 * layered(p * 4.0))),
                1 => {
                    let grain = wood(v3(p.y, p.x, p.z) * 1.1);
                    Material {
                        roughness: 0.45,
                        ..Material::satin(v3(0.40, 0.23, 0.11) * grain)
                    }
                }
                _ => Material::satin(COAL.mix(self.look.main, 0.6)),
            },
            STEM => Material::metal(metal, 0.22),
            BULB => Material {
                glow: v3(4.0, 3.0, 1.7),
                ..Material::matt(V3::ZERO)
            },
            _ => {
                let angle = p.z.atan2(p.x);
                let (warp, weft) = (
                    value(v3(angle * 60.0, p.y * 9.0, 1.0)),
                    value(v3(angle * 9.0, p.y * 90.0, 7.0)),
                );
                let weave = 0.86 + 0.14 * warp + 0.14 * (weft - 0.5);
                let up = (p.y - self.shade_low) / (self.shade_high - self.shade_low);
                let hem = smoothstep(0.035, 0.03, up) + smoothstep(0.965, 0.97, up);
                let linen = v3(0.80, 0.74, 0.62)
                    .mix(self.look.main, if self.foot == 0 { 0.1 } else { 0.75 });
                let lit = (1.0 - (up - 0.42).abs() * 1.5).clamp(0.12, 1.0);
                let warm =
                    linen.times(v3(1.0, 0.72, 0.40)) * (1.7 * lit * weave * (1.0 - 0.6 * hem));
                Material {
                    glow: warm,
                    ..Material::matt(linen * (weave * (0.8 - 0.3 * hem)))
                }
            }
        }
    }

    fn bounds(&self) -> (V3, V3) {
        around(self.r_low.max(0.44) + 0.02, self.shade_high + 0.02)
    }
}
