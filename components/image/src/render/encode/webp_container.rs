//! The container of WebP (RFC 9649, section 2): what encoders make goes into it beside metadata
//! and other frames.

use crate::ImageError;

/// VP8X flags.
const ICC: u8 = 0x20;
const ALPHA: u8 = 0x10;
const EXIF: u8 = 0x08;
const ANIMATION: u8 = 0x02;

/// What stands beside the pixels; empty where there is none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Metadata<'a> {
    /// An ICC profile.
    pub(crate) icc: &'a [u8],
    /// An EXIF block, from its TIFF header on.
    pub(crate) exif: &'a [u8],
}

/// `bare`, a file of an encoder without metadata, with `metadata` in it. A file that needs none
/// stays as it is.
///
/// # Errors
/// [`ImageError::Internal`] for what is no WebP.
pub(crate) fn with_metadata(
    bare: Vec<u8>,
    size: (u32, u32),
    alpha: bool,
    metadata: Metadata<'_>,
) -> Result<Vec<u8>, ImageError> {
    if metadata.icc.is_empty() && metadata.exif.is_empty() {
        return Ok(bare);
    }
    let mut file = File::new(size, if alpha { ALPHA } else { 0 }, metadata)?;
    for (name, payload) in pixel_chunks(&bare)? {
        file.chunk(name, &[payload])?;
    }
    file.finish(metadata.exif)
}

/// An animation in the making.
pub(crate) struct Animation {
    file: File,
    exif: Vec<u8>,
}

impl Animation {
    /// Of frames on a canvas of `size`, played so often; 0: for ever.
    ///
    /// # Errors
    /// [`ImageError::Internal`] for sides that do not fit.
    pub(crate) fn new(
        size: (u32, u32),
        plays: u16,
        metadata: Metadata<'_>,
    ) -> Result<Self, ImageError> {
        let mut file = File::new(size, ANIMATION | ALPHA, metadata)?;
        // The background is a hint that viewers ignore: transparent.
        let [low, high] = plays.to_le_bytes();
        file.chunk(*b"ANIM", &[&[0, 0, 0, 0, low, high]])?;
        Ok(Self {
            file,
            exif: metadata.exif.to_vec(),
        })
    }

    /// A frame of `size` whose upper left corner is at `at` (even numbers), shown so long, from
    /// `bare`, a file of an encoder. It replaces what is below it.
    ///
    /// # Errors
    /// [`ImageError::Internal`].
    pub(crate) fn frame(
        &mut self,
        bare: &[u8],
        at: (u32, u32),
        size: (u32, u32),
        delay_ms: u32,
    ) -> Result<(), ImageError> {
        const DELAY_MAX: u32 = 0xFF_FFFF;
        let head = [
            le24(at.0 / 2)?,
            le24(at.1 / 2)?,
            le24(size.0.saturating_sub(1))?,
            le24(size.1.saturating_sub(1))?,
            le24(delay_ms.min(DELAY_MAX))?,
        ]
        .concat();
        // Do not blend, do not dispose.
        let mut parts: Vec<u8> = [head.as_slice(), &[0b10]].concat();
        for (name, payload) in pixel_chunks(bare)? {
            put_chunk(&mut parts, name, &[payload])?;
        }
        self.file.chunk(*b"ANMF", &[&parts])
    }

    /// The file.
    ///
    /// # Errors
    /// [`ImageError::Internal`].
    pub(crate) fn finish(self) -> Result<Vec<u8>, ImageError> {
        self.file.finish(&self.exif)
    }
}

struct File {
    bytes: Vec<u8>,
}

impl File {
    fn new(size: (u32, u32), flags: u8, metadata: Metadata<'_>) -> Result<Self, ImageError> {
        let mut file = Self {
            bytes: b"RIFF\0\0\0\0WEBP".to_vec(),
        };
        let icc = if metadata.icc.is_empty() { 0 } else { ICC };
        let exif = if metadata.exif.is_empty() { 0 } else { EXIF };
        let width = le24(size.0.saturating_sub(1))?;
        let height = le24(size.1.saturating_sub(1))?;
        file.chunk(*b"VP8X", &[&[flags | icc | exif, 0, 0, 0], &width, &height])?;
        if icc != 0 {
            file.chunk(*b"ICCP", &[metadata.icc])?;
        }
        Ok(file)
    }

    fn chunk(&mut self, name: [u8; 4], payload: &[&[u8]]) -> Result<(), ImageError> {
        put_chunk(&mut self.bytes, name, payload)
    }

    fn finish(mut self, exif: &[u8]) -> Result<Vec<u8>, ImageError> {
        if !exif.is_empty() {
            self.chunk(*b"EXIF", &[exif])?;
        }
        let length = u32::try_from(self.bytes.len().saturating_sub(8));
        let length = length.map_err(ImageError::internal)?.to_le_bytes();
        if let Some(place) = self.bytes.get_mut(4..8) {
            place.copy_from_slice(&length);
        }
        Ok(self.bytes)
    }
}

fn put_chunk(bytes: &mut Vec<u8>, name: [u8; 4], payload: &[&[u8]]) -> Result<(), ImageError> {
    let length: usize = payload.iter().map(|part| part.len()).sum();
    bytes.extend(name);
    bytes.extend(
        u32::try_from(length)
            .map_err(ImageError::internal)?
            .to_le_bytes(),
    );
    for part in payload {
        bytes.extend_from_slice(part);
    }
    if length % 2 == 1 {
        bytes.push(0);
    }
    Ok(())
}

fn le24(number: u32) -> Result<[u8; 3], ImageError> {
    match number.to_le_bytes() {
        [a, b, c, 0] => Ok([a, b, c]),
        _ => Err(ImageError::internal("a number over 24 bits in a WebP")),
    }
}

/// The name of a chunk and what it holds.
type Chunk<'a> = ([u8; 4], &'a [u8]);

/// The chunks that hold pixels: ALPH, VP8, VP8L.
fn pixel_chunks(file: &[u8]) -> Result<Vec<Chunk<'_>>, ImageError> {
    let broken = || ImageError::internal("the WebP encoder wrote no WebP");
    let mut rest = file.get(12..).ok_or_else(broken)?;
    let mut found = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, l0, l1, l2, l3] = *header;
        let name = [a, b, c, d];
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let (payload, next) = after.split_at_checked(length).ok_or_else(broken)?;
        if matches!(&name, b"ALPH" | b"VP8 " | b"VP8L") {
            found.push((name, payload));
        }
        rest = next.get(length % 2..).unwrap_or_default();
    }
    if found.is_empty() {
        return Err(broken());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare() -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut bytes);
        let pixels = [9, 8, 7].repeat(6);
        encoder
            .encode(&pixels, 3, 2, image_webp::ColorType::Rgb8)
            .unwrap();
        bytes
    }

    #[test]
    fn metadata_is_read_back_by_others() {
        let metadata = Metadata {
            icc: b"profile",
            exif: b"MM\0*odd",
        };
        let file = with_metadata(bare(), (3, 2), false, metadata).unwrap();
        let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(&file)).unwrap();
        assert_eq!(decoder.dimensions(), (3, 2));
        assert_eq!(decoder.icc_profile().unwrap().unwrap(), metadata.icc);
        assert_eq!(decoder.exif_metadata().unwrap().unwrap(), metadata.exif);
        let mut pixels = vec![0; 18];
        decoder.read_image(&mut pixels).unwrap();
        assert_eq!(pixels, [9, 8, 7].repeat(6));
        let same = with_metadata(bare(), (3, 2), false, Metadata::default()).unwrap();
        assert_eq!(same, bare());
    }

    #[test]
    fn an_animation_is_read_back_by_others() {
        let mut animation = Animation::new((5, 4), 3, Metadata::default()).unwrap();
        animation.frame(&bare(), (0, 0), (3, 2), 40).unwrap();
        animation.frame(&bare(), (2, 2), (3, 2), 70).unwrap();
        let file = animation.finish().unwrap();
        let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(&file)).unwrap();
        assert_eq!((decoder.dimensions(), decoder.num_frames()), ((5, 4), 2));
        assert_eq!(decoder.loop_duration(), 110);
        let mut screen = vec![0; 5 * 4 * 4];
        assert_eq!(decoder.read_frame(&mut screen).unwrap(), 40);
        assert_eq!(&screen[..4], [9, 8, 7, 255]);
        assert_eq!(&screen[5 * 4 * 4 - 4..], [0; 4]);
        assert_eq!(decoder.read_frame(&mut screen).unwrap(), 70);
        assert_eq!(&screen[5 * 4 * 4 - 4..], [9, 8, 7, 255]);
    }
}
