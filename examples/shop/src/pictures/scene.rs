//! A product on the floor of the studio: what a ray from the camera meets.

use super::light::{Reach, Studio};
use super::models::Model;
use super::sdf::Nearest;
use super::vector::{V3, smoothstep, v3};

/// Steps of one ray at most.
const STEPS_MAX: u32 = 96;

/// Cells of the floor's shadow map, each way.
const CELLS: usize = 256;

/// A camera, a model and the light.
pub(super) struct Scene {
    model: Box<dyn Model>,
    studio: Studio,
    camera: Camera,
    low: V3,
    high: V3,
    floor: Vec<[f32; 2]>,
    floor_origin: (f32, f32),
    floor_size: f32,
    cut_out: bool,
}

/// What the camera sees through one point of the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Linear colour.
    pub(super) colour: V3,
    /// 1 unless the background was cut out.
    pub(super) alpha: f32,
    /// Which part of the product, 0 for the floor.
    pub(super) part: u8,
}

/// Where rays may start: on their way to the product, and to its mirror image in the floor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    direct: Option<f32>,
    mirrored: Option<f32>,
}

/// Mirrored in the floor.
fn in_floor(v: V3) -> V3 {
    v3(v.x, -v.y, v.z)
}

#[derive(Clone, Copy, Debug)]
struct Camera {
    eye: V3,
    forward: V3,
    right: V3,
    up: V3,
    zoom: f32,
}

impl Scene {
    /// Puts a model into the studio. `turn` moves the camera round it, `lift` above it; radians.
    /// With `cut_out` the floor is transparent but for its shadow.
    pub(super) fn new(
        model: Box<dyn Model>,
        studio: Studio,
        turn: f32,
        lift: f32,
        cut_out: bool,
    ) -> Self {
        let (low, high) = model.bounds();
        let camera = Camera::framing(low, high, turn, lift);
        let height = high.y - low.y;
        let reach = 1.1 * height / studio.key.y.max(0.3) + 0.3;
        let (cx, cz) = (0.5 * (low.x + high.x), 0.5 * (low.z + high.z));
        let half = 0.5 * (high.x - low.x).max(high.z - low.z) + reach;
        let mut scene = Self {
            model,
            studio,
            camera,
            low,
            high,
            floor: Vec::new(),
            floor_origin: (cx - half, cz - half),
            floor_size: 2.0 * half,
            cut_out,
        };
        scene.floor = scene.light_floor();
        scene
    }

    /// What all rays within `radius` of `x`, `y` have in common. A few thousand such cones save every
    /// ray most of its way.
    pub(super) fn approach(&self, x: f32, y: f32, radius: f32) -> Start {
        let ray = self.camera.ray(x, y);
        let spread = radius / self.camera.zoom;
        let eye = self.camera.eye;
        Start {
            direct: self.cone(eye, ray, spread, self.high.y),
            mirrored: self.cone(in_floor(eye), in_floor(ray), spread, self.mirror_height()),
        }
    }

    /// How far a cone of rays goes before one of them may meet the product below `ceiling`; nothing
    /// if none can.
    fn cone(&self, from: V3, ray: V3, spread: f32, ceiling: f32) -> Option<f32> {
        let margin = V3::all(spread * ((self.high - from).length() + 2.0));
        let (low, high) = (
            self.low - margin,
            v3(self.high.x, ceiling, self.high.z) + margin,
        );
        let (mut t, end) = span(from, ray, low, high)?;
        for _ in 0..STEPS_MAX {
            let free = self.model.nearest(from + ray * t).distance - spread * t;
            if free < 0.004 {
                break;
            }
            t += free * 0.9;
            if t > end {
                return None;
            }
        }
        Some(t)
    }

    /// Up to where the floor shows the product.
    fn mirror_height(&self) -> f32 {
        0.4 * self.high.y
    }

    /// What is seen at `x`, `y`: from -1 to 1 downwards, and as far sideways as the shape asks for.
    /// `start` comes from [`Scene::approach`].
    pub(super) fn look(&self, x: f32, y: f32, start: Start) -> Sample {
        let c = &self.camera;
        let ray = c.ray(x, y);
        let met = start
            .direct
            .and_then(|start| self.meet(c.eye, ray, start, self.high.y));
        if let Some((t, part)) = met {
            let colour = self.shaded(c.eye + ray * t, ray, part);
            return Sample {
                colour,
                alpha: 1.0,
                part,
            };
        }
        let mut colour = self.studio.background(x * 0.75, -y);
        let mut alpha = if self.cut_out { 0.0 } else { 1.0 };
        if ray.y < -1e-3 {
            let spot = c.eye + ray * (-c.eye.y / ray.y);
            let light = self.floor_light(spot.x, spot.z);
            if self.cut_out {
                return Sample {
                    colour: V3::ZERO,
                    alpha: (1.0 - light) * 0.75,
                    part: 0,
                };
            }
            colour = colour * light;
            // The floor is a little glossy: it shows the foot of the product upside down, as a
            // camera below the floor would see it.
            if let Some(start) = start.mirrored {
                let (eye, up) = (in_floor(c.eye), in_floor(ray));
                let start = start.max(-c.eye.y / ray.y + 1e-3);
                if let Some((t, part)) = self.meet(eye, up, start, self.mirror_height()) {
                    let point = eye + up * t;
                    let near = (1.0 - point.y / self.mirror_height()).max(0.0);
                    let share = 0.16 * near * near + 0.05 * near;
                    colour = colour.mix(self.shaded(point, up, part), share);
                }
            }
            alpha = 1.0;
        }
        Sample {
            colour,
            alpha,
            part: 0,
        }
    }

    fn shaded(&self, point: V3, ray: V3, part: u8) -> V3 {
        let normal = self.normal(point);
        let lit = normal.dot(self.studio.key) > -0.2;
        let mut reach = Reach {
            key: if lit {
                self.shadow(point + normal * 0.006, self.studio.key)
            } else {
                0.0
            },
            ambient: self.openness(point, normal),
        };
        // Near the floor less light comes from below, and what comes has the floor's colour.
        reach.ambient *= 0.62 + 0.38 * smoothstep(0.0, 0.35, point.y + 0.25 * (normal.y + 0.2));
        let material = self.model.material(part, point);
        self.studio.shade(&material, normal, ray, reach)
    }

    /// The first meeting of a ray, `start` after its beginning, with the product below `ceiling`:
    /// how far, and with which part.
    fn meet(&self, from: V3, ray: V3, start: f32, ceiling: f32) -> Option<(f32, u8)> {
        let high = v3(self.high.x, ceiling, self.high.z);
        let (near, end) = span(from, ray, self.low, high)?;
        let mut t = near.max(start);
        for _ in 0..STEPS_MAX {
            let Nearest { distance, part } = self.model.nearest(from + ray * t);
            if distance < 0.0006 * (1.0 + 0.1 * t) {
                return Some((t, part));
            }
            t += distance * 0.95;
            if t > end {
                return None;
            }
        }
        None
    }

    fn normal(&self, p: V3) -> V3 {
        const E: f32 = 0.0012;
        let corners = [
            v3(1.0, -1.0, -1.0),
            v3(-1.0, -1.0, 1.0),
            v3(-1.0, 1.0, -1.0),
            V3::all(1.0),
        ];
        let sum = |sum: V3, corner: V3| sum + corner * self.model.nearest(p + corner * E).distance;
        corners.into_iter().fold(V3::ZERO, sum).unit()
    }

    /// Share of a large lamp that is seen from `from`: Quilez' soft shadow with a two-sided penumbra.
    fn shadow(&self, from: V3, towards: V3) -> f32 {
        const WIDTH: f32 = 0.16;
        let Some((near, far)) = span(from, towards, self.low, self.high) else {
            return 1.0;
        };
        let mut seen = 1.0_f32;
        let mut t = near.max(0.004);
        for _ in 0..28 {
            let distance = self.model.nearest(from + towards * t).distance;
            seen = seen.min(distance / (WIDTH * t));
            t += distance.clamp(0.015, 0.3);
            if seen < -1.0 || t > far {
                break;
            }
        }
        let seen = seen.max(-1.0);
        0.25 * (1.0 + seen) * (1.0 + seen) * (2.0 - seen)
    }

    /// Share of the light from all round that reaches a surface.
    fn openness(&self, p: V3, n: V3) -> f32 {
        let mut hidden = 0.0;
        let mut weight = 1.0;
        for h in [0.03, 0.10, 0.26] {
            let distance = self.model.nearest(p + n * h).distance;
            hidden += weight * (1.0 - (distance / h).clamp(0.0, 1.0));
            weight *= 0.75;
        }
        (1.0 - 0.44 * hidden).clamp(0.05, 1.0)
    }

    /// Main light and openness for each cell of the floor.
    fn light_floor(&self) -> Vec<[f32; 2]> {
        let step = self.floor_size / (CELLS - 1) as f32;
        let mut cells = Vec::with_capacity(CELLS * CELLS);
        for row in 0..CELLS {
            for column in 0..CELLS {
                let x = self.floor_origin.0 + column as f32 * step;
                let z = self.floor_origin.1 + row as f32 * step;
                let p = v3(x, 0.0, z);
                cells.push([self.shadow(p, self.studio.key), self.floor_openness(p)]);
            }
        }
        softened(&softened(&cells))
    }

    fn floor_openness(&self, p: V3) -> f32 {
        let size = self.high.y.min(1.4);
        let mut open = 1.0;
        for (h, weight) in [(0.05, 0.28), (0.12, 0.24), (0.32, 0.24), (0.7, 0.2)] {
            let h = h * size;
            let distance = self.model.nearest(p + V3::UP * h).distance.max(0.0);
            open -= weight * (1.0 - (distance / (h * 1.15)).clamp(0.0, 1.0)).powi(2);
        }
        open.max(0.12)
    }

    /// How bright the floor is at a point, 1 far from the product.
    fn floor_light(&self, x: f32, z: f32) -> f32 {
        let scale = (CELLS - 1) as f32 / self.floor_size;
        let (u, v) = (
            (x - self.floor_origin.0) * scale,
            (z - self.floor_origin.1) * scale,
        );
        let last = (CELLS - 1) as f32 - 1e-3;
        if !(0.0..last).contains(&u) || !(0.0..last).contains(&v) {
            return 1.0;
        }
        let (column, row) = (u as usize, v as usize);
        let (fu, fv) = (u.fract(), v.fract());
        let cell = |dr: usize, dc: usize| {
            let [key, open] = self.floor[(row + dr) * CELLS + column + dc];
            (0.46 + 0.54 * key) * open
        };
        let upper = cell(0, 0) + (cell(0, 1) - cell(0, 0)) * fu;
        let lower = cell(1, 0) + (cell(1, 1) - cell(1, 0)) * fu;
        // Fade to unshadowed floor at the edge of the map.
        let edge = |t: f32| smoothstep(0.0, 20.0, t.min(last - t));
        let light = upper + (lower - upper) * fv;
        1.0 + (light - 1.0) * edge(u) * edge(v)
    }
}

/// Each cell of the shadow map as the mean of itself and its neighbours, so that no edge shows a stair.
fn softened(cells: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let mut soft = cells.to_vec();
    for row in 1..CELLS - 1 {
        for column in 1..CELLS - 1 {
            let mut sum = [0.0; 2];
            for (dr, dc) in (0..9).map(|k| (k / 3, k % 3)) {
                let [key, open] = cells[(row + dr - 1) * CELLS + column + dc - 1];
                sum = [sum[0] + key, sum[1] + open];
            }
            soft[row * CELLS + column] = sum.map(|total| total / 9.0);
        }
    }
    soft
}

/// Where a ray is inside a box.
fn span(from: V3, ray: V3, low: V3, high: V3) -> Option<(f32, f32)> {
    let (mut near, mut far) = (0.0_f32, f32::MAX);
    let axes = [
        (from.x, ray.x, low.x, high.x),
        (from.y, ray.y, low.y, high.y),
        (from.z, ray.z, low.z, high.z),
    ];
    for (from, ray, low, high) in axes {
        let inverse = 1.0 / if ray.abs() < 1e-7 { 1e-7 } else { ray };
        let (a, b) = ((low - from) * inverse, (high - from) * inverse);
        near = near.max(a.min(b));
        far = far.min(a.max(b));
    }
    (near < far).then_some((near, far))
}

impl Camera {
    fn ray(&self, x: f32, y: f32) -> V3 {
        (self.forward * self.zoom + self.right * x - self.up * y).unit()
    }

    /// A camera that sees the whole of a box with room around it.
    fn framing(low: V3, high: V3, turn: f32, lift: f32) -> Self {
        let centre = (low + high) * 0.5;
        let size = high - low;
        let wide = size.x.max(size.z) * 1.05;
        let extent = (size.y * lift.cos() + 0.7 * wide * lift.sin()).max(wide * 0.68);
        let zoom = 4.2;
        let distance = zoom * extent / 1.36 + 0.3 * wide;
        let away = v3(0.0, lift.sin(), lift.cos()).turned(turn);
        let target = centre - V3::UP * (0.03 * extent);
        let eye = target + away * distance;
        let forward = -away;
        let right = forward.cross(V3::UP).unit();
        Self {
            eye,
            forward,
            right,
            up: right.cross(forward),
            zoom,
        }
    }
}
