//! Sizes, colours and orientation survive every pair of formats, and the two halves of the work
//! give the bytes of the whole.

mod common;

use common::{QUARTERS, assert_near, exif, jpeg, make, middles, pixels, png, quarters, webp};
use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
use image::{DynamicImage, RgbaImage};
use lockgate_image::{
    Bucket, Fit, Intermediate, Limits, Options, OutputFormat, Quality, decode_scaled, probe,
    render, scale_bucket,
};

const FORMATS: [OutputFormat; 3] = [OutputFormat::Jpeg, OutputFormat::Png, OutputFormat::Webp];

fn sources(image: &DynamicImage) -> [(&'static str, Vec<u8>); 4] {
    [
        ("jpeg", jpeg(image, None, false)),
        ("progressive", jpeg(image, None, true)),
        ("png", png(image, None)),
        ("webp", webp(image, None)),
    ]
}

#[test]
fn every_pair_of_formats() {
    for (name, source) in sources(&quarters(333, 217)) {
        for format in FORMATS {
            for width in [333, 200, 80, 40, 20] {
                let what = format!("{name} to {format:?} of {width}");
                let mut options = Options::new(format);
                options.width = Some(width);
                let rendered = make(&source, &options);
                let height = (217.0 * f64::from(width) / 333.0).round() as u32;
                assert_eq!((rendered.width, rendered.height), (width, height), "{what}");
                let colours = middles(&pixels(&rendered));
                assert_near(colours.as_flattened(), QUARTERS.as_flattened(), 18, &what);
            }
        }
    }
}

#[test]
fn the_halves_give_the_bytes_of_the_whole() {
    let limits = Limits::default();
    for (name, source) in sources(&quarters(640, 480)) {
        for (width, fit) in [(600, Fit::Inside), (100, Fit::Cover), (33, Fit::Contain)] {
            let mut options = Options::new(OutputFormat::Jpeg);
            (options.width, options.height, options.fit) = (Some(width), Some(50), fit);
            let bucket = scale_bucket(&probe(&source, &limits).unwrap(), &options).unwrap();
            let kept = decode_scaled(&source, bucket, &limits).unwrap().to_bytes();
            let rendered = render(
                &Intermediate::from_bytes(&kept).unwrap(),
                None,
                &options,
                &limits,
            )
            .unwrap();
            assert_eq!(rendered, make(&source, &options), "{name} {width}");
        }
    }
}

#[test]
fn every_bucket_shows_the_same_picture() {
    for (name, source) in sources(&quarters(161, 97)) {
        for bucket in Bucket::ALL {
            let intermediate = decode_scaled(&source, bucket, &Limits::default()).unwrap();
            let mut options = Options::new(OutputFormat::Png);
            (options.width, options.height, options.fit) = (Some(16), Some(10), Fit::Fill);
            let image = pixels(&render(&intermediate, None, &options, &Limits::default()).unwrap());
            let what = format!("{name} {bucket:?}");
            assert_near(
                middles(&image).as_flattened(),
                QUARTERS.as_flattened(),
                12,
                &what,
            );
        }
    }
}

#[test]
fn the_smallest_and_the_thinnest() {
    for (width, height) in [(1, 1), (1, 40), (40, 1), (7, 9), (8, 8), (17, 3)] {
        for (name, source) in sources(&quarters(width, height)) {
            for bucket in Bucket::ALL {
                let intermediate = decode_scaled(&source, bucket, &Limits::default()).unwrap();
                let rendered = render(
                    &intermediate,
                    None,
                    &Options::new(OutputFormat::Png),
                    &Limits::default(),
                )
                .unwrap();
                let what = format!("{name} {width} x {height} {bucket:?}");
                assert_eq!((rendered.width, rendered.height), (width, height), "{what}");
            }
        }
    }
}

/// What is stored so that, turned by the orientation, `upright` is seen.
fn stored(upright: &RgbaImage, orientation: u8) -> DynamicImage {
    let image = match orientation {
        2 => flip_horizontal(upright),
        3 => rotate180(upright),
        4 => flip_vertical(upright),
        // 5 is a transpose and 7 a transverse: both undo themselves.
        5 => flip_horizontal(&rotate90(upright)),
        6 => rotate270(upright),
        7 => flip_horizontal(&rotate270(upright)),
        8 => rotate90(upright),
        _ => upright.clone(),
    };
    image.into()
}

#[test]
fn all_eight_orientations() {
    let upright = quarters(90, 60).to_rgba8();
    for orientation in 1..=8 {
        let (image, exif) = (stored(&upright, orientation), exif(orientation));
        for (name, source) in [
            ("jpeg", jpeg(&image, Some(&exif), false)),
            ("png", png(&image, Some(&exif))),
            ("webp", webp(&image, Some(&exif))),
        ] {
            let what = format!("{name} orientation {orientation}");
            let info = probe(&source, &Limits::default()).unwrap();
            assert_eq!((info.width, info.height), (90, 60), "{what}");
            assert_eq!(info.orientation, orientation, "{what}");
            for format in FORMATS {
                let mut options = Options::new(format);
                options.width = Some(45);
                let rendered = make(&source, &options);
                assert_eq!((rendered.width, rendered.height), (45, 30), "{what}");
                let image = pixels(&rendered);
                assert_near(
                    middles(&image).as_flattened(),
                    QUARTERS.as_flattened(),
                    14,
                    &what,
                );
                let again = probe(&rendered.bytes, &Limits::default()).unwrap();
                assert_eq!(again.orientation, 1, "{what}: the metadata is gone");
            }
        }
    }
}

#[test]
fn cover_crops_about_the_centre_of_a_turned_picture() {
    let upright = quarters(200, 100).to_rgba8();
    let source = jpeg(&stored(&upright, 6), Some(&exif(6)), false);
    let mut options = Options::new(OutputFormat::Png);
    (options.width, options.height, options.fit) = (Some(20), Some(50), Fit::Cover);
    let image = pixels(&make(&source, &options));
    assert_eq!(image.dimensions(), (20, 50));
    assert_near(
        middles(&image).as_flattened(),
        QUARTERS.as_flattened(),
        14,
        "cover",
    );
}

#[test]
fn a_lower_quality_is_a_smaller_file() {
    let noise = RgbaImage::from_fn(200, 200, |x, y| {
        let v = (x * 37 + y * 91 + x * y * 13) as u8;
        image::Rgba([v, v.wrapping_mul(3), v.wrapping_mul(7), 255])
    });
    let source = png(&noise.into(), None);
    for format in [OutputFormat::Jpeg, OutputFormat::Webp] {
        let bytes = [20, 60, 95].map(|quality| {
            let mut options = Options::new(format);
            options.quality = Some(Quality::Fixed(quality));
            make(&source, &options).bytes.len()
        });
        assert!(
            bytes.is_sorted() && bytes[0] < bytes[2],
            "{format:?}: {bytes:?}"
        );
    }
}
