//! The photo studio: a seamless background, softboxes, and how materials answer the light.

use super::vector::{V3, smoothstep, v3};

/// What a surface is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Material {
    /// Linear colour.
    pub(super) colour: V3,
    /// 0 a mirror, 1 chalk.
    pub(super) roughness: f32,
    /// 0 not a metal, 1 a metal.
    pub(super) metal: f32,
    /// Light of its own.
    pub(super) glow: V3,
    /// Share of the light that goes through it, as through frosted glass or fabric.
    pub(super) through: f32,
}

impl Material {
    /// Glossy, such as glazed ceramics.
    pub(super) fn glossy(colour: V3) -> Self {
        Self {
            colour,
            roughness: 0.12,
            metal: 0.0,
            glow: V3::ZERO,
            through: 0.0,
        }
    }

    /// Between gloss and matt, such as painted steel.
    pub(super) fn satin(colour: V3) -> Self {
        Self {
            roughness: 0.4,
            ..Self::glossy(colour)
        }
    }

    /// Without gloss, such as paper, clay or fabric.
    pub(super) fn matt(colour: V3) -> Self {
        Self {
            roughness: 0.9,
            ..Self::glossy(colour)
        }
    }

    /// Metal; roughness 0.1 is polished, 0.5 brushed.
    pub(super) fn metal(colour: V3, roughness: f32) -> Self {
        Self {
            roughness,
            metal: 1.0,
            ..Self::glossy(colour)
        }
    }
}

/// Steel.
pub(super) const STEEL: V3 = v3(0.62, 0.62, 0.64);

/// The lights and the background.
#[derive(Clone, Debug)]
pub(super) struct Studio {
    /// Linear colour of the background where it is brightest.
    pub(super) backdrop: V3,
    /// Towards the main light.
    pub(super) key: V3,
    dark: bool,
}

/// How much of the light reaches a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Share of the main light, 0..1.
    pub(super) key: f32,
    /// Share of the light from all round, 0..1.
    pub(super) ambient: f32,
}

impl Studio {
    pub(super) fn new(backdrop: V3, dark: bool, key: V3) -> Self {
        Self {
            backdrop,
            dark,
            key: key.unit(),
        }
    }

    /// The background at a place on the picture, from -1 to 1 each way.
    pub(super) fn background(&self, x: f32, y: f32) -> V3 {
        let spot = (x * 0.62).powi(2) + ((y - 0.12) * 0.8).powi(2);
        let falloff = 1.0 / (1.0 + spot * if self.dark { 2.2 } else { 0.75 });
        // The floor in front catches a little more light than the curve behind.
        let floor = 1.0 + 0.10 * smoothstep(0.1, -0.9, y);
        self.backdrop * (falloff * floor)
    }

    /// What a mirror sees in direction `d`; `blur` is the roughness of the mirror.
    pub(super) fn surroundings(&self, d: V3, blur: f32) -> V3 {
        let room = if self.dark { 0.10 } else { 0.42 };
        let up = smoothstep(-0.6, 0.9, d.y);
        let mut seen = self.backdrop * (0.5 - 0.15 * up) + V3::all(room * up);
        if d.y < 0.0 {
            seen = seen.mix(self.backdrop * 0.85, smoothstep(0.0, -0.4, d.y));
        }
        let edge = 0.05 + 0.9 * blur;
        let dim = 1.0 / (1.0 + 5.0 * blur * blur);
        seen += V3::all(5.2 * dim) * softbox(d, self.key, 0.42, 0.55, edge);
        let strip = v3(0.93, 0.32, -0.12).unit();
        seen += v3(0.93, 0.97, 1.0) * (3.0 * dim * softbox(d, strip, 0.16, 0.85, edge));
        let rim = v3(-0.45, 0.5, -0.8).unit();
        seen + V3::all(2.0 * dim) * softbox(d, rim, 0.5, 0.2, edge)
    }

    /// Light that leaves a surface towards the camera. `n` is the normal, `view` the direction from
    /// the camera.
    pub(super) fn shade(&self, m: &Material, n: V3, view: V3, reach: Reach) -> V3 {
        let facing = (-n.dot(view)).clamp(0.0, 1.0);
        let key = n.dot(self.key).max(0.0) * reach.key;
        let fill = n.dot(v3(0.85, 0.35, 0.35).unit()).max(0.0) * reach.ambient;
        let rim = n.dot(v3(-0.3, 0.35, -0.9).unit()).max(0.0) * reach.ambient;
        let sky = 0.5 + 0.5 * n.y;
        let room = if self.dark { 0.20 } else { 0.36 };
        let ambient = (V3::all(room).mix(self.backdrop, 0.35) * sky
            + self.backdrop * (0.30 * (1.0 - sky)))
            * reach.ambient;
        let through = m.through * (0.35 + 0.65 * (0.5 + 0.5 * n.dot(self.key)));
        let light = v3(1.0, 0.975, 0.93) * (1.05 * key + through)
            + v3(0.90, 0.95, 1.0) * (0.26 * fill + 0.16 * rim)
            + ambient;
        let diffuse = m.colour.times(light) * (1.0 - m.metal);

        let base = V3::all(0.04).mix(m.colour, m.metal);
        let grazing = (1.0 - facing).powi(5) * (1.0 - m.roughness).powi(2);
        let fresnel = base + (V3::all(1.0) - base) * grazing;
        let mirror = self.surroundings(view.mirrored(n), m.roughness);
        // Reflections fade where little of the surroundings can be seen.
        let open = (reach.ambient + 0.15).min(1.0) * (0.55 + 0.45 * reach.key);
        let gloss = (1.0 - 0.75 * m.roughness) * (1.0 - m.metal) + m.metal;
        diffuse + fresnel.times(mirror) * (open * gloss) + m.glow
    }
}

/// How much of a rectangular lamp in direction `towards` lies in direction `d`, 0..1.
fn softbox(d: V3, towards: V3, w: f32, h: f32, edge: f32) -> f32 {
    let ahead = d.dot(towards);
    if ahead < 0.05 {
        return 0.0;
    }
    let right = V3::UP.cross(towards).unit();
    let up = towards.cross(right);
    let (x, y) = (d.dot(right).abs() / ahead, d.dot(up).abs() / ahead);
    smoothstep(w + edge, w - edge * 0.5, x) * smoothstep(h + edge, h - edge * 0.5, y)
}

/// A film's answer to light: linear in, linear out, highlights rolled off.
pub(super) fn film(c: V3) -> V3 {
    c.map(|x| {
        let x = x.max(0.0) * 0.86;
        ((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)).clamp(0.0, 1.0)
    })
}
