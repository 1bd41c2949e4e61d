//! Round teapots with a spout, a handle and a lid.

use super::{IVORY, Look, Model};
use crate::pictures::light::Material;
use crate::pictures::noise::{layered, wood};
use crate::pictures::sdf::{Nearest, common, cylinder, join, length2, rod, sphere};
use crate::pictures::vector::{V3, smoothstep, v3};

const BODY: u8 = 1;
const LID: u8 = 2;
const KNOB: u8 = 3;

pub(super) struct Teapot {
    look: Look,
    squash: f32,
    angle: f32,
    wooden: bool,
    two_tone: bool,
}

impl Teapot {
    pub(super) fn new(mut look: Look) -> Self {
        let r = &mut look.random;
        Self {
            squash: r.between(0.74, 0.95),
            angle: r.between(-0.5, 0.5),
            wooden: r.below(2) == 0,
            two_tone: r.below(2) == 0,
            look,
        }
    }

    fn belly(&self, p: V3) -> f32 {
        let q = v3(p.x, (p.y - 0.68 * self.squash - 0.02) / self.squash, p.z);
        ((q.length() - 0.7) * self.squash).max(0.01 - p.y)
    }

    fn lid_edge(&self) -> f32 {
        1.22 * self.squash
    }
}

impl Model for Teapot {
    fn nearest(&self, p: V3) -> Nearest {
        let p = p.turned(self.angle);
        let top = 1.38 * self.squash + 0.02;
        let foot = cylinder(p, 0.38, 0.0, 0.1, 0.03);
        let mut body = join(self.belly(p), foot, 0.08);
        // The spout rises in two pieces; a slit at its end makes it hollow.
        let (a, b, c) = (
            v3(0.5, 0.48, 0.0),
            v3(0.92, 0.72, 0.0),
            v3(1.12, 1.12 * self.squash + 0.06, 0.0),
        );
        let spout = join(rod(p, a, b, 0.2, 0.11), rod(p, b, c, 0.11, 0.07), 0.1);
        let mouth = rod(
            p,
            c - v3(0.09, 0.22, 0.0),
            c + v3(0.04, 0.1, 0.0),
            0.045,
            0.055,
        );
        let level = p.y - c.y;
        body = join(body, common(spout, level, 0.02), 0.12);
        body = common(body, -mouth, 0.02);
        // The handle is an upright ellipse on the other side.
        let (hx, hy) = (
            p.x + 0.72,
            (p.y - 0.74 * self.squash) / (1.05 * self.squash),
        );
        let handle = (length2(length2(hx, hy) - 0.36, p.z) - 0.06) * 0.85;
        body = join(body, handle.max(-self.belly(p) - 0.03), 0.08);
        // A groove parts the lid from the body.
        let groove = length2(
            length2(p.x, p.z) - self.groove_radius(),
            p.y - self.lid_edge(),
        ) - 0.016;
        body = common(body, -groove, 0.012);
        let knob = join(
            sphere(p - v3(0.0, top + 0.1, 0.0), 0.105),
            cylinder(p, 0.05, top - 0.1, top + 0.06, 0.02),
            0.05,
        );
        let part = if p.y > self.lid_edge() && length2(p.x, p.z) < 0.6 {
            LID
        } else {
            BODY
        };
        Nearest::new(body, part).or(knob, KNOB)
    }

    fn material(&self, part: u8, p: V3) -> Material {
        let p = p.turned(self.angle);
        let shade = 0.92 + 0.16 * layered(p * 3.0);
        let glazed = |colour: V3| Material::glossy(colour * shade);
        match part {
            KNOB if self.wooden => {
                let tone = v3(0.46, 0.27, 0.13) * wood(v3(p.y, p.x, p.z) * 1.5);
                Material {
                    roughness: 0.5,
                    ..Material::satin(tone)
                }
            }
            LID | KNOB if self.two_tone => glazed(self.look.accent),
            _ if self.two_tone => {
                let split = smoothstep(0.2, 0.23, p.y + 0.02 * layered(p * 3.0));
                glazed(IVORY.mix(self.look.main, split))
            }
            _ => glazed(self.look.main),
        }
    }

    fn bounds(&self) -> (V3, V3) {
        let reach = 1.22;
        let deep = (0.75_f32).max(reach * self.angle.sin().abs() + 0.45);
        (
            v3(-reach, -0.01, -deep),
            v3(reach, 1.38 * self.squash + 0.25, deep),
        )
    }
}

impl Teapot {
    /// How far from the axis the belly is at the height of the lid's edge.
    fn groove_radius(&self) -> f32 {
        let y = (self.lid_edge() - 0.68 * self.squash - 0.02) / self.squash;
        (0.49 - y * y).max(0.04).sqrt()
    }
}
