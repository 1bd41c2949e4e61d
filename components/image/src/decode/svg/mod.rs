//! SVG, drawn by resvg. An SVG has no pixels, so its intermediate is the file itself, and it is
//! drawn at the size that an output needs: it stays sharp however large that is.
//!
//! Nothing outside of the file is read: pictures in it, by address or embedded, are left out, and
//! so is text, because there is no font. Scripts and animations are not run; they have no place
//! in resvg. What would take too much work is refused before it is drawn ([`check`], [`cost`]).

mod check;
mod cost;

use image::metadata::Orientation;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Error, ImageHrefResolver, Options, Tree};

use crate::intermediate::{Content, File};
use crate::{Bucket, Format, ImageError, Info, Intermediate, Limits, Model, Raster};

/// The size that an SVG asks for.
///
/// # Errors
/// [`ImageError`], as [`crate::probe`].
pub(crate) fn probe(source: &[u8], limits: &Limits) -> Result<Info, ImageError> {
    let size = size(&open(source)?);
    limits.check_size(size.0, size.1)?;
    Ok(Info::new(
        Format::Svg,
        size,
        Orientation::NoTransforms,
        true,
    ))
}

/// The file, checked.
///
/// # Errors
/// [`ImageError`], as [`crate::decode_scaled`].
pub(crate) fn keep(source: &[u8], limits: &Limits) -> Result<Intermediate, ImageError> {
    let size = size(&open(source)?);
    limits.check_size(size.0, size.1)?;
    Ok(Intermediate {
        source_bytes: source.len() as u64,
        frames: 1,
        has_alpha: true,
        content: Content::File(File {
            format: Format::Svg,
            orientation: Orientation::NoTransforms,
            size,
            icc: Vec::new(),
            rights: Vec::new(),
            bytes: source.to_vec(),
        }),
    })
}

/// Draw `source` at `size`, pixels; proportions follow from it.
///
/// # Errors
/// [`ImageError::UnsupportedFormat`] for one that takes too much work, [`ImageError::Corrupt`].
pub(crate) fn draw(source: &[u8], size: (u32, u32), limits: &Limits) -> Result<Raster, ImageError> {
    let tree = open(source)?;
    let natural = self::size(&tree);
    limits.check_size(natural.0, natural.1)?;
    limits.check_size(size.0, size.1)?;
    #[allow(clippy::cast_precision_loss, reason = "sides within the limits")]
    let scale = (
        size.0 as f32 / tree.size().width(),
        size.1 as f32 / tree.size().height(),
    );
    cost::check(&tree, size, scale)?;
    let mut pixmap =
        Pixmap::new(size.0, size.1).ok_or_else(|| ImageError::internal("no room to draw"))?;
    let transform = Transform::from_scale(scale.0, scale.1);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    Ok(Raster {
        model: Model::Rgba,
        orientation: Orientation::NoTransforms,
        format: Format::Svg,
        bucket: Bucket::Full,
        source_size: size,
        icc: Vec::new(),
        rights: Vec::new(),
        pixels: pixmap.take_demultiplied(),
    })
}

/// The size in whole pixels, rounded up.
fn size(tree: &Tree) -> (u32, u32) {
    let size = tree.size().to_int_size();
    (size.width(), size.height())
}

fn open(source: &[u8]) -> Result<Tree, ImageError> {
    let text = std::str::from_utf8(source)
        .map_err(|_| ImageError::UnsupportedFormat("an SVG that is not in UTF-8".into()))?;
    let text = text.trim_start_matches('\u{FEFF}');
    let document = check::parse(text)?;
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    Tree::from_xmltree(&document, &options).map_err(from_reader)
}

fn from_reader(error: Error) -> ImageError {
    match error {
        Error::ElementsLimitReached => {
            ImageError::UnsupportedFormat("an SVG of too many elements".into())
        }
        other => ImageError::corrupt(other),
    }
}

/// Whether `source` begins as an SVG does: a declaration, comments and a document type may stand
/// before the root.
pub(crate) fn sniff(source: &[u8]) -> bool {
    const LOOK_BYTES: usize = 4096;
    let mut rest = source.get(..LOOK_BYTES).unwrap_or(source);
    rest = rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest);
    loop {
        rest = rest.trim_ascii_start();
        let end: &[u8] = if rest.starts_with(b"<?") {
            b"?>"
        } else if rest.starts_with(b"<!--") {
            b"-->"
        } else if rest.starts_with(b"<!DOCTYPE") {
            b">"
        } else {
            break;
        };
        let Some(at) = rest.windows(end.len()).position(|window| window == end) else {
            return false;
        };
        rest = rest.get(at + end.len()..).unwrap_or_default();
    }
    match rest.strip_prefix(b"<svg") {
        Some([next, ..]) => next.is_ascii_whitespace() || matches!(next, b'>' | b'/'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_svg_is_known_by_its_root() {
        for good in [
            "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "\u{FEFF}<?xml version='1.0'?>\n<!-- <html> -->\n<!DOCTYPE svg PUBLIC 'a' 'b'>\n<svg >",
            "<svg\n>",
        ] {
            assert!(sniff(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "<html><svg></svg></html>",
            "<svgx/>",
            "<!-- <svg>",
            "svg",
            "<svg",
        ] {
            assert!(!sniff(bad.as_bytes()), "{bad}");
        }
    }
}
