//! Camping lanterns: a glowing cylinder behind four bars, a lid and a bail.

use super::{COAL, Look, Model};
use crate::pictures::light::{Material, STEEL};
use crate::pictures::noise::layered;
use crate::pictures::sdf::{Nearest, cone, cylinder, join, length2, radius, rod};
use crate::pictures::vector::{V3, smoothstep, v3};

const SHELL: u8 = 1;
const GLASS: u8 = 2;
const BAR: u8 = 3;
const KNOB: u8 = 4;

pub(super) struct Lantern {
    look: Look,
    glass: f32,
    angle: f32,
    domed: bool,
    warm: V3,
}

impl Lantern {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            glass: r.between(0.5, 0.75),
            angle: r.between(0.2, 0.6),
            domed: r.below(2) == 0,
            warm: v3(1.0, r.between(0.66, 0.82), r.between(0.34, 0.56)),
            look,
        }
    }
}

const BASE: f32 = 0.42;

impl Model for Lantern {
    fn nearest(&self, p: V3) -> Nearest {
        let top = BASE + self.glass;
        let foot = cylinder(p, 0.52, 0.0, 0.12, 0.04);
        let base = cone(p, 0.48, 0.42, 0.08, BASE, 0.05);
        let rim = cylinder(p, 0.45, BASE - 0.05, BASE + 0.02, 0.02);
        let lid = if self.domed {
            let dome = v3(p.x, (p.y - top) * 1.35, p.z);
            ((dome.length() - 0.45) * 0.72).max(top - 0.03 - p.y)
        } else {
            cone(p, 0.46, 0.26, top - 0.02, top + 0.26, 0.04)
        };
        let cap = cylinder(p, 0.12, top + 0.2, top + 0.38, 0.03);
        let mut shell = join(foot, base, 0.04).min(rim).min(join(lid, cap, 0.05));
        // Grooves around the base give it some technology.
        if radius(p) > 0.3 && p.y < BASE {
            shell += 0.012 * smoothstep(0.016, 0.0, (p.y - 0.3).abs());
        }
        let glass = cylinder(p, 0.35, BASE - 0.02, top + 0.02, 0.0);
        // Four bars: fold the four quarters into one.
        let q = p.turned(self.angle);
        let (x, z) = (q.x.abs(), q.z.abs());
        let bars = rod(
            v3(x, q.y, z),
            v3(0.295, BASE - 0.05, 0.295),
            v3(0.295, top + 0.03, 0.295),
            0.022,
            0.022,
        );
        let bail = length2(length2(q.x, q.y - top - 0.12) - 0.47, q.z) - 0.018;
        let bail = bail.max(top + 0.08 - q.y);
        let knob_at = v3(q.x, q.y - 0.2, q.z - 0.46);
        let knob = (length2(knob_at.x, knob_at.y) - 0.075).max(knob_at.z.abs() - 0.06) - 0.01;
        Nearest::new(shell, SHELL)
            .or(glass, GLASS)
            .or(bars.min(bail), BAR)
            .or(knob, KNOB)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        match part {
            GLASS => {
                let up = (p.y - BASE) / self.glass;
                let core = smoothstep(0.75, 0.0, (up - 0.45).abs());
                let ribs = 0.92 + 0.08 * (p.z.atan2(p.x) * 40.0).sin();
                let glow = self.warm * ((0.45 + 1.15 * core) * ribs);
                Material {
                    glow,
                    roughness: 0.15,
                    ..Material::glossy(V3::all(0.25))
                }
            }
            BAR => Material::metal(STEEL * 0.8, 0.3),
            KNOB => Material::satin(COAL),
            _ if p.y < 0.12 => Material::satin(COAL * 1.2),
            _ => {
                let worn = 0.94 + 0.12 * layered(p * 12.0);
                Material {
                    roughness: 0.3,
                    ..Material::satin(self.look.main * worn)
                }
            }
        }
    }

    fn bounds(&self) -> (V3, V3) {
        let top = BASE + self.glass + 0.62;
        (v3(-0.54, -0.01, -0.54), v3(0.54, top, 0.54))
    }
}
