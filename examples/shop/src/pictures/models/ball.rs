//! Balls: footballs of pentagons and hexagons, and basketballs.

use super::{COAL, Look, Model};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, value};
use crate::pictures::sdf::Nearest;
use crate::pictures::vector::{V3, smoothstep, v3};

const GOLD: f32 = 1.618_034;

pub(super) struct Ball {
    look: Look,
    basket: bool,
    tilt: (V3, V3, V3),
    /// Directions of the middles of the panels, the first twelve pentagons, and their power.
    panels: Vec<(V3, f32)>,
}

const RADIUS: f32 = 0.8;

impl Ball {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        let a = v3(
            r.between(-1.0, 1.0),
            r.between(0.3, 1.0),
            r.between(-1.0, 1.0),
        )
        .unit();
        let b = a.cross(v3(0.3, 0.1, 0.9)).unit();
        let basket = r.below(3) == 0;
        Self {
            basket,
            tilt: (a, b, a.cross(b)),
            panels: panels(),
            look,
        }
    }

    fn local(&self, p: V3) -> V3 {
        let q = p - V3::UP * RADIUS;
        v3(q.dot(self.tilt.0), q.dot(self.tilt.1), q.dot(self.tilt.2))
    }

    /// Which panel a direction lies in, and how far it is from the nearest seam.
    fn panel(&self, d: V3) -> (usize, f32) {
        let (mut best, mut second, mut index) = (f32::MIN, f32::MIN, 0);
        for (i, (centre, power)) in self.panels.iter().enumerate() {
            let score = d.dot(*centre) * power;
            if score > best {
                (second, best, index) = (best, score, i);
            } else {
                second = second.max(score);
            }
        }
        (index, best - second)
    }

    fn seam_distance(&self, d: V3) -> f32 {
        if self.basket {
            // Two great circles and two curves to their sides.
            let curve = (d.x.abs() - 0.52 - 0.42 * d.y * d.y).abs() * 0.8;
            d.y.abs().min(d.z.abs()).min(curve)
        } else {
            self.panel(d).1
        }
    }
}

fn panels() -> Vec<(V3, f32)> {
    let mut panels = Vec::with_capacity(32);
    let signs = [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)];
    for (s, t) in signs {
        for corner in [
            v3(0.0, s, t * GOLD),
            v3(s, t * GOLD, 0.0),
            v3(t * GOLD, 0.0, s),
        ] {
            // The power makes pentagons as much smaller as they are on a truncated icosahedron.
            panels.push((corner.unit(), 1.0));
        }
    }
    const HEXAGON: f32 = 1.0278;
    for (s, t) in signs {
        for u in [1.0, -1.0] {
            panels.push((v3(s, t, u).unit(), HEXAGON));
        }
        let short = 1.0 / GOLD;
        for corner in [
            v3(0.0, t * GOLD, s * short),
            v3(s * short, 0.0, t * GOLD),
            v3(t * GOLD, s * short, 0.0),
        ] {
            panels.push((corner.unit(), HEXAGON));
        }
    }
    // The eight of the first loop repeat for every t: keep each direction once.
    let mut seen: Vec<(V3, f32)> = Vec::with_capacity(32);
    for panel in panels {
        if seen.iter().all(|known| known.0.dot(panel.0) < 0.999) {
            seen.push(panel);
        }
    }
    seen
}

impl Model for Ball {
    fn nearest(&self, p: V3) -> Nearest {
        let q = self.local(p);
        let mut distance = q.length() - RADIUS;
        if distance < 0.03 {
            let seam = self.seam_distance(q.unit());
            let width = if self.basket { 0.018 } else { 0.02 };
            distance += 0.016 * smoothstep(width, 0.0, seam);
        }
        Nearest::new(distance, 1)
    }

    fn material(&self, _: u8, p: V3) -> Material {
        let q = self.local(p);
        let d = q.unit();
        if self.basket {
            if self.seam_distance(d) < 0.013 {
                return Material::satin(COAL);
            }
            let pebbles = 0.8 + 0.4 * value(d * 75.0);
            let leather = self.look.main.mix(v3(0.55, 0.17, 0.04), 0.6);
            return Material {
                roughness: 0.55,
                ..Material::satin(leather * pebbles)
            };
        }
        let (index, seam) = self.panel(d);
        let white = v3(0.78, 0.78, 0.77);
        let colour = match index {
            0..12 => self.look.main,
            i if i % 5 == 0 => self.look.accent,
            _ => white,
        };
        let soil = 0.94 + 0.08 * layered(d * 9.0);
        let dark = smoothstep(0.012, 0.004, seam);
        let colour = (colour * soil).mix(COAL, 0.75 * dark);
        Material {
            roughness: 0.28,
            ..Material::satin(colour)
        }
    }

    fn bounds(&self) -> (V3, V3) {
        (v3(-0.81, -0.01, -0.81), v3(0.81, 1.62, 0.81))
    }
}
