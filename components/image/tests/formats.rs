//! Sources beyond JPEG, PNG and WebP, and what is said of sources.

mod common;

use common::{
    QUARTERS, assert_near, bmp, exif, jpeg, make, middles, pixels, png, quarters, tiff, webp,
};
use image::{DynamicImage, Rgba, RgbaImage};
use lockgate_image::{
    Bucket, ErrorCode, Format, Limits, Options, OutputFormat, decode_scaled, probe, render,
    transform,
};

/// Points of a picture of 48 x 32 pixels: red from left to right, green from top to bottom, blue
/// the other way.
const POINTS: [(u32, u32); 6] = [(0, 0), (47, 0), (5, 20), (24, 16), (40, 8), (10, 30)];

fn at_points(image: &RgbaImage, points: &[(u32, u32)]) -> Vec<u8> {
    let colours = points.iter().flat_map(|(x, y)| {
        let Rgba([r, g, b, _]) = *image.get_pixel(*x, *y);
        [r, g, b]
    });
    colours.collect()
}

fn to_png() -> Options {
    Options::new(OutputFormat::Png)
}

#[test]
fn avif_is_what_libavif_decodes() {
    // Beside each: what Sharp 0.35 (libheif, libaom, libvips) gives at the points.
    let files: [(&str, &[u8], [u8; 18]); 3] = [
        (
            "4:2:0",
            include_bytes!("fixtures/colours.avif"),
            [
                1, 2, 250, 249, 3, 100, 24, 166, 170, 130, 134, 119, 217, 67, 94, 54, 248, 116,
            ],
        ),
        (
            "alpha",
            include_bytes!("fixtures/alpha.avif"),
            [
                1, 2, 253, 253, 1, 102, 26, 165, 172, 131, 132, 124, 217, 66, 97, 54, 246, 124,
            ],
        ),
        (
            "10 bits",
            include_bytes!("fixtures/ten-bits.avif"),
            [
                1, 0, 254, 253, 0, 102, 27, 165, 173, 129, 132, 124, 216, 65, 97, 54, 247, 123,
            ],
        ),
    ];
    for (name, file, expected) in files {
        let info = probe(file, &Limits::default()).unwrap();
        assert_eq!((info.width, info.height), (48, 32), "{name}");
        assert_eq!(
            (info.format, info.has_alpha),
            (Format::Avif, name == "alpha")
        );
        let kept = make(file, &Options::default()).format;
        assert_eq!(kept == OutputFormat::Png, name == "alpha", "{kept:?}");
        let image = pixels(&make(file, &to_png()));
        if name == "alpha" {
            // It rises from left to right.
            let alphas = [0, 24, 47].map(|x| image.get_pixel(x, 9).0[3]);
            assert_near(&alphas, &[0, 130, 255], 3, "alpha");
            // Colours under no alpha are nobody's.
            assert_near(
                &at_points(&image, &POINTS[1..])[3..],
                &expected[6..],
                4,
                name,
            );
        } else {
            // libheif spreads halved colours in another way.
            let most = if name == "4:2:0" { 8 } else { 4 };
            assert_near(&at_points(&image, &POINTS), &expected, most, name);
        }
    }
}

#[test]
fn an_avif_is_turned_by_its_boxes_and_keeps_its_rights() {
    let file = include_bytes!("fixtures/turned.avif");
    let info = probe(file, &Limits::default()).unwrap();
    assert_eq!((info.width, info.height, info.orientation), (32, 48, 6));
    let image = pixels(&make(file, &to_png()));
    let points = [(0, 0), (31, 47), (5, 20), (24, 16), (10, 30)];
    // Red goes down now, and green from right to left.
    for (x, y) in points {
        let Rgba([red, green, ..]) = *image.get_pixel(x, y);
        assert!(red.abs_diff((y * 255 / 47) as u8) < 9, "{x} {y} {red}");
        assert!(
            green.abs_diff((255 - x * 255 / 31) as u8) < 9,
            "{x} {y} {green}"
        );
    }
    let mut options = Options::new(OutputFormat::Jpeg);
    options.keep.copyright = true;
    let kept = make(file, &options).bytes;
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(has(&kept, b"(c) 2026 Ann Example") && has(&kept, b"Ann\0"));
    options.keep.copyright = false;
    assert!(!has(&make(file, &options).bytes, b"Ann"));
}

#[test]
fn a_cut_avif_is_refused() {
    let file = include_bytes!("fixtures/colours.avif");
    for length in 0..file.len() {
        let error = transform(&file[..length], None, &to_png(), &Limits::default()).unwrap_err();
        let code = error.code();
        let fine = [
            ErrorCode::UnsupportedFormat,
            ErrorCode::Truncated,
            ErrorCode::Corrupt,
        ];
        assert!(fine.contains(&code), "{length}: {error}");
    }
}

#[test]
fn display_p3_becomes_srgb_unless_it_is_kept() {
    let file = include_bytes!("fixtures/p3.jpg");
    // What Sharp gives with its conversion to sRGB by littlecms.
    let expected = [
        1, 1, 254, 255, 0, 101, 29, 164, 174, 131, 132, 123, 218, 66, 97, 56, 247, 125,
    ];
    let image = pixels(&make(file, &to_png()));
    assert_near(&at_points(&image, &POINTS), &expected, 2, "P3");
    let mut options = to_png();
    options.keep.icc = true;
    let kept = make(file, &options);
    assert!(kept.bytes.windows(4).any(|window| window == b"iCCP"));
    let wide = pixels(&kept);
    let apart = at_points(&wide, &POINTS);
    assert!(
        apart
            .iter()
            .zip(&expected)
            .any(|(a, b)| a.abs_diff(*b) > 10),
        "{apart:?}"
    );
}

#[test]
fn tiff_and_bmp() {
    let picture = quarters(40, 30);
    let rgb = DynamicImage::from(picture.to_rgb8());
    let deep = DynamicImage::from(picture.to_rgb16());
    for (name, file, format) in [
        ("TIFF", tiff(&rgb), Format::Tiff),
        ("TIFF with alpha", tiff(&picture), Format::Tiff),
        ("TIFF of 16 bits", tiff(&deep), Format::Tiff),
        ("BMP", bmp(&rgb), Format::Bmp),
    ] {
        let info = probe(&file, &Limits::default()).unwrap();
        assert_eq!(
            (info.format, info.width, info.height),
            (format, 40, 30),
            "{name}"
        );
        let mut options = to_png();
        options.width = Some(10);
        let image = pixels(&make(&file, &options));
        // The filter overshoots a little beside an edge.
        for (middle, quarter) in middles(&image).iter().zip(QUARTERS) {
            assert_near(middle, &quarter, 5, name);
        }
        let rendered = make(&file, &Options::default());
        assert_eq!(rendered.format, format.output(info.has_alpha), "{name}");
    }
    let grey = DynamicImage::from(picture.to_luma8());
    let image = pixels(&make(&tiff(&grey), &to_png()));
    assert_eq!(
        image.get_pixel(3, 3).0[0],
        grey.to_luma8().get_pixel(3, 3).0[0]
    );
}

#[test]
fn every_source_is_turned_upright() {
    let upright = quarters(40, 30);
    for orientation in 1..=8 {
        let block = exif(orientation);
        let tiff = {
            let mut file = tiff(&DynamicImage::from(upright.to_rgb8()));
            // The directory is at the end: another entry goes into it.
            let at = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
            let entries = u16::from_le_bytes(file[at..at + 2].try_into().unwrap());
            let first_after = (0..usize::from(entries))
                .map(|entry| at + 2 + 12 * entry)
                .find(|entry| u16::from_le_bytes([file[*entry], file[*entry + 1]]) > 0x0112)
                .unwrap();
            let mut directory = file[at..].to_vec();
            let entry = [0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
            directory.splice(first_after - at..first_after - at, entry);
            directory[..2].copy_from_slice(&(entries + 1).to_le_bytes());
            let end = file.len() as u32;
            file[4..8].copy_from_slice(&end.to_le_bytes());
            file.extend(directory);
            file
        };
        let files = [
            ("JPEG", jpeg(&upright, Some(&block), false)),
            ("PNG", png(&upright, Some(&block))),
            ("WebP", webp(&upright, Some(&block))),
            ("TIFF", tiff),
        ];
        let [a, b, c, d] = QUARTERS;
        let expected = match orientation {
            1 => [a, b, c, d],
            2 => [b, a, d, c],
            3 => [d, c, b, a],
            4 => [c, d, a, b],
            5 => [a, c, b, d],
            6 => [c, a, d, b],
            7 => [d, b, c, a],
            _ => [b, d, a, c],
        };
        for (name, file) in files {
            let info = probe(&file, &Limits::default()).unwrap();
            assert_eq!(info.orientation, orientation, "{name}");
            let image = pixels(&make(&file, &to_png()));
            let size = if orientation < 5 { (40, 30) } else { (30, 40) };
            assert_eq!(image.dimensions(), size, "{name} {orientation}");
            for (got, expected) in middles(&image).iter().zip(&expected) {
                assert_near(got, expected, 6, &format!("{name} {orientation}"));
            }
        }
    }
}

#[test]
fn an_svg_is_sharp_at_any_size() {
    let file = br#"<?xml version="1.0"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="20" height="10">
            <rect width="10" height="10" fill="rgb(220,30,30)"/>
            <script>alert(1)</script>
            <image href="/etc/passwd" width="9" height="9"/>
            <image href="http://192.0.2.1/a.png" width="9" height="9"/>
        </svg>"#;
    let info = probe(file, &Limits::default()).unwrap();
    assert_eq!((info.width, info.height, info.has_alpha), (20, 10, true));
    for width in [10, 20, 400] {
        let mut options = to_png();
        options.width = Some(width);
        let image = pixels(&make(file, &options));
        assert_eq!(image.dimensions(), (width, width / 2));
        // The edge is one between two pixels, however large it is.
        for y in 0..width / 2 {
            assert_eq!(image.get_pixel(width / 2 - 1, y).0, [220, 30, 30, 255]);
            assert_eq!(image.get_pixel(width / 2, y).0[3], 0);
        }
    }
    // Cover cuts, and a JPEG has white where there is nothing.
    let options = Options::parse("w=100,h=100,fit=cover,f=jpeg").unwrap();
    let image = pixels(&make(file, &options));
    assert_near(&image.get_pixel(30, 50).0, &[220, 30, 30, 255], 4, "left");
    assert_near(
        &image.get_pixel(70, 50).0,
        &[255, 255, 255, 255],
        4,
        "right",
    );
    assert_eq!(make(file, &Options::default()).format, OutputFormat::Png);
    // Its intermediate is the file, whatever the bucket.
    let limits = Limits::default();
    let fine = decode_scaled(file, Bucket::Full, &limits).unwrap();
    assert_eq!(fine, decode_scaled(file, Bucket::Eighth, &limits).unwrap());
    let rendered = render(&fine, None, &options, &limits).unwrap();
    assert_eq!(rendered, make(file, &options));
}

#[test]
fn a_description_of_a_source() {
    let upright = quarters(400, 300);
    let file = jpeg(&upright, Some(&exif(6)), false);
    let rendered = make(&file, &Options::new(OutputFormat::Json));
    assert_eq!(rendered.format.media_type(), "application/json");
    let text = String::from_utf8(rendered.bytes).unwrap();
    let head = format!(
        "{{\"format\":\"jpeg\",\"width\":300,\"height\":400,\"orientation\":6,\"has_alpha\":false,\
         \"frames\":1,\"bytes\":{},\"dominant\":\"#",
        file.len()
    );
    assert!(text.starts_with(&head), "{text}");
    let hash = text.split("\"blurhash\":\"").nth(1).unwrap();
    assert_eq!(hash.len(), 28 + 3, "{hash}");
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>";
    let text = String::from_utf8(make(svg, &Options::new(OutputFormat::Json)).bytes).unwrap();
    assert!(text.contains("\"format\":\"svg\",\"width\":10,"), "{text}");
}

#[test]
fn rights_are_kept_where_they_are_asked_for() {
    // Artist and Copyright, and a camera's name beside them.
    let mut block = b"MM\0*\0\0\0\x08\0\x03".to_vec();
    block.extend(b"\x01\x0f\0\x02\0\0\0\x07\0\0\0\x32");
    block.extend(b"\x01\x3b\0\x02\0\0\0\x04Ann\0");
    block.extend(b"\x82\x98\0\x02\0\0\0\x09\0\0\0\x39");
    block.extend(b"\0\0\0\0");
    block.extend(b"Camera\0(c) Anna\0");
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    let picture = quarters(20, 20);
    for file in [
        jpeg(&picture, Some(&block), false),
        png(&picture, Some(&block)),
        webp(&picture, Some(&block)),
    ] {
        for text in [
            "f=jpeg",
            "f=jpeg,effort=small",
            "f=png",
            "f=png,effort=small",
            "f=webp",
        ] {
            let mut options = Options::parse(text).unwrap();
            assert!(!has(&make(&file, &options).bytes, b"Anna"), "{text}");
            options.keep.copyright = true;
            let made = make(&file, &options);
            assert!(has(&made.bytes, b"(c) Anna"), "{text}");
            assert!(
                has(&made.bytes, b"Ann\0") && !has(&made.bytes, b"Camera"),
                "{text}"
            );
            assert_eq!(pixels(&made).dimensions(), (20, 20));
            assert!(probe(&made.bytes, &Limits::default()).is_ok());
        }
    }
}
