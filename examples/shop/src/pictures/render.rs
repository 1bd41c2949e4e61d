//! Turns a scene into pixels: one ray a pixel, more where an edge runs through, on all cores.

use std::num::NonZero;

use parking_lot::Mutex;

use super::light::film;
use super::noise::lattice;
use super::scene::{Sample, Scene, Start};
use super::vector::V3;

/// Pixels of a picture.
pub(super) const WIDTH: usize = 1600;
pub(super) const HEIGHT: usize = 1200;

/// Rows that a thread takes at a time.
const BAND: usize = 16;

/// Pixels of a tile, each way, whose rays start together.
const TILE: usize = 8;

/// Where the further rays of an edge pixel go, in pixels from its middle.
const EDGE_RAYS: [(f32, f32); 8] = [
    (-0.44, -0.19),
    (-0.31, 0.31),
    (-0.19, -0.44),
    (-0.06, 0.06),
    (0.06, 0.44),
    (0.19, -0.31),
    (0.31, 0.19),
    (0.44, -0.06),
];

/// RGBA pixels, `WIDTH` by `HEIGHT`, alpha not premultiplied.
pub(super) type Pixels = Vec<u8>;

#[derive(Clone, Copy, Default)]
struct Pixel {
    colour: V3,
    alpha: f32,
    part: u8,
}

/// Draws the scene.
pub(super) fn render(scene: &Scene, grain: bool) -> Pixels {
    let starts = starts(scene);
    let start = |row: usize, column: usize| starts[row / TILE * TILES + column / TILE];
    let mut first = vec![Pixel::default(); WIDTH * HEIGHT];
    in_bands(&mut first, WIDTH, |row, pixels| {
        for (column, pixel) in pixels.iter_mut().enumerate() {
            *pixel = look(scene, column as f32, row as f32, start(row, column));
        }
    });
    let mut bytes = vec![0_u8; WIDTH * HEIGHT * 4];
    in_bands(&mut bytes, WIDTH * 4, |row, out| {
        for (column, rgba) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let pixel = match rays_needed(&first, row, column) {
                1 => first[row * WIDTH + column],
                rays => refined(scene, column, row, start(row, column), rays),
            };
            *rgba = quantised(pixel, column, row, grain);
        }
    });
    bytes
}

/// Calls `work` with each row and its number, on all cores.
fn in_bands<T: Send>(data: &mut [T], row_length: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let bands = Mutex::new(data.chunks_mut(row_length * BAND).enumerate());
    let threads = std::thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(8);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some((band, rows)) = bands.lock().next() else {
                        return;
                    };
                    for (offset, row) in rows.chunks_mut(row_length).enumerate() {
                        work(band * BAND + offset, row);
                    }
                }
            });
        }
    });
}

/// Tiles in a row of the picture.
const TILES: usize = WIDTH / TILE;

/// Half the height of the picture: the unit of [`Scene::look`], in pixels.
const HALF: f32 = 0.5 * HEIGHT as f32;

/// Where a pixel is on the picture.
fn place(column: f32, row: f32) -> (f32, f32) {
    (
        (column + 0.5 - 0.5 * WIDTH as f32) / HALF,
        (row + 0.5 - HALF) / HALF,
    )
}

/// For each tile, where its rays may start.
fn starts(scene: &Scene) -> Vec<Start> {
    let mut starts = vec![Start::default(); TILES * (HEIGHT / TILE)];
    // Half a diagonal, and a pixel for the rays of edge pixels.
    let radius = (TILE as f32 * 0.708 + 1.0) / HALF;
    let middle = |index: usize| (index * TILE) as f32 + 0.5 * (TILE - 1) as f32;
    in_bands(&mut starts, TILES, |row, tiles| {
        for (column, start) in tiles.iter_mut().enumerate() {
            let (x, y) = place(middle(column), middle(row));
            *start = scene.approach(x, y, radius);
        }
    });
    starts
}

fn look(scene: &Scene, column: f32, row: f32, start: Start) -> Pixel {
    let (x, y) = place(column, row);
    let Sample {
        colour,
        alpha,
        part,
    } = scene.look(x, y, start);
    Pixel {
        colour: film(colour).map(f32::sqrt),
        alpha,
        part,
    }
}

fn refined(scene: &Scene, column: usize, row: usize, start: Start, rays: usize) -> Pixel {
    let mut sum = V3::ZERO;
    let mut alpha = 0.0;
    let step = EDGE_RAYS.len() / rays;
    for (dx, dy) in EDGE_RAYS.into_iter().step_by(step) {
        let pixel = look(scene, column as f32 + dx, row as f32 + dy, start);
        sum += pixel.colour * pixel.alpha;
        alpha += pixel.alpha;
    }
    let colour = sum * (1.0 / f32::max(alpha, 1e-6));
    Pixel {
        colour,
        alpha: alpha / rays as f32,
        part: 0,
    }
}

/// How many rays a pixel deserves: more where parts meet or a print or a shadow has its edge.
fn rays_needed(pixels: &[Pixel], row: usize, column: usize) -> usize {
    let here = &pixels[row * WIDTH + column];
    let neighbours = [
        (row > 0).then(|| &pixels[(row - 1) * WIDTH + column]),
        (row + 1 < HEIGHT).then(|| &pixels[(row + 1) * WIDTH + column]),
        (column > 0).then(|| &pixels[row * WIDTH + column - 1]),
        (column + 1 < WIDTH).then(|| &pixels[row * WIDTH + column + 1]),
    ];
    neighbours
        .into_iter()
        .flatten()
        .map(|there| {
            let step = here.colour - there.colour;
            let contrast = step.x.abs().max(step.y.abs()).max(step.z.abs());
            if here.part != there.part || contrast > 0.12 {
                8
            } else if contrast > 0.05 {
                4
            } else {
                1
            }
        })
        .max()
        .unwrap_or(1)
}

/// To sRGB bytes, with a little film grain against banding. Colours come in as square roots, which
/// is where they are averaged and near to what sRGB stores.
fn quantised(pixel: Pixel, column: usize, row: usize, grain: bool) -> [u8; 4] {
    let noise = if grain {
        let a = lattice(column as i32, row as i32, 1);
        let b = lattice(column as i32, row as i32, 2);
        a - b
    } else {
        0.0
    };
    let byte = |root: f32| {
        // x^(1/2.2) from x^(1/2): r^(0.909) is close to r * (1.1 - 0.1 r) above the darkest tones.
        let encoded = root * (1.12 - 0.12 * root);
        (encoded * 255.0 + 0.5 + 2.6 * noise).clamp(0.0, 255.0) as u8
    };
    let V3 { x, y, z } = pixel.colour;
    [
        byte(x),
        byte(y),
        byte(z),
        (pixel.alpha * 255.0 + 0.5).clamp(0.0, 255.0) as u8,
    ]
}
