//! Candles in a tumbler, with a label and a flame.

use super::{IVORY, Look, Model, around};
use crate::pictures::light::Material;
use crate::pictures::noise::layered;
use crate::pictures::sdf::{Nearest, common, cylinder, radius, rect, rod};
use crate::pictures::vector::{V3, smoothstep, v3};

const TUMBLER: u8 = 1;
const WAX: u8 = 2;
const WICK: u8 = 3;
const FLAME: u8 = 4;

pub(super) struct Candle {
    look: Look,
    radius: f32,
    height: f32,
    angle: f32,
    lit: bool,
    glossy: bool,
}

impl Candle {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            radius: r.between(0.42, 0.52),
            height: r.between(0.9, 1.2),
            angle: r.between(-0.5, 0.5),
            lit: r.below(4) != 0,
            glossy: r.below(2) == 0,
            look,
        }
    }

    fn wax_level(&self) -> f32 {
        self.height * 0.88
    }

    /// Where the label and its print are: 0 glass, 1 paper, 2 print.
    fn label(&self, p: V3) -> u8 {
        let p = p.turned(self.angle);
        if p.z < 0.0 {
            return 0;
        }
        let (x, y) = (p.x.atan2(p.z) * self.radius, p.y - 0.46 * self.height);
        if rect(x, y, 0.26, 0.25, 0.01) > 0.0 {
            return 0;
        }
        let line = |y0: f32, w: f32, h: f32| rect(x, y - y0, w, h, 0.0) < 0.0;
        let frame = rect(x, y, 0.235, 0.225, 0.0).abs() < 0.004;
        let letters = ((x * 47.0).sin() > -0.55) && line(0.06, 0.15, 0.03);
        let small =
            ((x * 130.0).sin() > -0.3) && (line(-0.04, 0.12, 0.009) || line(-0.075, 0.09, 0.009));
        let sign = ((x * x + (y - 0.145).powi(2)).sqrt() - 0.03).abs() < 0.006;
        if frame || letters || small || sign || line(-0.14, 0.05, 0.004) {
            2
        } else {
            1
        }
    }
}

impl Model for Candle {
    fn nearest(&self, p: V3) -> Nearest {
        let h = self.height;
        let outside = cylinder(p, self.radius, 0.0, h, 0.035);
        let inside = cylinder(p, self.radius - 0.045, 0.1, h + 0.5, 0.02);
        let level = self.wax_level();
        let wax = cylinder(p, self.radius - 0.03, 0.08, level, 0.01).max(inside);
        let mut nearest = Nearest::new(common(outside, -inside, 0.03), TUMBLER)
            .or(wax, WAX)
            .or(
                rod(
                    p,
                    v3(0.0, level, 0.0),
                    v3(0.012, level + 0.1, 0.0),
                    0.012,
                    0.010,
                ),
                WICK,
            );
        if self.lit {
            let y = p.y - level - 0.075;
            let width = 0.055 * (1.0 - y / 0.34).clamp(0.0, 1.0) * smoothstep(-0.05, 0.07, y);
            let flame = ((radius(p) - width) * 0.5).max(y - 0.3).max(-y - 0.03);
            nearest = nearest.or(flame, FLAME);
        }
        nearest
    }

    fn material(&self, part: u8, p: V3) -> Material {
        match part {
            WAX => {
                let near = if self.lit {
                    smoothstep(0.4, 0.02, radius(p))
                } else {
                    0.0
                };
                let glow = v3(0.9, 0.5, 0.16) * (0.55 * near);
                Material {
                    glow,
                    roughness: 0.3,
                    through: 0.25,
                    ..Material::satin(v3(0.82, 0.76, 0.62))
                }
            }
            WICK => Material::matt(V3::all(0.02)),
            FLAME => {
                let up = ((p.y - self.wax_level()) / 0.34).clamp(0.0, 1.0);
                let hot = v3(3.2, 2.3, 1.0).mix(v3(2.6, 1.1, 0.2), up);
                Material {
                    glow: hot,
                    ..Material::matt(V3::ZERO)
                }
            }
            _ => match self.label(p) {
                1 => Material::matt(IVORY * (0.96 + 0.06 * layered(p * 60.0))),
                2 => Material::matt(v3(0.05, 0.045, 0.04)),
                _ if self.glossy => Material::glossy(self.look.main * 0.85),
                _ => Material::satin(self.look.main * (0.95 + 0.1 * layered(p * 9.0))),
            },
        }
    }

    fn bounds(&self) -> (V3, V3) {
        let flame = if self.lit { 0.28 } else { 0.02 };
        around(self.radius + 0.02, self.height + flame)
    }
}
