//! Bytes from an enemy: each is refused with its code, none is rendered, none panics.

mod common;

use common::{jpeg, png, quarters, webp};
use lockgate_image::{
    Bucket, ErrorCode, Intermediate, Limits, Options, OutputFormat, decode_scaled, probe, render,
    transform,
};
use proptest::prelude::*;

const SMALL: Limits = Limits {
    source_bytes_max: 200_000,
    pixels_max: 40_000,
    dimension_max: 1_000,
    frames_max: 10,
    keep_truncated: false,
};

fn code(source: &[u8], limits: &Limits) -> ErrorCode {
    let error = transform(source, None, &Options::new(OutputFormat::Jpeg), limits).unwrap_err();
    error.code()
}

/// A PNG that is all header: the size claimed, then the beginning of an IDAT.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(&quarters(8, 8), None);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    bytes
}

fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(&quarters(8, 8), None, false);
    let frame = bytes
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// A VP8X canvas of 8 x 8 around a VP8L bitstream that claims 16,384 x 16,384.
fn webp_in_a_small_canvas() -> Vec<u8> {
    let mut body = b"WEBPVP8X\x0a\0\0\0\0\0\0\0\x07\0\0\x07\0\0".to_vec();
    body.extend(b"VP8L\x06\0\0\0\x2f\xff\xff\xff\x0f\0");
    let mut file = b"RIFF".to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

#[test]
fn each_is_refused_with_its_code() {
    let default = Limits::default();
    let ok = jpeg(&quarters(64, 64), None, false);
    let cases: [(&str, Vec<u8>, ErrorCode); 18] = [
        ("nothing", vec![], ErrorCode::UnsupportedFormat),
        (
            "text named .jpg",
            b"hello, I am a picture".to_vec(),
            ErrorCode::UnsupportedFormat,
        ),
        (
            "a GIF without a frame",
            b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(),
            ErrorCode::Corrupt,
        ),
        (
            "a page with an SVG",
            b"<html><svg xmlns=\"http://www.w3.org/2000/svg\"/></html>".to_vec(),
            ErrorCode::UnsupportedFormat,
        ),
        (
            "a JPEG's signature",
            vec![0xFF, 0xD8, 0xFF],
            ErrorCode::Truncated,
        ),
        (
            "a PNG's signature",
            b"\x89PNG\r\n\x1a\n".to_vec(),
            ErrorCode::Truncated,
        ),
        (
            "a WebP's signature",
            b"RIFF\x04\0\0\0WEBP".to_vec(),
            ErrorCode::Truncated,
        ),
        (
            "60,000 x 60,000 PNG",
            png_claiming(60_000, 60_000),
            ErrorCode::DimensionTooLarge,
        ),
        (
            "20,000 x 20,000 PNG",
            png_claiming(20_000, 20_000),
            ErrorCode::TooManyPixels,
        ),
        (
            "4 billion wide PNG",
            png_claiming(u32::MAX, 1),
            ErrorCode::DimensionTooLarge,
        ),
        ("0 wide PNG", png_claiming(0, 8), ErrorCode::Corrupt),
        (
            "65,535 x 65,535 JPEG",
            jpeg_claiming(65_535, 65_535),
            ErrorCode::DimensionTooLarge,
        ),
        (
            "20,000 x 20,000 JPEG",
            jpeg_claiming(20_000, 20_000),
            ErrorCode::TooManyPixels,
        ),
        ("0 high JPEG", jpeg_claiming(8, 0), ErrorCode::Corrupt),
        (
            "a bomb in a small canvas",
            webp_in_a_small_canvas(),
            ErrorCode::TooManyPixels,
        ),
        (
            "arithmetic coding",
            replace(&ok, &[0xFF, 0xC0], &[0xFF, 0xC9]),
            ErrorCode::UnsupportedFormat,
        ),
        (
            "12 bits",
            replace(&ok, &[0xFF, 0xC0, 0, 17, 8], &[0xFF, 0xC0, 0, 17, 12]),
            ErrorCode::UnsupportedFormat,
        ),
        (
            "no tables",
            replace(&ok, &[0xFF, 0xDB], &[0xFF, 0xEF]),
            ErrorCode::Corrupt,
        ),
    ];
    for (name, source, expected) in cases {
        assert_eq!(code(&source, &default), expected, "{name}");
    }
    let limits = Limits {
        source_bytes_max: 10,
        ..default
    };
    assert_eq!(code(&ok, &limits), ErrorCode::SourceTooLarge);
}

fn replace(source: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = source
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    let mut bytes = source.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn a_truncated_file_is_an_error_wherever_it_ends() {
    let picture = quarters(120, 90);
    for (name, source) in [
        ("jpeg", jpeg(&picture, None, false)),
        ("progressive jpeg", jpeg(&picture, None, true)),
        ("png", png(&picture, None)),
        ("webp", webp(&picture, None)),
    ] {
        // What is cut off past the pixels of a PNG (the end of IDAT, IEND) does no harm.
        let whole = if name == "png" {
            source.len() - 30
        } else {
            source.len() - 1
        };
        for length in (3..whole).step_by(7).chain([whole]) {
            let result = transform(
                &source[..length],
                None,
                &Options::new(OutputFormat::Png),
                &Limits::default(),
            );
            assert!(
                result.is_err(),
                "{name} cut to {length} of {}",
                source.len()
            );
        }
    }
    let half = jpeg(&picture, None, false);
    assert_eq!(
        code(&half[..half.len() / 2], &Limits::default()),
        ErrorCode::Truncated
    );
}

#[test]
fn of_a_cut_png_the_rest_is_grey_where_that_is_wanted() {
    let keep = Limits {
        keep_truncated: true,
        ..Limits::default()
    };
    let deep = image::DynamicImage::from(quarters(64, 64).to_rgb8());
    let source = png(&deep, None);
    let half = &source[..source.len() * 9 / 10];
    let made = transform(half, None, &Options::new(OutputFormat::Png), &keep).unwrap();
    let image = common::pixels(&made);
    assert_eq!(image.get_pixel(3, 3).0, [220, 30, 30, 255]);
    assert_eq!(image.get_pixel(3, 63).0, [128, 128, 128, 255]);
}

#[test]
fn of_a_cut_jpeg_the_rest_is_grey_where_that_is_wanted() {
    let keep = Limits {
        keep_truncated: true,
        ..Limits::default()
    };
    let source = jpeg(&quarters(256, 256), None, false);
    let scan = source
        .windows(2)
        .rposition(|pair| pair == [0xFF, 0xDA])
        .unwrap();
    let cut = &source[..scan + (source.len() - scan) * 3 / 4];
    // At the size of the source and at an eighth of it, where other rows are decoded.
    for width in [256, 32] {
        let mut options = Options::new(OutputFormat::Png);
        options.width = Some(width);
        let refused = transform(cut, None, &options, &Limits::default()).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Truncated, "{width}");
        let image = common::pixels(&transform(cut, None, &options, &keep).unwrap());
        assert_eq!(image.dimensions(), (width, width));
        let first = image.get_pixel(1, 1).0;
        common::assert_near(&first[..3], &[220, 30, 30], 6, "the first rows");
        let last = image.get_pixel(width - 2, width - 2).0;
        assert_eq!(last, [128, 128, 128, 255], "{width}");
    }
    // Without a header there is nothing to keep.
    let headless = transform(&source[..60], None, &Options::new(OutputFormat::Png), &keep);
    assert_eq!(headless.unwrap_err().code(), ErrorCode::Truncated);
    // A progressive one has been all over the picture before: what is missing is detail.
    let source = jpeg(&quarters(256, 256), None, true);
    let cut = &source[..source.len() - 40];
    let made = transform(cut, None, &Options::new(OutputFormat::Png), &keep).unwrap();
    let last = common::pixels(&made).get_pixel(250, 250).0;
    common::assert_near(&last[..3], &[230, 220, 40], 12, "the last quarter");
}

#[test]
fn a_progressive_jpeg_of_a_thousand_scans_is_refused() {
    let mut source = jpeg(&quarters(64, 64), None, true);
    source.truncate(source.len() - 2);
    let scan = source
        .windows(2)
        .rposition(|pair| pair == [0xFF, 0xDA])
        .unwrap();
    let last = source[scan..].to_vec();
    for _ in 0..1_000 {
        source.extend_from_slice(&last);
    }
    source.extend([0xFF, 0xD9]);
    assert_eq!(code(&source, &Limits::default()), ErrorCode::Corrupt);
}

#[test]
fn a_sequential_jpeg_has_each_component_in_one_scan() {
    let mut source = jpeg(&quarters(64, 64), None, false);
    source.truncate(source.len() - 2);
    let scan = source
        .windows(2)
        .rposition(|pair| pair == [0xFF, 0xDA])
        .unwrap();
    // Another scan of all components, its data ended at once.
    let again = source[scan..scan + 14].to_vec();
    let mut once = source.clone();
    once.extend([0xFF, 0xD9]);
    // Phones put a second picture behind the end.
    let mut two = once.clone();
    two.extend([again.clone(), again.clone(), vec![0xFF, 0xD9]].concat());
    for good in [once, two] {
        assert!(
            transform(
                &good,
                None,
                &Options::new(OutputFormat::Png),
                &Limits::default()
            )
            .is_ok()
        );
    }
    source.extend(again);
    source.extend([0xFF, 0xD9]);
    assert_eq!(code(&source, &Limits::default()), ErrorCode::Corrupt);
}

/// Whatever it is, it ends in an answer: a picture or an error.
fn must_end(source: &[u8]) {
    let _ = probe(source, &SMALL);
    for bucket in Bucket::ALL {
        if let Ok(intermediate) = decode_scaled(source, bucket, &SMALL) {
            let mut options = Options::new(OutputFormat::Png);
            options.width = Some(20);
            render(&intermediate, None, &options, &Limits::default()).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_behind_a_signature(kind in 0..3, tail: Vec<u8>) {
        let head: &[u8] = match kind {
            0 => &[0xFF, 0xD8, 0xFF],
            1 => b"\x89PNG\r\n\x1a\n",
            _ => b"RIFF\x50\0\0\0WEBPVP8 ",
        };
        must_end(&[head, &tail].concat());
    }

    #[test]
    fn a_file_with_a_few_bytes_changed(
        kind in 0..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let picture = quarters(40, 30);
        let mut source = match kind {
            0 => jpeg(&picture, None, false),
            1 => jpeg(&picture, None, true),
            2 => png(&picture, None),
            _ => webp(&picture, None),
        };
        for (at, byte) in changes {
            let at = at.index(source.len());
            source[at] = byte;
        }
        must_end(&source);
        must_end(&source[..cut.index(source.len())]);
    }

    #[test]
    fn random_intermediates(bytes: Vec<u8>, at in any::<prop::sample::Index>(), byte: u8) {
        let _ = Intermediate::from_bytes(&bytes);
        let source = png(&quarters(12, 9), None);
        let mut kept = decode_scaled(&source, Bucket::Half, &SMALL).unwrap().to_bytes();
        let at = at.index(kept.len());
        kept[at] = byte;
        if let Ok(intermediate) = Intermediate::from_bytes(&kept) {
            let mut options = Options::new(OutputFormat::Webp);
            options.width = Some(5);
            let _ = render(&intermediate, None, &options, &Limits::default());
        }
    }
}
