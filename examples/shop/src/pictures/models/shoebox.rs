//! Shoe boxes with a lid, a stripe and a label.

use super::{COAL, IVORY, Look, Model};
use crate::pictures::light::Material;
use crate::pictures::noise::layered;
use crate::pictures::sdf::{Nearest, block, length2, rect};
use crate::pictures::vector::{V3, v3};

const BOX: u8 = 1;
const LID: u8 = 2;
const PAPER: u8 = 3;

pub(super) struct Shoebox {
    look: Look,
    half: V3,
    angle: f32,
    lid_lift: f32,
    lid_turn: f32,
    stripe: u64,
}

impl Shoebox {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let open = r.below(2) == 0;
        Self {
            half: v3(1.0, r.between(0.32, 0.42), r.between(0.58, 0.66)),
            angle: r.between(0.35, 0.65),
            lid_lift: if open { 0.11 } else { 0.0 },
            lid_turn: if open { r.between(-0.12, -0.06) } else { 0.0 },
            stripe: r.below(3),
            look,
        }
    }

    /// What is printed on the long front at `x`, `y` from its middle.
    fn front(&self, x: f32, y: f32) -> Option<V3> {
        let h = self.half.y;
        match self.stripe {
            0 => {
                let chevron = x - 0.5 + y.abs();
                ((0.0..0.09).contains(&chevron) || (0.18..0.27).contains(&chevron)).then_some(IVORY)
            }
            1 => ((y + 0.35 * h).abs() < 0.05).then_some(self.look.accent),
            _ => {
                let wave = 0.11 * (x * 2.6).sin();
                ((y - wave).abs() < 0.03 + 0.03 * (x + 1.0)).then_some(self.look.accent)
            }
        }
    }

    /// Label on the short side: size, code bars.
    fn label(&self, z: f32, y: f32) -> Option<V3> {
        if rect(z, y, 0.3, 0.2, 0.01) > 0.0 {
            return None;
        }
        let bars = rect(z + 0.08, y + 0.08, 0.16, 0.07, 0.0) < 0.0
            && (z * 190.0).sin() + (z * 83.0).sin() > 0.25;
        let text = [0.12, 0.065, 0.02]
            .iter()
            .any(|at| rect(z + 0.1, y - at, 0.14, 0.012, 0.0) < 0.0 && (z * 160.0).sin() > -0.5);
        let size = (length2(z - 0.18, y - 0.04) - 0.06).abs() < 0.014;
        Some(if bars || text || size {
            COAL
        } else {
            IVORY * 1.1
        })
    }
}

impl Model for Shoebox {
    fn nearest(&self, p: V3) -> Nearest {
        let p = p.turned(self.angle);
        let h = self.half;
        let body = block(p - V3::UP * h.y, h, 0.012);
        let hollow = block(p - V3::UP * (h.y + 0.05), h - v3(0.025, 0.0, 0.025), 0.005);
        let lid_half = v3(h.x + 0.025, 0.13, h.z + 0.025);
        let q = (p - V3::UP * (2.0 * h.y - 0.1 + self.lid_lift)).turned(self.lid_turn);
        let lid = block(q, lid_half, 0.016);
        let lid = lid.max(-block(
            q + V3::UP * 0.05,
            lid_half - v3(0.02, 0.03, 0.02),
            0.003,
        ));
        let crumple = 0.02 * layered(p * 7.0) + 0.015 * layered(p * 19.0);
        let paper = block(
            p - V3::UP * (2.0 * h.y - 0.16),
            v3(h.x - 0.03, 0.15, h.z - 0.03),
            0.03,
        ) - crumple
            + 0.03;
        Nearest::new(body.max(-hollow), BOX)
            .or(lid, LID)
            .or(paper * 0.7, PAPER)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let p = p.turned(self.angle);
        let h = self.half;
        let fibre = 0.95 + 0.1 * layered(p * 40.0);
        let card = |colour: V3| Material {
            roughness: 0.55,
            ..Material::satin(colour * fibre)
        };
        match part {
            PAPER => Material::matt(v3(0.86, 0.85, 0.82)),
            LID => {
                let top = p.y > 2.0 * h.y + self.lid_lift + 0.02;
                let (x, z) = (p.x, p.z);
                let ring = top && (length2(x, z) - 0.3).abs() < 0.035;
                let word = top && rect(x, z, 0.2, 0.045, 0.0) < 0.0 && (x * 48.0).sin() > -0.6;
                card(if ring || word {
                    IVORY
                } else {
                    self.look.main.mix(COAL, 0.25)
                })
            }
            _ if p.x.abs() > h.x - 0.01 => card(
                self.label(p.z * p.x.signum(), p.y - h.y + 0.08)
                    .unwrap_or(self.look.main),
            ),
            _ if p.z.abs() > h.z - 0.01 => {
                card(self.front(p.x, p.y - h.y).unwrap_or(self.look.main))
            }
            _ => card(v3(0.42, 0.33, 0.23)),
        }
    }

    fn bounds(&self) -> (V3, V3) {
        let (s, c) = (self.angle.sin().abs(), self.angle.cos().abs());
        let (x, z) = (self.half.x + 0.1, self.half.z + 0.14);
        let reach = v3(x * c + z * s, 0.0, x * s + z * c);
        (
            v3(-reach.x, -0.01, -reach.z),
            v3(reach.x, 2.0 * self.half.y + 0.17, reach.z),
        )
    }
}
