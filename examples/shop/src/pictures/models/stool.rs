//! Stools: a round seat on three or four splayed legs.

use super::{Look, Model, around};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, wood};
use crate::pictures::sdf::{Nearest, cylinder, join, rod};
use crate::pictures::vector::{V3, smoothstep, v3};

const SEAT: u8 = 1;
const LEG: u8 = 2;
const RUNG: u8 = 3;

pub(super) struct Stool {
    look: Look,
    legs: Vec<(V3, V3)>,
    height: f32,
    cushion: bool,
    dipped: bool,
    tone: V3,
}

impl Stool {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let count = 3 + r.below(2) as usize;
        let height = r.between(1.35, 1.7);
        let start = r.between(0.0, 1.5);
        let splay = r.between(0.56, 0.68);
        let legs = (0..count)
            .map(|i| {
                let angle = start + std::f32::consts::TAU * i as f32 / count as f32;
                let top = v3(0.38, height - 0.1, 0.0).turned(angle);
                (top, v3(splay, 0.035, 0.0).turned(angle))
            })
            .collect();
        let tones = [
            v3(0.55, 0.36, 0.19),
            v3(0.36, 0.20, 0.10),
            v3(0.66, 0.48, 0.29),
        ];
        let tone = r.pick(&tones);
        Self {
            legs,
            height,
            cushion: r.below(2) == 0,
            dipped: r.below(2) == 0,
            tone,
            look,
        }
    }
}

impl Model for Stool {
    fn nearest(&self, p: V3) -> Nearest {
        let h = self.height;
        let seat = if self.cushion {
            let board = cylinder(p, 0.56, h - 0.14, h - 0.07, 0.02);
            let pad = cylinder(p, 0.57, h - 0.08, h + 0.06, 0.065);
            return self.frame(p, board, RUNG).or(pad, SEAT);
        } else {
            cylinder(p, 0.58, h - 0.11, h, 0.045)
        };
        self.frame(p, seat, SEAT)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        if part == SEAT && self.cushion {
            let weave = 0.85 + 0.3 * layered(p * 70.0);
            return Material::matt(self.look.main * weave);
        }
        let grain = if part == LEG {
            wood(v3(p.y, p.x, p.z) * 1.2)
        } else {
            wood(p * 1.2)
        };
        let bare = self.tone * grain;
        let dip = smoothstep(0.492, 0.488, p.y / self.height * 1.1);
        let painted = if self.cushion {
            0.0
        } else {
            f32::from(u8::from(part == SEAT))
        };
        let paint = if self.dipped {
            painted.max(dip * f32::from(u8::from(part == LEG)))
        } else {
            0.0
        };
        let colour = bare.mix(self.look.main, paint);
        Material {
            roughness: 0.45,
            ..Material::satin(colour)
        }
    }

    fn bounds(&self) -> (V3, V3) {
        around(0.74, self.height + 0.07)
    }
}

impl Stool {
    fn frame(&self, p: V3, seat: f32, seat_part: u8) -> Nearest {
        let mut legs = f32::MAX;
        let mut rungs = f32::MAX;
        let count = self.legs.len();
        for (i, (top, foot)) in self.legs.iter().enumerate() {
            legs = legs.min(rod(p, *top, *foot, 0.058, 0.038));
            let (next_top, next_foot) = self.legs[(i + 1) % count];
            let lower = 0.62 + 0.08 * (i % 2) as f32;
            rungs = rungs.min(rod(
                p,
                top.mix(*foot, lower),
                next_top.mix(next_foot, lower),
                0.022,
                0.022,
            ));
        }
        let legs = legs.max(0.002 - p.y);
        let seat = if seat_part == SEAT {
            join(seat, legs + 0.03, 0.02).min(seat)
        } else {
            seat
        };
        Nearest::new(seat, seat_part).or(legs, LEG).or(rungs, RUNG)
    }
}
