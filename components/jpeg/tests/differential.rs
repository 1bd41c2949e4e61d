//! The same pixels as `jpeg-decoder`, over files of every kind that `jpeg-encoder` writes.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use lockgate_jpeg::{Chroma, Colour, Options, Scale, decode};

const SAMPLINGS: [SamplingFactor; 10] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_4_2,
    SamplingFactor::F_1_4,
    SamplingFactor::F_2_4,
    SamplingFactor::R_4_4_4,
    SamplingFactor::R_4_2_0,
];

/// A picture with edges, slopes and noise.
fn picture(width: usize, height: usize, channels: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width * height * channels);
    for y in 0..height {
        for x in 0..width {
            for c in 0..channels {
                let slope = (x * (3 + c) + y * (5 - c)) / 2;
                let edge = if (x / 11 + y / 7) % 3 == c { 90 } else { 0 };
                let noise = (x * 31 + y * 17 + x * y * (c + 1)) % 13;
                pixels.push(((slope + edge + noise) % 256) as u8);
            }
        }
    }
    pixels
}

struct Kind {
    colour: ColorType,
    sampling: SamplingFactor,
    progressive: bool,
    restart: u16,
    optimised: bool,
}

fn file((width, height): (usize, usize), quality: u8, kind: &Kind) -> Vec<u8> {
    let channels = match kind.colour {
        ColorType::Luma => 1,
        ColorType::Cmyk | ColorType::CmykAsYcck => 4,
        _ => 3,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(kind.sampling);
    encoder.set_progressive(kind.progressive);
    encoder.set_optimized_huffman_tables(kind.optimised);
    if kind.restart > 0 {
        encoder.set_restart_interval(kind.restart);
    }
    let pixels = picture(width, height, channels);
    encoder
        .encode(&pixels, width as u16, height as u16, kind.colour)
        .unwrap();
    bytes
}

/// What `jpeg-decoder` makes of it, with its own channels: nothing is converted.
fn theirs(file: &[u8], scale: Scale) -> Vec<u8> {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    decoder.read_info().unwrap();
    let info = decoder.info().unwrap();
    decoder.set_color_transform(match info.pixel_format {
        jpeg_decoder::PixelFormat::L8 => jpeg_decoder::ColorTransform::Grayscale,
        jpeg_decoder::PixelFormat::CMYK32 => jpeg_decoder::ColorTransform::CMYK,
        _ => jpeg_decoder::ColorTransform::RGB,
    });
    let size = scale.of((u32::from(info.width), u32::from(info.height)));
    let asked = if info.width >= info.height {
        (size.0 as u16, u16::MAX)
    } else {
        (u16::MAX, size.1 as u16)
    };
    let given = decoder.scale(asked.0, asked.1).unwrap();
    assert_eq!((u32::from(given.0), u32::from(given.1)), size);
    decoder.decode().unwrap()
}

/// Farthest and mean distance.
fn apart(ours: &[u8], theirs: &[u8]) -> (u8, f64) {
    assert_eq!(ours.len(), theirs.len());
    let distances = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = distances.clone().map(u64::from).sum();
    (distances.max().unwrap_or(0), sum as f64 / ours.len() as f64)
}

fn compare(file: &[u8], what: &str) {
    for scale in Scale::ALL {
        let mut options = Options::new(scale);
        options.chroma = Chroma::AsStored;
        let planes = decode(file, &options).unwrap();
        assert!(planes.complete);
        let mut ours = planes.interleave();
        if matches!(planes.colour, Colour::Cmyk { .. } | Colour::Ycck { .. }) {
            // It hands out 255 less what is stored.
            ours.iter_mut().for_each(|sample| *sample = 255 - *sample);
        }
        let (farthest, mean) = apart(&ours, &theirs(file, scale));
        // At an eighth it rounds down; in `idct.rs` ours is compared with the definition.
        let mean_max = if scale == Scale::Eighth { 0.7 } else { 0.5 };
        assert!(
            farthest <= 3 && mean < mean_max,
            "{what} {scale:?}: {farthest} apart, {mean:.3} in the mean"
        );
    }
}

#[test]
fn every_sampling_sequential_and_progressive() {
    for sampling in SAMPLINGS {
        for progressive in [false, true] {
            for size in [(97, 61), (64, 64), (33, 130), (7, 3), (1, 1), (200, 12)] {
                let kind = Kind {
                    colour: ColorType::Rgb,
                    sampling,
                    progressive,
                    restart: 0,
                    optimised: progressive,
                };
                let what = format!("{sampling:?} progressive {progressive} {size:?}");
                compare(&file(size, 85, &kind), &what);
            }
        }
    }
}

#[test]
fn grey_and_four_channels() {
    for colour in [ColorType::Luma, ColorType::Cmyk, ColorType::CmykAsYcck] {
        for progressive in [false, true] {
            let kind = Kind {
                colour,
                sampling: SamplingFactor::F_1_1,
                progressive,
                restart: 0,
                optimised: false,
            };
            compare(
                &file((75, 46), 90, &kind),
                &format!("{colour:?} {progressive}"),
            );
        }
    }
}

#[test]
fn restart_intervals() {
    for restart in [1, 2, 3, 7, 1000] {
        for progressive in [false, true] {
            let kind = Kind {
                colour: ColorType::Rgb,
                sampling: SamplingFactor::F_2_2,
                progressive,
                restart,
                optimised: true,
            };
            compare(
                &file((150, 90), 70, &kind),
                &format!("{restart} {progressive}"),
            );
        }
    }
}

#[test]
fn every_quality() {
    for quality in [1, 5, 20, 50, 98, 100] {
        for progressive in [false, true] {
            let kind = Kind {
                colour: ColorType::Rgb,
                sampling: SamplingFactor::F_2_2,
                progressive,
                restart: 0,
                optimised: true,
            };
            compare(
                &file((80, 80), quality, &kind),
                &format!("quality {quality}"),
            );
        }
    }
}
