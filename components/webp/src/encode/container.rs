//! The file around a frame (RFC 9649, section 2).

use super::frame;
use super::planes::{Pixels, Planes};
use crate::WebpError;

/// What goes beside the frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// An ICC profile; empty without one.
    pub icc: &'a [u8],
    /// The payload of an `ALPH` chunk.
    pub alpha: Option<&'a [u8]>,
}

/// Encodes `width` x `height` pixels, rows from the top without padding, as a lossy WebP of
/// `quality` 1 to 100. Qualities mean what they mean to libwebp.
///
/// # Errors
/// [`WebpError::BadPicture`] for sides that are not within 1 to 16,383, and for other pixels than
/// the size says, and where modes do not fit.
pub fn encode_webp(
    pixels: Pixels<'_>,
    width: usize,
    height: usize,
    quality: u8,
    extra: Extra<'_>,
) -> Result<Vec<u8>, WebpError> {
    let planes = Planes::new(pixels, width, height)?;
    let frame = frame::encode(&planes, quality)?;
    let simple = extra.icc.is_empty() && extra.alpha.is_none();
    let mut body = b"WEBP".to_vec();
    body.reserve(frame.len() + extra.icc.len() + extra.alpha.map_or(0, <[u8]>::len) + 64);
    if !simple {
        let flags = (u8::from(!extra.icc.is_empty()) << 5) | (u8::from(extra.alpha.is_some()) << 4);
        let mut canvas = vec![flags, 0, 0, 0];
        for side in [width, height] {
            let less_1 = u32::try_from(side - 1).unwrap_or(u32::MAX).to_le_bytes();
            canvas.extend(less_1.into_iter().take(3));
        }
        push_chunk(&mut body, b"VP8X", &canvas);
        if !extra.icc.is_empty() {
            push_chunk(&mut body, b"ICCP", extra.icc);
        }
        if let Some(alpha) = extra.alpha {
            push_chunk(&mut body, b"ALPH", alpha);
        }
    }
    push_chunk(&mut body, b"VP8 ", &frame);
    let size =
        u32::try_from(body.len()).map_err(|_| WebpError::BadPicture("over four gigabytes"))?;
    let mut file = b"RIFF".to_vec();
    file.reserve(body.len() + 4);
    file.extend_from_slice(&size.to_le_bytes());
    file.append(&mut body);
    Ok(file)
}

fn push_chunk(body: &mut Vec<u8>, name: &[u8; 4], payload: &[u8]) {
    body.extend_from_slice(name);
    body.extend_from_slice(
        &u32::try_from(payload.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes(),
    );
    body.extend_from_slice(payload);
    if !payload.len().is_multiple_of(2) {
        body.push(0);
    }
}
