//! Every kind of pixel that the three formats know: grey, CMYK, palettes, 16 bits, interlace,
//! alpha; and profiles.

mod common;

use std::borrow::Cow;

use common::{QUARTERS, assert_near, jpeg, make, middles, pixels, png, quarters, webp};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, LumaA, Rgb, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder as JpegEncoder};
use lockgate_image::{Colour, Fit, Limits, Options, OutputFormat, probe, transform};

/// Red, opaque, in the left half; on the right transparent with green hidden under it.
fn half_transparent(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgba([230, 20, 20, 255])
        } else {
            Rgba([0, 255, 0, 0])
        }
    })
    .into()
}

#[test]
fn a_grey_jpeg_stays_grey() {
    let grey: Vec<u8> = (0..64 * 64).map(|i| (i % 64 * 4) as u8).collect();
    let mut source = Vec::new();
    JpegEncoder::new(&mut source, 90)
        .encode(&grey, 64, 64, ColorType::Luma)
        .unwrap();
    for format in [OutputFormat::Jpeg, OutputFormat::Png, OutputFormat::Webp] {
        let mut options = Options::new(format);
        options.width = Some(32);
        let image = pixels(&make(&source, &options));
        assert_near(&image.get_pixel(16, 16).0, &[130, 130, 130, 255], 8, "grey");
    }
}

#[test]
fn cmyk_and_ycck_become_rgb() {
    // No ink, cyan, magenta and half black, in four columns.
    let inks: [[u8; 4]; 4] = [[0; 4], [255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 0, 128]];
    let rgb = [
        [255, 255, 255],
        [0, 255, 255],
        [255, 0, 255],
        [127, 127, 127],
    ];
    let cmyk: Vec<u8> = (0..64 * 64).flat_map(|i| inks[i % 64 / 16]).collect();
    for colour in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let mut source = Vec::new();
        JpegEncoder::new(&mut source, 95)
            .encode(&cmyk, 64, 64, colour)
            .unwrap();
        let image = pixels(&make(&source, &Options::new(OutputFormat::Png)));
        for (column, expected) in rgb.iter().enumerate() {
            let Rgba([r, g, b, _]) = *image.get_pixel(column as u32 * 16 + 8, 30);
            assert_near(&[r, g, b], expected, 10, &format!("{colour:?} {column}"));
        }
    }
}

#[test]
fn an_rgb_jpeg_is_not_taken_for_ycbcr() {
    // Without JFIF and with Adobe's transform 0 the three components are red, green and blue.
    let mut source = Vec::new();
    let red: Vec<u8> = [200, 40, 60].repeat(32 * 32);
    JpegEncoder::new(&mut source, 95)
        .encode(&red, 32, 32, ColorType::Ycbcr)
        .unwrap();
    assert_eq!(&source[2..4], &[0xFF, 0xE0], "the first segment is JFIF");
    let jfif_end = 4 + usize::from(u16::from_be_bytes([source[4], source[5]]));
    let adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0".to_vec();
    source.splice(2..jfif_end, adobe);
    for format in [OutputFormat::Png, OutputFormat::Jpeg] {
        let image = pixels(&make(&source, &Options::new(format)));
        assert_near(&image.get_pixel(9, 9).0, &[200, 40, 60, 255], 6, "rgb");
    }
}

#[test]
fn sixteen_bits_and_grey_with_alpha() {
    let deep = ImageBuffer::<Rgb<u16>, _>::from_fn(20, 20, |_, _| Rgb([0x8000, 0x4000, 0xFFFF]));
    let source = png(&DynamicImage::ImageRgb16(deep), None);
    let image = pixels(&make(&source, &Options::new(OutputFormat::Png)));
    assert_near(&image.get_pixel(5, 5).0, &[128, 64, 255, 255], 1, "16 bits");

    let veil = GrayAlphaImage::from_pixel(20, 20, LumaA([100, 128]));
    let source = png(&veil.into(), None);
    for format in [OutputFormat::Png, OutputFormat::Webp] {
        let image = pixels(&make(&source, &Options::new(format)));
        assert_near(
            &image.get_pixel(5, 5).0,
            &[100, 100, 100, 128],
            3,
            "grey, alpha",
        );
    }
    let mut options = Options::new(OutputFormat::Jpeg);
    options.background = Some(Colour {
        red: 200,
        green: 0,
        blue: 0,
        alpha: 255,
    });
    let image = pixels(&make(&source, &options));
    assert_near(&image.get_pixel(5, 5).0, &[150, 50, 50, 255], 8, "on red");
}

#[test]
fn a_palette_with_transparency() {
    let mut source = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut source, 16, 16);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Two);
    encoder.set_palette(Cow::Borrowed(&[10, 20, 30, 250, 120, 0][..]));
    encoder.set_trns(Cow::Borrowed(&[255, 0][..]));
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&[0b0000_0000, 0, 0b0101_0101, 0b0101_0101].repeat(16))
        .unwrap();
    writer.finish().unwrap();
    assert!(probe(&source, &Limits::default()).unwrap().has_alpha);
    let image = pixels(&make(&source, &Options::new(OutputFormat::Png)));
    assert_eq!(image.get_pixel(2, 2).0, [10, 20, 30, 255]);
    assert_eq!(image.get_pixel(12, 2).0[3], 0);
}

#[test]
fn an_interlaced_png() {
    let source = adam7(&GrayImage::from_fn(21, 13, |x, y| {
        image::Luma([(x * 11 + y) as u8])
    }));
    let image = pixels(&make(&source, &Options::new(OutputFormat::Png)));
    for (x, y, pixel) in image.enumerate_pixels() {
        assert_eq!(u32::from(pixel.0[0]), x * 11 + y, "{x} {y}");
    }
}

#[test]
fn transparent_edges_have_no_fringe() {
    let picture = half_transparent(400, 200);
    for source in [png(&picture, None), webp(&picture, None)] {
        for width in [399, 150, 50, 20] {
            let mut options = Options::new(OutputFormat::Png);
            options.width = Some(width);
            let image = pixels(&make(&source, &options));
            for pixel in image.pixels().filter(|p| p.0[3] > 24) {
                // Lanczos rings a little; green from under the transparent half would be 255.
                assert_near(&pixel.0[..3], &[230, 20, 20], 26, &format!("width {width}"));
            }
            assert_eq!(image.get_pixel(width - 1, 1).0[3], 0, "width {width}");
        }
        let mut options = Options::new(OutputFormat::Jpeg);
        options.width = Some(100);
        let image = pixels(&make(&source, &options));
        assert_near(
            &image.get_pixel(90, 20).0,
            &[255, 255, 255, 255],
            3,
            "on white",
        );
    }
}

#[test]
fn contain_has_margins() {
    let source = jpeg(&quarters(200, 100), None, false);
    for (format, background, margin) in [
        (OutputFormat::Png, None, [0, 0, 0, 0]),
        (OutputFormat::Webp, None, [0, 0, 0, 0]),
        (OutputFormat::Jpeg, None, [255, 255, 255, 255]),
        (
            OutputFormat::Jpeg,
            Some(Colour {
                red: 10,
                green: 90,
                blue: 160,
                alpha: 255,
            }),
            [10, 90, 160, 255],
        ),
        (
            OutputFormat::Png,
            Some(Colour {
                red: 10,
                green: 90,
                blue: 160,
                alpha: 255,
            }),
            [10, 90, 160, 255],
        ),
    ] {
        let mut options = Options::new(format);
        (options.width, options.height) = (Some(100), Some(100));
        (options.fit, options.background) = (Fit::Contain, background);
        let image = pixels(&make(&source, &options));
        let what = format!("{format:?} {background:?}");
        assert_eq!(image.dimensions(), (100, 100));
        let pixel = image.get_pixel(50, 5).0;
        assert_near(&pixel[3..], &margin[3..], 0, &what);
        if margin[3] != 0 {
            assert_near(&pixel, &margin, 6, &what);
        }
        let inner = image::imageops::crop_imm(&image, 0, 25, 100, 50).to_image();
        assert_near(
            middles(&inner).as_flattened(),
            QUARTERS.as_flattened(),
            14,
            &what,
        );
    }
}

#[test]
fn unused_alpha_is_dropped_and_used_alpha_kept() {
    for (picture, alpha) in [(quarters(30, 30), false), (half_transparent(30, 30), true)] {
        let source = png(&picture, None);
        assert!(probe(&source, &Limits::default()).unwrap().has_alpha);
        for format in [OutputFormat::Png, OutputFormat::Webp] {
            let rendered = make(&source, &Options::new(format));
            let info = probe(&rendered.bytes, &Limits::default()).unwrap();
            assert_eq!(info.has_alpha, alpha, "{format:?}");
        }
    }
}

#[test]
fn a_profile_is_passed_on_where_it_is_kept() {
    let mut profile = vec![0; 200];
    profile[16..20].copy_from_slice(b"RGB ");
    profile[36..40].copy_from_slice(b"acsp");
    let pixels = quarters(40, 40).to_rgb8();
    for keep in [true, false] {
        let mut profile = profile.clone();
        profile.extend_from_slice(b"Display P3");
        let mut source = Vec::new();
        let mut encoder = JpegEncoder::new(&mut source, 90);
        encoder.add_icc_profile(&profile).unwrap();
        encoder.encode(&pixels, 40, 40, ColorType::Rgb).unwrap();
        for format in [OutputFormat::Jpeg, OutputFormat::Png, OutputFormat::Webp] {
            let mut options = Options::new(format);
            options.keep.icc = keep;
            let first = make(&source, &options);
            // Through each format and back to JPEG, where the profile is plain to see.
            options.format = Some(OutputFormat::Jpeg);
            let last = make(&first.bytes, &options).bytes;
            let found = last.windows(profile.len()).any(|window| window == profile);
            assert_eq!(found, keep, "{format:?}");
        }
    }
}

#[test]
fn what_cannot_be_made_is_refused() {
    let source = png(&quarters(20, 10), None);
    for text in [
        "w=16383,enlarge=1",
        "w=16000,h=16000,fit=outside,enlarge=1",
        "w=10,h=10,fit=cover,enlarge=1,crop=20:0:1:1",
        "wm=logo",
    ] {
        let options = Options::parse(text).unwrap();
        let error = transform(&source, None, &options, &Limits::default()).unwrap_err();
        let refused = lockgate_image::ErrorCode::BadOptions;
        assert_eq!(error.code(), refused, "{text}");
    }
}

/// A grey PNG with Adam7 interlace (PNG, third edition, 8.1), deflated without compression:
/// no encoder at hand writes one.
fn adam7(image: &GrayImage) -> Vec<u8> {
    let (width, height) = image.dimensions();
    let mut rows = Vec::new();
    for (x0, y0, dx, dy) in [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ] {
        for y in (y0..height).step_by(dy) {
            rows.push(0);
            rows.extend((x0..width).step_by(dx).map(|x| image.get_pixel(x, y).0[0]));
        }
    }
    let length = rows.len() as u16;
    let mut idat = vec![0x78, 0x01, 0x01];
    idat.extend(length.to_le_bytes());
    idat.extend((!length).to_le_bytes());
    idat.extend(&rows);
    let (a, b) = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    idat.extend((b << 16 | a).to_be_bytes());

    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 0, 0, 0, 1]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", idat), (b"IEND", Vec::new())] {
        file.extend((data.len() as u32).to_be_bytes());
        let from = file.len();
        file.extend(name);
        file.extend(data);
        let crc = file[from..].iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| {
                (c >> 1) ^ (0xEDB8_8320 * (c & 1))
            })
        });
        file.extend((!crc).to_be_bytes());
    }
    file
}
