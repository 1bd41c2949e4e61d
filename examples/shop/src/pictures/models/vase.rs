//! Vases turned from a profile, some fluted, some with dry stems.

use super::{IVORY, Look, Model, around};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, speckles};
use crate::pictures::sdf::{Nearest, common, radius, rod, sphere};
use crate::pictures::vector::{V3, smoothstep, v3};

const BODY: u8 = 1;
const STEM: u8 = 2;
const BUD: u8 = 3;

pub(super) struct Vase {
    look: Look,
    /// Radius at five heights from foot to lip.
    profile: [f32; 5],
    height: f32,
    flutes: f32,
    stems: Vec<(V3, V3)>,
    glaze_line: f32,
}

const PROFILES: [[f32; 5]; 5] = [
    [0.30, 0.56, 0.50, 0.20, 0.24],
    [0.26, 0.38, 0.52, 0.36, 0.22],
    [0.42, 0.50, 0.36, 0.19, 0.27],
    [0.28, 0.34, 0.40, 0.44, 0.46],
    [0.34, 0.62, 0.60, 0.30, 0.16],
];

impl Vase {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let profile = r.pick(&PROFILES);
        let height = r.between(1.2, 1.75);
        let count = if r.below(2) == 0 { 5 } else { 0 };
        let neck = v3(0.0, height * 0.86, 0.0);
        let stems = (0..count)
            .map(|_| {
                let lean = r.between(0.12, 0.5);
                let tip = v3(lean, height + r.between(0.45, 0.85), 0.0)
                    .turned(r.between(0.0, std::f32::consts::TAU));
                (neck + v3(tip.x, 0.0, tip.z) * 0.08, tip)
            })
            .collect();
        let flutes = if r.below(2) == 0 {
            18.0 + 2.0 * r.below(6) as f32
        } else {
            0.0
        };
        let glaze_line = r.between(-0.6, 0.75);
        Self {
            profile,
            height,
            flutes,
            stems,
            glaze_line,
            look,
        }
    }

    fn wall(&self, y: f32) -> f32 {
        let t = (y / self.height).clamp(0.0, 1.0) * 4.0;
        let i = (t as usize).min(3);
        let at = |k: usize| self.profile[k.min(4)];
        let (a, b, c, d) = (at(i.saturating_sub(1)), at(i), at(i + 1), at(i + 2));
        let f = t - i as f32;
        // Catmull-Rom: a smooth line through all five.
        b + 0.5 * f * (c - a + f * (2.0 * a - 5.0 * b + 4.0 * c - d + f * (3.0 * (b - c) + d - a)))
    }
}

impl Model for Vase {
    fn nearest(&self, p: V3) -> Nearest {
        let mut wall = self.wall(p.y);
        let r = radius(p);
        if self.flutes > 0.0 {
            let fade = smoothstep(0.02, 0.2, p.y) * smoothstep(0.98, 0.8, p.y / self.height);
            wall += 0.012 * fade * (p.z.atan2(p.x) * self.flutes).cos();
        }
        let side = (r - wall) * 0.72;
        let level = (p.y - 0.5 * self.height).abs() - 0.5 * self.height;
        let solid = common(side, level, 0.05);
        let hollow = ((r - wall + 0.05) * 0.72).max(self.height * 0.55 - p.y);
        let mut nearest = Nearest::new(common(solid, -hollow, 0.03), BODY);
        if p.y > self.height * 0.7 {
            for (foot, tip) in &self.stems {
                nearest = nearest.or(rod(p, *foot, *tip, 0.010, 0.007), STEM);
                for (along, size) in [(1.0, 0.06), (0.86, 0.045), (0.72, 0.035)] {
                    let side = v3(tip.z, 0.0, -tip.x).unit() * (0.05 * (1.0 - along) / 0.28);
                    let bud = foot.mix(*tip, along) + side;
                    let shaped = v3(p.x - bud.x, (p.y - bud.y) * 0.7, p.z - bud.z);
                    nearest = nearest.or(sphere(shaped, size), BUD);
                }
            }
        }
        nearest
    }

    fn material(&self, part: u8, p: V3) -> Material {
        match part {
            STEM => Material::matt(v3(0.20, 0.14, 0.07)),
            BUD => {
                let warm = self.look.accent.mix(v3(0.65, 0.42, 0.22), 0.5);
                Material::matt(warm * (0.6 + 0.8 * layered(p * 40.0)))
            }
            _ => {
                let drip = 0.07 * layered(v3(p.z.atan2(p.x) * 2.5, 0.0, 3.0));
                let below = smoothstep(0.01, -0.01, p.y / self.height - self.glaze_line + drip);
                let upper = self.look.main * (0.85 + 0.3 * layered(p * 4.0));
                let sand = IVORY.mix(self.look.accent, 0.25) * 0.8;
                let lower = sand.mix(V3::all(0.1), 0.5 * speckles(p * 24.0, 0.3));
                let colour = upper.mix(lower, below);
                Material {
                    roughness: 0.18 + 0.6 * below,
                    ..Material::glossy(colour)
                }
            }
        }
    }

    fn bounds(&self) -> (V3, V3) {
        if self.stems.is_empty() {
            around(0.68, self.height + 0.02)
        } else {
            let highest = self.stems.iter().map(|(_, tip)| tip.y).fold(0.0, f32::max);
            around(0.7, highest + 0.1)
        }
    }
}
