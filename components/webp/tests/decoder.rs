//! The decoder beside others': `image-webp`, and libwebp's own output where it is committed.

use std::io::Cursor;

use image_webp::WebPDecoder;
use lockgate_webp::{decode_rgb, frame_size};

mod common;
use common::{encoded, noise, payload};

fn ours(file: &[u8]) -> (usize, usize, Vec<u8>) {
    let payload = payload(file);
    let size = frame_size(payload).unwrap();
    let mut pixels = Vec::new();
    decode_rgb(payload, |row| {
        assert_eq!(row.len(), 3 * size.width);
        pixels.extend_from_slice(row);
    })
    .unwrap();
    (size.width, size.height, pixels)
}

fn theirs(file: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
    let (width, height) = decoder.dimensions();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    if decoder.has_alpha() {
        pixels = pixels
            .chunks_exact(4)
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect();
    }
    (width as usize, height as usize, pixels)
}

fn assert_same(file: &[u8], what: &str) {
    let (ours, theirs) = (ours(file), theirs(file));
    assert_eq!((ours.0, ours.1), (theirs.0, theirs.1), "{what}");
    let differs = ours.2.iter().zip(&theirs.2).position(|(a, b)| a != b);
    if let Some(at) = differs {
        let (x, y) = (at / 3 % ours.0, at / 3 / ours.0);
        panic!(
            "{what}: pixel {x}, {y} differs: {} {}",
            ours.2[at], theirs.2[at]
        );
    }
    assert_eq!(ours.2.len(), theirs.2.len(), "{what}");
}

#[test]
fn the_same_pixels_as_image_webp() {
    let sizes = [
        (1, 1),
        (2, 1),
        (1, 2),
        (3, 5),
        (16, 16),
        (17, 15),
        (15, 33),
        (31, 32),
        (64, 48),
        (100, 1),
        (1, 100),
        (129, 67),
    ];
    for (width, height) in sizes {
        for (seed, quality) in [(1, 5), (2, 40), (3, 75), (4, 95), (5, 100)] {
            let pixels = noise(width, height, seed);
            for method in [0, 2, 4, 6] {
                let file = encoded(&pixels, width, height, quality, method);
                assert_same(&file, &format!("{width} x {height}, {quality}, {method}"));
            }
        }
    }
}

/// What libwebp 1.6 decodes of files that it encoded itself: each line of `files/libwebp.txt` has a
/// file, its size, and the FNV-1a hash of its RGB pixels.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads its files")]
fn the_same_pixels_as_libwebp() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let list = std::fs::read_to_string(folder.join("libwebp.txt")).unwrap();
    let mut count = 0;
    for line in list.lines() {
        let [name, width, height, hash] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let file = std::fs::read(folder.join(name)).unwrap();
        let (w, h, pixels) = ours(&file);
        assert_eq!(
            (w.to_string(), h.to_string()),
            (width.into(), height.into()),
            "{name}"
        );
        let fnv = pixels.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        assert_eq!(format!("{fnv:016x}"), hash, "{name}");
        assert_same(&file, name);
        count += 1;
    }
    assert!(count > 20);
}

/// Filters and segments that encoders seldom choose: bits of the header of a real file are changed,
/// so that every filter type, level and sharpness occurs.
#[test]
fn the_same_pixels_after_changes_of_the_header() {
    let pixels = noise(67, 45, 9);
    let file = encoded(&pixels, 67, 45, 60, 4);
    let start = file.windows(4).position(|w| w == b"VP8 ").unwrap() + 8 + 10;
    let mut compared = 0;
    for at in start..start + 12 {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            let payload = payload(&changed);
            let mut pixels = Vec::new();
            if decode_rgb(payload, |row| pixels.extend_from_slice(row)).is_err() {
                continue;
            }
            let mut decoder = WebPDecoder::new(Cursor::new(&changed)).unwrap();
            let mut expected = vec![0; decoder.output_buffer_size().unwrap()];
            if decoder.read_image(&mut expected).is_ok() {
                assert!(pixels == expected, "byte {at}, bit {bit}");
                compared += 1;
            }
        }
    }
    assert!(compared > 10, "{compared}");
}
