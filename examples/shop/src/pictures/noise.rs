//! Value noise: the grain of wood, the speckles of a glaze.

use super::vector::V3;

/// A number in 0..1 for each lattice point.
pub(super) fn lattice(x: i32, y: i32, z: i32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x8da6_b343)
        ^ (y as u32).wrapping_mul(0xd816_3841)
        ^ (z as u32).wrapping_mul(0xcb1a_b31f);
    h = (h ^ (h >> 15)).wrapping_mul(0x2c1b_3c6d);
    h = (h ^ (h >> 12)).wrapping_mul(0x297a_2d39);
    (h ^ (h >> 15)) as f32 / u32::MAX as f32
}

/// Smooth noise in 0..1 with features of size 1.
pub(super) fn value(p: V3) -> f32 {
    let (x, y, z) = (p.x.floor(), p.y.floor(), p.z.floor());
    let fade = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v, w) = (fade(p.x - x), fade(p.y - y), fade(p.z - z));
    let (x, y, z) = (x as i32, y as i32, z as i32);
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let edge = |dy: i32, dz: i32| {
        mix(
            lattice(x, y + dy, z + dz),
            lattice(x + 1, y + dy, z + dz),
            u,
        )
    };
    mix(
        mix(edge(0, 0), edge(1, 0), v),
        mix(edge(0, 1), edge(1, 1), v),
        w,
    )
}

/// Three octaves of [`value`], in 0..1.
pub(super) fn layered(p: V3) -> f32 {
    value(p) * 0.55 + value(p * 2.1) * 0.3 + value(p * 4.3) * 0.15
}

/// 1 inside round speckles, one in each of a `density` share of unit cells, else 0.
pub(super) fn speckles(p: V3, density: f32) -> f32 {
    let (x, y, z) = (p.x.floor() as i32, p.y.floor() as i32, p.z.floor() as i32);
    if lattice(x, y, z) > density {
        return 0.0;
    }
    let jitter = |k: i32| 0.3 + 0.4 * lattice(x + 101 * k, y - 57 * k, z + 31 * k);
    let centre = super::vector::v3(
        x as f32 + jitter(1),
        y as f32 + jitter(2),
        z as f32 + jitter(3),
    );
    let radius = 0.08 + 0.2 * lattice(z, x, y);
    1.0 - super::vector::smoothstep(radius * 0.7, radius, (p - centre).length())
}

/// Brightness of wood, about 1, with the grain along x.
pub(super) fn wood(p: V3) -> f32 {
    let warp = layered(super::vector::v3(p.x * 0.8, p.y * 4.0, p.z * 4.0));
    let rings = (p.z * 9.0 + p.y * 5.0 + warp * 7.0).sin();
    let fibres = value(super::vector::v3(p.x * 6.0, p.y * 90.0, p.z * 90.0));
    0.86 + 0.13 * rings + 0.14 * (fibres - 0.5) + 0.2 * (warp - 0.5)
}
