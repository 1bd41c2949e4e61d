//! Pictures of a few colours, in every format that is read.

use super::Seed;
use image::codecs::gif::GifEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{
    DynamicImage, ExtendedColorType, Frame, ImageEncoder, ImageFormat, Rgba, RgbaImage,
};
use jpeg_encoder::{ColorType, Encoder as JpegEncoder};
use lockgate_image::{Bucket, Limits, decode_scaled};

const AVIF: &[u8] = include_bytes!("../../../components/image/tests/fixtures/colours.avif");
const ALPHA_AVIF: &[u8] = include_bytes!("../../../components/image/tests/fixtures/alpha.avif");
const P3: &[u8] = include_bytes!("../../../components/image/tests/fixtures/p3.jpg");

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'><defs>\
<linearGradient id='a'><stop stop-color='red'/><stop offset='1' stop-opacity='.5'/>\
</linearGradient><filter id='f'><feGaussianBlur stdDeviation='2'/><feMerge><feMergeNode \
in='SourceGraphic'/></feMerge></filter><mask id='m'><circle r='20'/></mask></defs>\
<g filter='url(#f)' mask='url(#m)'><path d='M1 2C3 4 5 6 7 8zA9 9 0 1 0 20 20' fill='url(#a)' \
stroke='#123' stroke-dasharray='1 2'/></g></svg>";

const STYLED: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><style>.a>b{fill:\
red}#p{marker:url(#m)}</style><marker id='m'><rect width='2' height='2'/></marker><pattern id='t' \
width='.1' height='.1'><use href='#p'/></pattern><polyline id='p' points='1 1 5 5 9 1'/><g \
clip-path='circle(4)' transform='rotate(30)' fill='url(#t)'><ellipse rx='3' ry='4'/></g></svg>";

/// Every one of them, each behind six bytes of options.
pub(crate) fn all() -> Vec<Seed> {
    let picture = |width, height, alpha| {
        DynamicImage::from(RgbaImage::from_fn(width, height, |x, y| {
            let (right, low) = (x >= width / 2, y >= height / 2);
            Rgba([
                if right { 220 } else { 30 },
                if low { 200 } else { 40 },
                90,
                if right { alpha } else { 255 },
            ])
        }))
    };
    let opaque = DynamicImage::from(picture(24, 17, 255).to_rgb8());
    let clear = picture(16, 9, 60);
    let grey = DynamicImage::from(opaque.to_luma8());
    let webp = lossless(&clear);
    let kept = decode_scaled(&webp, Bucket::Half, &Limits::default()).expect("a picture");
    let lossy = zen(&opaque);
    let scaled = [
        ("baseline", 2, jpeg(&opaque, false)),
        ("progressive", 5, jpeg(&opaque, true)),
        ("grey", 0, jpeg(&grey, false)),
    ]
    .map(|(name, look, file)| Seed::new("jpeg", name, [&[look], &file[..]].concat()));
    [
        ("baseline", [0, 8, 8, 70, 0, 0], jpeg(&opaque, false)),
        ("progressive", [4, 10, 0, 70, 1, 0], jpeg(&opaque, true)),
        ("grey-jpeg", [1, 20, 9, 95, 10, 9], jpeg(&grey, false)),
        ("png", [2, 7, 9, 50, 2, 0], png(&opaque)),
        ("alpha-png", [1, 12, 12, 50, 4, 77], png(&clear)),
        ("grey-png", [3, 12, 12, 50, 9, 0], png(&grey)),
        ("lossless-webp", [4, 0, 0, 80, 0, 0], webp),
        ("lossy-webp", [4, 9, 9, 80, 1, 0], lossy),
        ("intermediate", [0; 6], kept.to_bytes()),
        ("gif", [4, 9, 9, 80, 1, 0], gif(&[&opaque])),
        ("animated-gif", [4, 9, 9, 80, 3, 0], gif(&[&opaque, &clear, &opaque])),
        ("gif-to-webp", [4, 7, 9, 80, 2, 0], gif(&[&clear, &opaque])),
        ("tiff", [4, 9, 9, 80, 1, 0], written(&opaque, ImageFormat::Tiff)),
        ("bmp", [4, 9, 9, 80, 1, 0], written(&opaque, ImageFormat::Bmp)),
        ("svg", [0, 9, 30, 80, 1, 0], SVG.into()),
        ("svg-style", [4, 9, 0, 80, 2, 0], STYLED.into()),
        ("avif", [4, 9, 9, 80, 1, 0], AVIF.into()),
        ("alpha-avif", [4, 9, 9, 80, 1, 0], ALPHA_AVIF.into()),
        ("display-p3", [4, 9, 9, 80, 1, 0], P3.into()),
    ]
    .map(|(name, options, file)| Seed::new("image", name, [&options[..], &file].concat()))
    .into_iter()
    .chain(scaled)
    .collect()
}

/// An EXIF block that says that the picture lies on its side (EXIF 2.32, tag 0x0112).
fn exif() -> Vec<u8> {
    b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec()
}

/// An animation of these frames.
fn gif(frames: &[&DynamicImage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for frame in frames {
        let frame = Frame::new(frame.to_rgba8());
        encoder.encode_frame(frame).expect("a frame");
    }
    drop(encoder);
    bytes
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

fn jpeg(picture: &DynamicImage, progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes, 60);
    encoder.set_progressive(progressive);
    if progressive {
        encoder.add_exif_metadata(&exif()).expect("short");
    }
    let colour = match picture {
        DynamicImage::ImageLuma8(_) => ColorType::Luma,
        _ => ColorType::Rgb,
    };
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    let encoded = encoder.encode(picture.as_bytes(), width, height, colour);
    encoded.expect("a picture");
    bytes
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif()).expect("short");
    write(encoder, picture);
    bytes
}

fn lossless(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut bytes);
    encoder.set_exif_metadata(exif()).expect("short");
    write(encoder, picture);
    bytes
}

/// Lossy WebP, by our own encoder.
fn zen(picture: &DynamicImage) -> Vec<u8> {
    let options = lockgate_image::Options::new(lockgate_image::OutputFormat::Webp);
    let made = lockgate_image::transform(&png(picture), None, &options, &Limits::default());
    made.expect("a picture").bytes
}

fn write(encoder: impl ImageEncoder, picture: &DynamicImage) {
    let colour = ExtendedColorType::from(picture.color());
    let (width, height) = (picture.width(), picture.height());
    let written = encoder.write_image(picture.as_bytes(), width, height, colour);
    written.expect("a picture");
}
