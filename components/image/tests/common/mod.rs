//! Pictures made in code, and a look at what came out.

#![allow(dead_code, reason = "each test file uses its own part")]

use image::codecs::bmp::BmpEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::tiff::TiffEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder as JpegEncoder};
use lockgate_image::{Limits, Options, OutputFormat, Rendered, transform};

/// Red, green, blue and yellow: top left, top right, bottom left, bottom right.
pub(crate) const QUARTERS: [[u8; 3]; 4] =
    [[220, 30, 30], [30, 200, 40], [40, 60, 210], [230, 220, 40]];

/// A picture of the four colours of [`QUARTERS`].
pub(crate) fn quarters(width: u32, height: u32) -> DynamicImage {
    let image = RgbaImage::from_fn(width, height, |x, y| {
        let quarter = usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2);
        let [r, g, b] = QUARTERS[quarter];
        Rgba([r, g, b, 255])
    });
    DynamicImage::from(image)
}

/// An EXIF block that says nothing but the orientation (EXIF 2.32, 4.6.4, tag 0x0112).
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0]);
    block
}

/// `image` without alpha as a JPEG of quality 95.
pub(crate) fn jpeg(image: &DynamicImage, exif: Option<&[u8]>, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes, 95);
    encoder.set_progressive(progressive);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif).unwrap();
    }
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder
        .encode(&image.to_rgb8(), width, height, ColorType::Rgb)
        .unwrap();
    bytes
}

/// `image` as a PNG.
pub(crate) fn png(image: &DynamicImage, exif: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
    }
    let colour = ExtendedColorType::from(image.color());
    encoder
        .write_image(image.as_bytes(), image.width(), image.height(), colour)
        .unwrap();
    bytes
}

/// `image` as a lossless WebP.
pub(crate) fn webp(image: &DynamicImage, exif: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
    }
    let colour = ExtendedColorType::from(image.color());
    encoder
        .write_image(image.as_bytes(), image.width(), image.height(), colour)
        .unwrap();
    bytes
}

/// `image` as a TIFF, uncompressed.
pub(crate) fn tiff(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes)
        .write_image(
            image.as_bytes(),
            image.width(),
            image.height(),
            ExtendedColorType::from(image.color()),
        )
        .unwrap();
    bytes.into_inner()
}

/// `image` as a BMP.
pub(crate) fn bmp(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let colour = ExtendedColorType::from(image.color());
    BmpEncoder::new(&mut bytes)
        .encode(image.as_bytes(), image.width(), image.height(), colour)
        .unwrap();
    bytes
}

/// Transform with the default limits.
pub(crate) fn make(source: &[u8], options: &Options) -> Rendered {
    transform(source, None, options, &Limits::default()).unwrap()
}

/// Any output as pixels, read by the `image` crate where it can, so that our decoders do not
/// judge our encoders; JPEG goes through `jpeg-decoder` directly.
pub(crate) fn pixels(rendered: &Rendered) -> RgbaImage {
    let image = match rendered.format {
        OutputFormat::Jpeg => {
            let mut decoder = jpeg_decoder::Decoder::new(rendered.bytes.as_slice());
            let pixels = decoder.decode().unwrap();
            let info = decoder.info().unwrap();
            let (width, height) = (u32::from(info.width), u32::from(info.height));
            match info.pixel_format {
                jpeg_decoder::PixelFormat::L8 => image::GrayImage::from_raw(width, height, pixels)
                    .unwrap()
                    .into(),
                _ => DynamicImage::from(image::RgbImage::from_raw(width, height, pixels).unwrap()),
            }
        }
        _ => image::load_from_memory(&rendered.bytes).unwrap(),
    };
    assert_eq!(
        (image.width(), image.height()),
        (rendered.width, rendered.height)
    );
    image.to_rgba8()
}

/// The colours in the middles of the four quarters.
pub(crate) fn middles(image: &RgbaImage) -> [[u8; 3]; 4] {
    let (w, h) = image.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| {
        let Rgba([r, g, b, _]) = *image.get_pixel(w * x / 4, h * y / 4);
        [r, g, b]
    })
}

/// Fail unless every channel is within `tolerance`.
pub(crate) fn assert_near(got: &[u8], expected: &[u8], tolerance: u8, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (a, b) in got.iter().zip(expected) {
        assert!(
            a.abs_diff(*b) <= tolerance,
            "{what}: {got:?} is not {expected:?}"
        );
    }
}
