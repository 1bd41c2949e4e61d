//! What the encoder writes, read by `jpeg-decoder` and by our decoder, beside what `jpeg-encoder`
//! writes.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use lockgate_jpeg::{Channels, EncodeOptions, Options, Pixels, Scale, decode, encode};
use proptest::prelude::*;

/// Slopes and soft waves, so that subsampling loses little.
fn picture(width: usize, height: usize, channels: usize) -> Vec<u8> {
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for c in 0..channels {
                let wave = ((x + 2 * y) as f64 / (9.0 + c as f64)).sin() * 40.0;
                let slope = (x * (c + 1) + y) as f64 / 3.0 % 120.0;
                samples.push((70.0 + wave + slope) as u8);
            }
        }
    }
    samples
}

fn ours(width: usize, height: usize, channels: Channels, quality: u8, subsampled: bool) -> Vec<u8> {
    let samples = picture(width, height, channels.count());
    let pixels = Pixels {
        width,
        height,
        channels,
        samples: &samples,
    };
    let options = EncodeOptions {
        quality,
        subsampled,
        icc: &[],
    };
    encode(&pixels, &options).unwrap()
}

/// As stored, by the established one; ours must agree.
fn decoded(file: &[u8]) -> Vec<u8> {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    decoder.read_info().unwrap();
    let info = decoder.info().unwrap();
    if info.pixel_format == jpeg_decoder::PixelFormat::RGB24 {
        decoder.set_color_transform(jpeg_decoder::ColorTransform::RGB);
    }
    let theirs = decoder.decode().unwrap();
    let planes = decode(file, &Options::new(Scale::Full)).unwrap();
    for (a, b) in planes.interleave().iter().zip(&theirs) {
        assert!(a.abs_diff(*b) <= 3);
    }
    theirs
}

fn mean_error(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: u64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn as_good_and_as_small_as_the_established_encoder() {
    for (channels, theirs) in [
        (Channels::Grey, ColorType::Luma),
        (Channels::YCbCr, ColorType::Ycbcr),
        (Channels::Rgb, ColorType::Rgb),
    ] {
        for (quality, subsampled) in [(30, true), (80, true), (80, false), (95, false)] {
            let (width, height) = (203, 117);
            let file = ours(width, height, channels, quality, subsampled);
            let mut other = Vec::new();
            let mut encoder = Encoder::new(&mut other, quality);
            encoder.set_sampling_factor(if subsampled {
                SamplingFactor::F_2_2
            } else {
                SamplingFactor::F_1_1
            });
            encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
            encoder.set_optimized_huffman_tables(true);
            let samples = picture(width, height, channels.count());
            encoder
                .encode(&samples, width as u16, height as u16, theirs)
                .unwrap();
            let what = format!("{channels:?} {quality} {subsampled}");
            let (bytes, others) = (file.len(), other.len());
            assert!(bytes * 50 <= others * 51, "{what}: {bytes} {others}");
            let (a, b) = (decoded(&file), decoded(&other));
            assert!(mean_error(&a, &b) < 1.0, "{what}: {}", mean_error(&a, &b));
            if channels != Channels::Rgb {
                let (a, b) = (mean_error(&a, &samples), mean_error(&b, &samples));
                assert!(a < b * 1.03 + 0.05, "{what}: {a} {b}");
            }
        }
    }
}

#[test]
fn every_small_size() {
    for width in (1..20).chain([31, 32, 33]) {
        for height in [1, 2, 7, 8, 9, 15, 16, 17] {
            for subsampled in [false, true] {
                let file = ours(width, height, Channels::YCbCr, 92, subsampled);
                let error = mean_error(&decoded(&file), &picture(width, height, 3));
                assert!(error < 9.0, "{width} x {height} {subsampled}: {error}");
            }
        }
    }
}

#[test]
fn a_profile_in_parts() {
    let icc: Vec<u8> = (0..150_000_u32).map(|i| (i * 7) as u8).collect();
    let samples = picture(8, 8, 3);
    let pixels = Pixels {
        width: 8,
        height: 8,
        channels: Channels::YCbCr,
        samples: &samples,
    };
    let options = EncodeOptions {
        quality: 80,
        subsampled: true,
        icc: &icc,
    };
    let file = encode(&pixels, &options).unwrap();
    let mut decoder = jpeg_decoder::Decoder::new(file.as_slice());
    decoder.decode().unwrap();
    assert_eq!(decoder.icc_profile(), Some(icc));
}

#[test]
fn what_does_not_fit_is_refused() {
    let samples = vec![0; 70_000 * 3];
    let options = EncodeOptions {
        quality: 80,
        subsampled: true,
        icc: &[],
    };
    for (width, height) in [(0, 1), (70_000, 1), (10, 10)] {
        let pixels = Pixels {
            width,
            height,
            channels: Channels::Rgb,
            samples: &samples,
        };
        assert!(encode(&pixels, &options).is_none(), "{width} x {height}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn noise(
        width in 1..40_usize,
        height in 1..40_usize,
        quality in 1..=100_u8,
        subsampled in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut state = seed | 1;
        let samples: Vec<u8> = (0..width * height * 3)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Extremes too: the largest coefficients.
                if seed % 3 == 0 { if state & 1 == 0 { 0 } else { 255 } } else { state as u8 }
            })
            .collect();
        let pixels = Pixels { width, height, channels: Channels::YCbCr, samples: &samples };
        let file = encode(&pixels, &EncodeOptions { quality, subsampled, icc: &[] }).unwrap();
        jpeg_decoder::Decoder::new(file.as_slice()).decode().unwrap();
        let ours = decode(&file, &Options::new(Scale::Full)).unwrap().interleave();
        prop_assert_eq!(ours.len(), samples.len());
        if quality > 97 && !subsampled {
            prop_assert!(mean_error(&ours, &samples) < 3.0);
        }
    }
}
