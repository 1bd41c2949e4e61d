//! Files from an enemy: each is refused or decoded, none panics, none takes more than its limits.

use std::fmt::Write as _;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use lockgate_jpeg::{Chroma, JpegError, Limits, Options, Scale, Truncated, decode};
use proptest::prelude::*;

fn file(sampling: SamplingFactor, progressive: bool, restart: u16) -> Vec<u8> {
    let (width, height) = (70_usize, 45_usize);
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|i| ((i * i / 97) ^ (i / 3)) as u8)
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 60);
    encoder.set_sampling_factor(sampling);
    encoder.set_progressive(progressive);
    if restart > 0 {
        encoder.set_restart_interval(restart);
    }
    encoder
        .encode(&pixels, width as u16, height as u16, ColorType::Rgb)
        .unwrap();
    bytes
}

fn limits() -> Limits {
    Limits {
        pixels_max: 100_000,
        memory_bytes_max: 2_000_000,
        scans_max: 30,
    }
}

/// Decode in every way; what comes out has the size that it says.
fn decode_all(file: &[u8]) {
    for scale in Scale::ALL {
        for (chroma, truncated) in [
            (Chroma::LikeLuma, Truncated::Refuse),
            (Chroma::AsStored, Truncated::Keep),
        ] {
            let options = Options {
                scale,
                chroma,
                truncated,
                limits: limits(),
            };
            if let Ok(planes) = decode(file, &options) {
                let pixels = planes.size.0 as usize * planes.size.1 as usize;
                assert_eq!(planes.size, scale.of(planes.full_size));
                assert_eq!(planes.interleave().len(), pixels * planes.planes.len());
                assert!(planes.complete || truncated == Truncated::Keep);
            }
        }
    }
}

#[test]
fn cut_anywhere() {
    for (progressive, restart) in [(false, 0), (false, 4), (true, 0), (true, 3)] {
        let whole = file(SamplingFactor::F_2_2, progressive, restart);
        for end in 0..whole.len() {
            let cut = &whole[..end];
            for scale in [Scale::Full, Scale::Eighth] {
                let mut options = Options::new(scale);
                let error = decode(cut, &options).unwrap_err();
                if end > 2 {
                    assert_eq!(error, JpegError::Truncated, "{progressive} {restart} {end}");
                }
                options.truncated = Truncated::Keep;
                if let Ok(planes) = decode(cut, &options) {
                    assert!(!planes.complete);
                }
            }
        }
    }
}

#[test]
fn what_is_kept_of_a_cut_file_is_the_picture() {
    let whole = file(SamplingFactor::F_1_1, false, 0);
    let mut options = Options::new(Scale::Full);
    options.truncated = Truncated::Keep;
    let complete = decode(&whole, &options).unwrap();
    let half = decode(&whole[..whole.len() * 3 / 4], &options).unwrap();
    assert!(complete.complete && !half.complete);
    for (a, b) in complete.planes.iter().zip(&half.planes) {
        assert_eq!(a.row(0), b.row(0));
        assert!(b.row(44).iter().all(|sample| *sample == 128));
    }
}

#[test]
fn limits_hold() {
    let small = file(SamplingFactor::F_2_2, true, 0);
    let mut options = Options::new(Scale::Full);
    options.limits.pixels_max = 70 * 45 - 1;
    let error = decode(&small, &options).unwrap_err();
    assert_eq!(error, JpegError::OverLimit("too many pixels"));
    options.limits = limits();
    options.limits.memory_bytes_max = 10_000;
    let error = decode(&small, &options).unwrap_err();
    assert_eq!(error, JpegError::OverLimit("too much memory"));
    options.limits = limits();
    options.limits.scans_max = 3;
    let error = decode(&small, &options).unwrap_err();
    assert_eq!(error, JpegError::OverLimit("too many scans"));
}

/// A claim of a size that the file cannot have is refused before memory is taken.
#[test]
fn a_large_claim_of_a_small_file() {
    for progressive in [false, true] {
        let mut bytes = file(SamplingFactor::F_1_1, progressive, 0);
        let marker = if progressive { 0xC2 } else { 0xC0 };
        let frame = bytes
            .windows(2)
            .position(|pair| pair == [0xFF, marker])
            .unwrap();
        bytes[frame + 5..frame + 9].copy_from_slice(&[0x20, 0, 0x20, 0]);
        let error = decode(&bytes, &Options::new(Scale::Full)).unwrap_err();
        assert_eq!(error, JpegError::Truncated);
    }
}

#[test]
fn kinds_that_are_not_read() {
    let base = file(SamplingFactor::F_1_1, false, 0);
    let frame = base
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    let mut said = String::new();
    for marker in [0xC3, 0xC5, 0xC9, 0xCA, 0xCD] {
        let mut bytes = base.clone();
        bytes[frame + 1] = marker;
        let error = decode(&bytes, &Options::new(Scale::Full)).unwrap_err();
        assert!(matches!(error, JpegError::Unsupported(_)), "{marker:x}");
        write!(said, "{error}").unwrap();
    }
    assert!(said.contains("arithmetic"));
    for (at, byte) in [(4, 12), (5, 0)] {
        let mut bytes = base.clone();
        bytes[frame + at] = byte;
        bytes[frame + at + 1] = 0;
        let error = decode(&bytes, &Options::new(Scale::Full)).unwrap_err();
        assert!(matches!(error, JpegError::Unsupported(_)), "{at}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated(
        kind in 0..6_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (sampling, progressive, restart) = [
            (SamplingFactor::F_2_2, false, 0),
            (SamplingFactor::F_1_1, false, 5),
            (SamplingFactor::F_2_1, true, 0),
            (SamplingFactor::F_2_2, true, 0),
            (SamplingFactor::F_4_1, true, 2),
            (SamplingFactor::F_1_2, false, 0),
        ][kind];
        let mut bytes = file(sampling, progressive, restart);
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        decode_all(&bytes);
    }

    #[test]
    fn random(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut file = vec![0xFF, 0xD8];
        file.extend(bytes);
        decode_all(&file);
    }
}
