//! Small pictures of every kind, made in code.

use std::borrow::Cow;

use image::{DynamicImage, GrayAlphaImage, ImageBuffer, Rgb, RgbImage, RgbaImage};
use jpeg_encoder::{ColorType, Encoder as JpegEncoder, SamplingFactor};

use super::common::{self, exif, make, png, tiff, webp};
use lockgate_image::{Options, OutputFormat};

/// A file by its name.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) size: (u32, u32),
}

/// Everything that operations are tried on.
pub(crate) fn all() -> Vec<Source> {
    let mut all = Vec::new();
    let mut add = |name, size, bytes| all.push(Source { name, bytes, size });
    let colour = scene(240, 160);
    add("colour.png", (240, 160), png(&colour.clone().into(), None));
    add("odd.png", (97, 61), png(&scene(97, 61).into(), None));
    add("alpha.png", (160, 120), png(&leaf(160, 120).into(), None));
    add("alpha.webp", (101, 77), webp(&leaf(101, 77).into(), None));
    let grey = DynamicImage::from(scene(130, 90)).to_luma8();
    add("grey.png", (130, 90), png(&grey.clone().into(), None));
    let veil = GrayAlphaImage::from_fn(90, 60, |x, y| {
        let [value] = grey.get_pixel(x, y).0;
        image::LumaA([value, (x * 255 / 89) as u8])
    });
    add("grey-alpha.png", (90, 60), png(&veil.into(), None));
    add("deep.png", (120, 80), png(&deep(120, 80), None));
    add("palette.png", (64, 48), palette(64, 48));
    add("photo.jpg", (240, 160), jpeg(&colour, ColorType::Rgb, None));
    add(
        "odd.jpg",
        (97, 61),
        jpeg(&scene(97, 61), ColorType::Rgb, None),
    );
    add("cmyk.jpg", (96, 64), cmyk(&scene(96, 64)));
    for (name, orientation) in [
        ("turned-3.jpg", 3),
        ("turned-6.jpg", 6),
        ("turned-7.jpg", 7),
    ] {
        let size = if orientation > 4 { (60, 90) } else { (90, 60) };
        let block = exif(orientation);
        let file = jpeg(&scene(90, 60), ColorType::Rgb, Some(&block));
        add(name, size, file);
    }
    add("column.png", (1, 40), png(&scene(1, 40).into(), None));
    add("row.png", (40, 1), png(&scene(40, 1).into(), None));
    all
}

/// The formats that are read besides, and JPEG and WebP with less of colour, where decoders have a
/// choice. Not BMP, which Sharp does not read.
pub(crate) fn formats() -> Vec<Source> {
    let colour = DynamicImage::from(scene(240, 160));
    let colour_png = png(&colour, None);
    let written = |format, quality: &str| {
        let mut options = Options::parse(quality).unwrap();
        options.format = Some(format);
        make(&colour_png, &options).bytes
    };
    let files = [
        ("half.jpg", common::jpeg(&colour, None, false)),
        ("half-progressive.jpg", common::jpeg(&colour, None, true)),
        ("lossy.webp", written(OutputFormat::Webp, "q=90")),
        ("photo.avif", written(OutputFormat::Avif, "q=80")),
        ("still.gif", written(OutputFormat::Gif, "")),
        ("eight.tiff", tiff(&colour)),
        ("sixteen.tiff", tiff(&deep(240, 160))),
    ];
    let source = |(name, bytes)| Source {
        name,
        bytes,
        size: (240, 160),
    };
    files.map(source).into()
}

/// Shapes, straight and round, a gradient, and what shines through.
pub(crate) fn drawing() -> Source {
    let bytes = br##"<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80">
        <defs><linearGradient id="g"><stop stop-color="#06c"/><stop offset="1" stop-color="#fc3"/>
        </linearGradient></defs>
        <rect x="4" y="4" width="70" height="50" rx="6" fill="url(#g)"/>
        <circle cx="80" cy="45" r="26" fill="#c22" fill-opacity=".6"/>
        <path d="M10 70 Q40 20 110 74" fill="none" stroke="#222" stroke-width="3"/></svg>"##;
    Source {
        name: "drawing.svg",
        bytes: bytes.to_vec(),
        size: (120, 80),
    }
}

/// The picture that is laid over others.
pub(crate) fn mark() -> Vec<u8> {
    png(&leaf(48, 32).into(), None)
}

/// A picture with a border of one colour, for `trim`.
pub(crate) fn bordered() -> Vec<u8> {
    let inner = scene(80, 50);
    let image = RgbImage::from_fn(120, 90, |x, y| {
        let inside = (20..100).contains(&x) && (15..65).contains(&y);
        if inside {
            *inner.get_pixel(x - 20, y - 15)
        } else {
            Rgb([250, 250, 245])
        }
    });
    png(&image.into(), None)
}

/// Sky, a hill, a sun, a fence: smooth parts, edges, strong colours and fine lines.
pub(crate) fn scene(width: u32, height: u32) -> RgbImage {
    let mut seed = 7_u32;
    RgbImage::from_fn(width, height, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (seed >> 29) as i32;
        let (fx, fy) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        let hill = 0.55 + 0.15 * (fx * 7.0).sin();
        let sun = (fx - 0.75).powi(2) + (fy - 0.25).powi(2) < 0.012;
        let fence = fy > 0.7 && fx < 0.4 && (x * 30 / width).is_multiple_of(3);
        let [r, g, b] = if sun {
            [250.0, 210.0, 60.0]
        } else if fence {
            [240.0, 235.0, 225.0]
        } else if fy < hill {
            [90.0 + 80.0 * fy, 140.0 + 90.0 * fy, 230.0 - 30.0 * fx]
        } else {
            [40.0 + 90.0 * fx, 130.0 - 60.0 * fy, 35.0 + 20.0 * fy]
        };
        Rgb([r, g, b].map(|v: f64| (v as i32 + noise - 3).clamp(0, 255) as u8))
    })
}

/// A soft-edged leaf on nothing, with a loud colour hidden where nothing is seen.
fn leaf(width: u32, height: u32) -> RgbaImage {
    let picture = scene(width, height);
    RgbaImage::from_fn(width, height, |x, y| {
        let (fx, fy) = (
            f64::from(x) / f64::from(width) - 0.5,
            f64::from(y) / f64::from(height) - 0.5,
        );
        let inside = (1.0 - (fx * fx + fy * fy).sqrt() / 0.45) * 6.0;
        let alpha = (inside.clamp(0.0, 1.0) * 255.0) as u8;
        let [r, g, b] = if alpha == 0 {
            [255, 0, 255]
        } else {
            picture.get_pixel(x, y).0
        };
        image::Rgba([r, g, b, alpha])
    })
}

fn deep(width: u32, height: u32) -> DynamicImage {
    let deep = ImageBuffer::<Rgb<u16>, _>::from_fn(width, height, |x, y| {
        let (fx, fy) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        Rgb([fx, fy, 1.0 - fx * fy].map(|v| (v * 65_535.0) as u16))
    });
    DynamicImage::ImageRgb16(deep)
}

fn palette(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, width, height);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_depth(::png::BitDepth::Eight);
    let colours: Vec<u8> = (0..=255_u8)
        .flat_map(|i| [i, 255 - i, i.wrapping_mul(3)])
        .collect();
    encoder.set_palette(Cow::Owned(colours));
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..width * height)
        .map(|i| ((i % width) * 3 + (i / width)) as u8)
        .collect();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    file
}

/// A JPEG of full chroma, so that the decoders have nothing to disagree about but rounding.
fn jpeg(image: &RgbImage, colour: ColorType, exif: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes, 95);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif).unwrap();
    }
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image, width, height, colour).unwrap();
    bytes
}

fn cmyk(image: &RgbImage) -> Vec<u8> {
    let inks: Vec<u8> = image
        .pixels()
        .flat_map(|Rgb([r, g, b])| [255 - r, 255 - g, 255 - b, 0])
        .collect();
    let mut bytes = Vec::new();
    let (width, height) = (image.width() as u16, image.height() as u16);
    let mut encoder = JpegEncoder::new(&mut bytes, 95);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder
        .encode(&inks, width, height, ColorType::Cmyk)
        .unwrap();
    bytes
}
