//! Rolled mats with two straps.

use super::{COAL, Look, Model};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, value};
use crate::pictures::sdf::{Nearest, block, length2};
use crate::pictures::vector::{V3, smoothstep, v3};

const ROLL: u8 = 1;
const STRAP: u8 = 2;
const BUCKLE: u8 = 3;

/// Thickness of the mat, so the distance between two turns of the roll.
const THICK: f32 = 0.065;
const RADIUS: f32 = 0.45;
const HALF_LENGTH: f32 = 1.15;

pub(super) struct Mat {
    look: Look,
    angle: f32,
    striped: bool,
}

impl Mat {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let side = if r.below(2) == 0 { 1.0 } else { -1.0 };
        Self {
            angle: side * r.between(0.55, 0.85),
            striped: r.below(2) == 0,
            look,
        }
    }

    fn local(&self, p: V3) -> V3 {
        (p - V3::UP * RADIUS).turned(self.angle)
    }

    /// Position within one turn of the spiral, 0 to 1.
    fn turn(p: V3) -> f32 {
        let angle = p.z.atan2(p.y) / std::f32::consts::TAU;
        (length2(p.y, p.z) / THICK - angle).rem_euclid(1.0)
    }
}

impl Model for Mat {
    fn nearest(&self, p: V3) -> Nearest {
        let p = self.local(p);
        let around = length2(p.y, p.z);
        // The outermost turn ends in a step at the foot.
        let angle = (p.z.atan2(p.y) / std::f32::consts::TAU + 0.5).rem_euclid(1.0);
        let round = 0.03;
        let side = around - (RADIUS - THICK * 0.5 * angle) + round;
        let along = p.x.abs() - HALF_LENGTH + round;
        let mut roll = length2(side.max(0.0), along.max(0.0)) + side.max(along).min(0.0) - round;
        if along > -0.1 && around < RADIUS - 0.02 {
            let seam = (Self::turn(p) - 0.5).abs();
            roll += 0.022 * smoothstep(0.36, 0.5, seam);
        }
        let place = (p.x.abs() - 0.62).abs();
        let strap = (around - RADIUS - 0.014)
            .max(place - 0.055)
            .max(RADIUS - 0.08 - around);
        let buckle = block(
            v3(p.x.abs() - 0.62, p.y - 0.26, p.z - RADIUS + 0.075),
            v3(0.075, 0.09, 0.03),
            0.015,
        );
        Nearest::new(roll * 0.7, ROLL)
            .or(strap - 0.004, STRAP)
            .or(buckle, BUCKLE)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let p = self.local(p);
        match part {
            STRAP => {
                let weave = 0.8 + 0.4 * value(v3(p.x * 90.0, p.z.atan2(p.y) * 60.0, 0.0));
                Material::matt(self.look.accent.mix(COAL, 0.25) * weave)
            }
            BUCKLE => Material::satin(COAL),
            _ => {
                let foam = 0.86 + 0.28 * value(p * 60.0);
                let end = p.x.abs() > HALF_LENGTH - 0.02;
                if end {
                    let seam = (Self::turn(p) - 0.5).abs();
                    let deep = smoothstep(0.36, 0.48, seam);
                    let face = self
                        .look
                        .main
                        .mix(self.look.accent, if self.striped { 0.35 } else { 0.0 });
                    return Material::matt(face * (foam * (1.0 - 0.8 * deep)));
                }
                let rib = 0.9 + 0.1 * (p.x * 120.0).sin();
                Material::matt(self.look.main * (foam * rib * (0.9 + 0.2 * layered(p * 3.0))))
            }
        }
    }

    fn bounds(&self) -> (V3, V3) {
        let (s, c) = self.angle.sin_cos();
        let x = HALF_LENGTH * c.abs() + (RADIUS + 0.06) * s.abs() + 0.02;
        let z = HALF_LENGTH * s.abs() + (RADIUS + 0.06) * c.abs() + 0.02;
        (v3(-x, -0.03, -z), v3(x, 2.0 * RADIUS + 0.06, z))
    }
}
