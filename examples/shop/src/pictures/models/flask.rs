//! Insulated flasks: powder-coated steel, a lid with a carrying loop.

use super::{COAL, IVORY, Look, Model};
use crate::pictures::light::{Material, STEEL};
use crate::pictures::noise::value;
use crate::pictures::sdf::{Nearest, cone, cylinder, join, length2, rect};
use crate::pictures::vector::{V3, v3};

const BODY: u8 = 1;
const CAP: u8 = 2;
const BASE: u8 = 3;
const NECK: u8 = 4;

pub(super) struct Flask {
    look: Look,
    radius: f32,
    shoulder: f32,
    cap: u64,
    mark: u64,
    angle: f32,
    bare: bool,
}

impl Flask {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            radius: r.between(0.34, 0.44),
            shoulder: r.between(1.25, 1.65),
            cap: r.below(3),
            mark: r.below(3),
            angle: r.between(-0.45, 0.45),
            bare: r.below(4) == 0,
            look,
        }
    }

    /// A mountain in a ring, or two bars, on the front.
    fn marked(&self, p: V3) -> bool {
        let q = p.turned(self.angle);
        if q.z < 0.0 {
            return false;
        }
        let (x, y) = (q.x.atan2(q.z) * self.radius, q.y - 0.62 * self.shoulder);
        match self.mark {
            0 => {
                let ring = (length2(x, y) - 0.15).abs() < 0.012;
                let peak = |x0: f32, top: f32| y < top - 1.3 * (x - x0).abs();
                let range =
                    (peak(-0.035, 0.06) || peak(0.055, 0.02)) && length2(x, y) < 0.125 && y > -0.06;
                ring || range
            }
            1 => {
                rect(x, y - 0.2, 0.030, 0.20, 0.03) < 0.0
                    || rect(x - 0.09, y - 0.14, 0.030, 0.14, 0.03) < 0.0
            }
            _ => {
                let word = rect(x, y, 0.2, 0.032, 0.0) < 0.0 && (x * 52.0).sin() > -0.6;
                word || rect(x, y - 0.065, 0.2, 0.004, 0.0) < 0.0
            }
        }
    }
}

impl Model for Flask {
    fn nearest(&self, p: V3) -> Nearest {
        let (r, s) = (self.radius, self.shoulder);
        let tube = cylinder(p, r, 0.05, s, 0.06);
        let slope = cone(p, r - 0.02, 0.235, s - 0.09, s + 0.2, 0.04);
        let body = join(tube, slope, 0.1);
        let base = cylinder(p, r - 0.012, 0.0, 0.09, 0.02);
        let neck = cylinder(p, 0.225, s + 0.1, s + 0.235, 0.005);
        let mut ribs = 0.0;
        if self.cap != 1 {
            ribs = 0.006 * (p.z.atan2(p.x) * 32.0).sin();
        }
        let mut cap = cylinder(p, 0.25, s + 0.23, s + 0.46, 0.035) - ribs;
        if self.cap != 2 {
            let q = p.turned(self.angle);
            let (x, y) = (q.x, q.y - s - 0.46);
            let loop_ = (rect(x, y, 0.19, 0.16, 0.1).abs() - 0.028).max(q.z.abs() - 0.055);
            cap = join(cap, loop_ - 0.008, 0.03);
        }
        Nearest::new(body, BODY)
            .or(base, BASE)
            .or(neck, NECK)
            .or(cap * 0.9, CAP)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let brushed = || {
            let line = 0.86 + 0.16 * value(v3(0.0, p.y * 240.0, p.z.atan2(p.x) * 2.0));
            Material::metal(STEEL * line, 0.32)
        };
        match part {
            BASE | NECK => brushed(),
            CAP if self.cap == 1 => Material::metal(STEEL, 0.25),
            CAP => Material {
                roughness: 0.5,
                ..Material::satin(COAL * 1.3)
            },
            _ if self.marked(p) => {
                if self.bare {
                    Material::satin(COAL)
                } else {
                    Material::satin(IVORY)
                }
            }
            _ if self.bare => brushed(),
            _ => {
                let powder = 0.88 + 0.24 * value(p * 110.0);
                Material {
                    roughness: 0.42,
                    ..Material::satin(self.look.main * powder)
                }
            }
        }
    }

    fn bounds(&self) -> (V3, V3) {
        let top = self.shoulder + if self.cap == 2 { 0.48 } else { 0.67 };
        (v3(-0.46, -0.01, -0.46), v3(0.46, top, 0.46))
    }
}
