//! AVIF out: what is written is read again and compared with what went in.

mod common;

use common::{make, pixels, png};
use image::{DynamicImage, Rgba, RgbaImage};
use lockgate_image::{ErrorCode, Format, Limits, Options, OutputFormat, probe, transform};

fn options(text: &str) -> Options {
    Options::parse(text).unwrap()
}

/// Slopes of three colours, some edges, and alpha that falls from the left where it is asked for.
fn scene(width: u32, height: u32, alpha: bool) -> DynamicImage {
    let image = RgbaImage::from_fn(width, height, |x, y| {
        let slope = |at: u32, of: u32| (at * 255 / of.max(1)) as u8;
        let edge = if (x / 16 + y / 16) % 3 == 0 { 60 } else { 0 };
        let opacity = if alpha { 255 - slope(x, width) } else { 255 };
        Rgba([
            slope(x, width).saturating_sub(edge),
            slope(y, height),
            255 - slope(x + y, width + height),
            opacity,
        ])
    });
    DynamicImage::from(image)
}

/// The decoded output, as PNG and then by the `image` crate.
fn read(avif: &[u8]) -> RgbaImage {
    pixels(&make(avif, &Options::new(OutputFormat::Png)))
}

/// Of these channels, dB. Colours that nobody sees count little.
fn psnr(one: &RgbaImage, two: &RgbaImage, channels: std::ops::Range<usize>) -> f64 {
    assert_eq!(one.dimensions(), two.dimensions());
    let mut sum = 0.0;
    for (a, b) in one.pixels().zip(two.pixels()) {
        for at in channels.clone() {
            let weight = if at < 3 {
                f64::from(a.0[3]) / 255.0
            } else {
                1.0
            };
            sum += (weight * (f64::from(a.0[at]) - f64::from(b.0[at]))).powi(2);
        }
    }
    let mean = sum / f64::from(one.width() * one.height()) / channels.len() as f64;
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

#[test]
fn what_is_written_is_what_was_there() {
    let (picture, source) = (scene(97, 61, false).to_rgba8(), scene(97, 61, false));
    let source = png(&source, None);
    let mut before = (0, 0.0);
    for (quality, least) in [(30, 26.0), (60, 30.0), (85, 33.0), (100, 42.0)] {
        let made = make(&source, &options(&format!("f=avif,q={quality}")));
        assert_eq!((made.width, made.height), (97, 61));
        let info = probe(&made.bytes, &Limits::default()).unwrap();
        assert_eq!(
            (info.format, info.width, info.height, info.has_alpha),
            (Format::Avif, 97, 61, false)
        );
        let found = psnr(&picture, &read(&made.bytes), 0..3);
        assert!(found > least, "q={quality}: {found} dB");
        assert!(
            made.bytes.len() > before.0 && found > before.1,
            "q={quality}"
        );
        before = (made.bytes.len(), found);
    }
    // Without a quality it is that of a JPEG at 80.
    let plain = make(&source, &options("f=avif"));
    assert_eq!(plain, make(&source, &options("f=avif,q=60")));
    for effort in ["fast", "small"] {
        let made = make(&source, &options(&format!("f=avif,effort={effort}")));
        let found = psnr(&picture, &read(&made.bytes), 0..3);
        assert!(found > 29.0, "{effort}: {found} dB");
    }
}

#[test]
fn alpha_is_a_picture_of_its_own() {
    let picture = scene(80, 50, true);
    let made = make(&png(&picture, None), &options("f=avif"));
    assert!(probe(&made.bytes, &Limits::default()).unwrap().has_alpha);
    let (picture, back) = (picture.to_rgba8(), read(&made.bytes));
    let (colours, alpha) = (psnr(&picture, &back, 0..3), psnr(&picture, &back, 3..4));
    assert!(colours > 29.0 && alpha > 36.0, "{colours} dB, {alpha} dB");
    let grey = DynamicImage::from(DynamicImage::from(picture).to_luma_alpha8());
    let made = make(&png(&grey, None), &options("f=avif"));
    let (grey, back) = (grey.to_rgba8(), read(&made.bytes));
    let (colours, alpha) = (psnr(&grey, &back, 0..3), psnr(&grey, &back, 3..4));
    assert!(colours > 29.0 && alpha > 36.0, "{colours} dB, {alpha} dB");
}

#[test]
fn grey_has_no_colours() {
    let grey = DynamicImage::from(scene(64, 40, false).to_luma8());
    let made = make(&png(&grey, None), &options("f=avif"));
    let back = read(&made.bytes);
    assert!(back.pixels().all(|Rgba([r, g, b, _])| r == g && g == b));
    assert!(psnr(&grey.to_rgba8(), &back, 0..3) > 30.0);
}

#[test]
fn sizes_down_to_a_pixel() {
    for (width, height) in [
        (1, 1),
        (1, 2),
        (2, 1),
        (3, 3),
        (1, 70),
        (70, 1),
        (7, 9),
        (8, 8),
        (15, 17),
        (16, 16),
        (63, 65),
        (129, 5),
    ] {
        for alpha in [false, true] {
            let picture = scene(width, height, alpha);
            let source = png(&picture, None);
            for quality in [50, 95] {
                let made = make(&source, &options(&format!("f=avif,q={quality}")));
                let what = format!("{width} x {height}, {alpha}, q={quality}");
                assert_eq!((made.width, made.height), (width, height), "{what}");
                let back = read(&made.bytes);
                let found = psnr(&picture.to_rgba8(), &back, 0..3);
                // Below a block, half of the colours are neighbours'.
                let least = if width.min(height) < 8 { 12.0 } else { 20.0 };
                assert!(found > least, "{what}: {found} dB");
            }
        }
    }
}

#[test]
fn metadata_is_kept_where_it_is_asked_for() {
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    let source = include_bytes!("fixtures/turned.avif");
    let plain = make(source, &options("f=avif"));
    let kept = make(source, &options("f=avif,keep=copyright"));
    assert!(has(&kept.bytes, b"(c) 2026 Ann Example") && !has(&plain.bytes, b"Ann"));
    // It is found again, and the picture is the same.
    let again = make(&kept.bytes, &options("f=jpeg,keep=copyright"));
    assert!(has(&again.bytes, b"(c) 2026 Ann Example"));
    assert_eq!(read(&kept.bytes), read(&plain.bytes));

    let source = include_bytes!("fixtures/p3.jpg");
    let plain = make(source, &options("f=avif"));
    let wide = make(source, &options("f=avif,keep=icc"));
    assert!(has(&wide.bytes, b"colrprof") && !has(&plain.bytes, b"colrprof"));
    assert!(has(&plain.bytes, b"colrnclx\0\x01\0\x0d\0\x06\x80"));
    // Both are the same colours.
    let found = psnr(&read(&plain.bytes), &read(&wide.bytes), 0..3);
    assert!(found > 30.0, "{found} dB");
}

#[test]
fn a_quality_is_found() {
    let picture = scene(120, 90, false);
    let source = png(&picture, None);
    let made = make(&source, &options("f=avif,q=1500b"));
    assert!(made.bytes.len() <= 1500, "{}", made.bytes.len());
    let low = make(&source, &options("f=avif,q=ssim0.9"));
    let high = make(&source, &options("f=avif,q=ssim0.99"));
    assert!(low.bytes.len() < high.bytes.len());
    let text = "f=avif,w=1100,h=1000,fit=fill,enlarge=1,q=ssim0.9";
    let error = transform(&source, None, &options(text), &Limits::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadOptions);
    assert!(error.to_string().contains("1100000"), "{error}");
}
