//! The encoder: what it writes is read by others, and is near to what it was given.

use std::io::Cursor;

use image_webp::WebPDecoder;
use lockgate_webp::{Extra, Pixels, decode_rgb, encode_webp};

mod common;
use common::{encoded, noise, payload};

/// The pixels that `image-webp` reads, which must be those that we read.
fn read(file: &[u8]) -> Vec<u8> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).unwrap();
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
    decoder.read_image(&mut pixels).unwrap();
    let mut ours = Vec::new();
    decode_rgb(payload(file), |row| ours.extend_from_slice(row)).unwrap();
    assert!(ours == pixels);
    pixels
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (65_025.0 * a.len() as f64 / sum.max(1.0)).log10()
}

#[test]
fn near_and_no_larger_than_others() {
    for (width, height) in [(1, 1), (5, 3), (16, 16), (33, 17), (120, 90), (200, 131)] {
        let pixels = noise(width, height, 7);
        let mut before = (0, 0.0);
        for quality in [10, 40, 75, 90] {
            let (w, h) = (width as usize, height as usize);
            let file = encode_webp(Pixels::Rgb(&pixels), w, h, quality, Extra::default()).unwrap();
            let near = psnr(&read(&file), &pixels);
            let theirs = encoded(&pixels, width, height, quality, 4);
            let their_near = psnr(&read(&theirs), &pixels);
            println!(
                "{width} x {height} q{quality}: {near:.2} dB in {}, {their_near:.2} in {}",
                file.len(),
                theirs.len()
            );
            if width >= 120 {
                assert!(near > before.1 && file.len() > before.0, "{quality}");
                assert!(near > their_near - 1.0, "{quality}: {near} {their_near}");
                assert!(
                    file.len() < theirs.len() * 115 / 100,
                    "{} {}",
                    file.len(),
                    theirs.len()
                );
            }
            before = (file.len(), near);
        }
    }
}

#[test]
fn other_kinds_of_pixels() {
    let (width, height) = (37, 29);
    let rgb = noise(width as u32, height as u32, 3);
    let grey: Vec<u8> = rgb.chunks(3).map(|p| p[0]).collect();
    let rgba: Vec<u8> = rgb.chunks(3).flat_map(|p| [p[0], p[1], p[2], 9]).collect();
    let encode = |pixels| encode_webp(pixels, width, height, 80, Extra::default()).unwrap();
    assert_eq!(encode(Pixels::Rgba(&rgba)), encode(Pixels::Rgb(&rgb)));
    let grey_rgb: Vec<u8> = grey.iter().flat_map(|g| [*g; 3]).collect();
    assert_eq!(encode(Pixels::Grey(&grey)), encode(Pixels::Rgb(&grey_rgb)));
    // Grey in YCbCr is the same but for rounding.
    let ycbcr: Vec<u8> = grey.iter().flat_map(|g| [*g, 128, 128]).collect();
    let near = psnr(&read(&encode(Pixels::YCbCr(&ycbcr))), &grey_rgb);
    assert!(near > 30.0, "{near}");
}

#[test]
fn flat_pictures_stay_flat() {
    for level in [0, 1, 127, 254, 255] {
        let pixels = vec![level; 3 * 50 * 40];
        let file = encode_webp(Pixels::Rgb(&pixels), 50, 40, 80, Extra::default()).unwrap();
        let most = read(&file).iter().map(|p| p.abs_diff(level)).max();
        assert!(most <= Some(2), "{level}: {most:?}");
        assert!(file.len() < 200, "{}", file.len());
    }
}

#[test]
fn a_profile_and_what_is_refused() {
    let pixels = noise(20, 20, 1);
    let extra = Extra {
        icc: b"a profile",
        alpha: None,
    };
    let file = encode_webp(Pixels::Rgb(&pixels), 20, 20, 80, extra).unwrap();
    let mut decoder = WebPDecoder::new(Cursor::new(&file)).unwrap();
    assert_eq!(decoder.icc_profile().unwrap().unwrap(), b"a profile");
    assert_eq!(read(&file).len(), pixels.len());
    for (width, height) in [(0, 5), (5, 0), (16_384, 1), (20, 21)] {
        let made = encode_webp(Pixels::Rgb(&pixels), width, height, 80, Extra::default());
        assert!(made.is_err(), "{width} x {height}");
    }
}

#[test]
fn hidden_colours_cost_nothing() {
    let (width, height) = (96, 64);
    let rgb = noise(width as u32, height as u32, 5);
    let rgba = |alpha: fn(usize) -> u8| -> Vec<u8> {
        let pixels = rgb.chunks(3).enumerate();
        pixels
            .flat_map(|(at, p)| [p[0], p[1], p[2], alpha(at % 96)])
            .collect()
    };
    let encode = |alpha: fn(usize) -> u8| {
        encode_webp(
            Pixels::Rgba(&rgba(alpha)),
            width,
            height,
            80,
            Extra::default(),
        )
        .unwrap()
    };
    let (all, half, none) = (encode(|_| 255), encode(|x| u8::from(x < 48)), encode(|_| 0));
    assert!(
        half.len() < all.len() * 6 / 10,
        "{} {}",
        half.len(),
        all.len()
    );
    assert!(none.len() < 120, "{}", none.len());
    // What is seen is near, beside the border too.
    let pixels = read(&half);
    let left = |pixels: &[u8]| -> Vec<u8> {
        pixels
            .chunks(3 * width)
            .flat_map(|row| row[..3 * 48].to_vec())
            .collect()
    };
    let near = psnr(&left(&pixels), &left(&rgb));
    assert!(near > psnr(&read(&all), &rgb) - 1.5, "{near}");
}
