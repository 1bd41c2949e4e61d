//! The frames of a GIF as they are shown, one at a time.
//!
//! Memory: the screen in RGBA, one frame in palette indices, and the screen once more where a
//! frame asks to be undone.

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit};

use super::gif_blocks::{self, Blocks};
use crate::{ImageError, Limits};

/// Decodes frame by frame onto a screen.
pub(crate) struct GifFrames<'a> {
    decoder: Decoder<&'a [u8]>,
    screen: Vec<u8>,
    width: usize,
    undo: Undo,
    left: u32,
}

/// What becomes of a frame before the next one is drawn.
enum Undo {
    Keep,
    /// Cleared: left, top, width, height.
    Clear([usize; 4]),
    /// The screen as it was before.
    Restore(Vec<u8>),
}

impl<'a> GifFrames<'a> {
    /// Open a GIF whose blocks have been read.
    ///
    /// # Errors
    /// [`ImageError::Corrupt`].
    pub(crate) fn open(
        source: &'a [u8],
        blocks: &Blocks,
        limits: &Limits,
    ) -> Result<Self, ImageError> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        options.allow_unknown_blocks(true);
        let most = std::num::NonZeroU64::new(limits.pixels_max.max(1));
        if let Some(most) = most {
            options.set_memory_limit(MemoryLimit::Bytes(most));
        }
        let decoder = options.read_info(source).map_err(from_decoder)?;
        let (width, height) = (blocks.size.0 as usize, blocks.size.1 as usize);
        Ok(Self {
            decoder,
            screen: vec![0; width * height * 4],
            width,
            undo: Undo::Keep,
            left: blocks.frames,
        })
    }

    /// Draw the next frame; how long it is shown, in milliseconds. `None` behind the last.
    ///
    /// # Errors
    /// [`ImageError::Truncated`], [`ImageError::Corrupt`].
    pub(crate) fn advance(&mut self) -> Result<Option<u32>, ImageError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        match std::mem::replace(&mut self.undo, Undo::Keep) {
            Undo::Keep => {}
            Undo::Clear(place) => self.clear(place),
            Undo::Restore(screen) => self.screen = screen,
        }
        if self
            .decoder
            .read_next_frame()
            .map_err(from_decoder)?
            .is_none()
        {
            return Err(ImageError::corrupt("fewer frames than blocks"));
        }
        let Some(frame) = self.decoder.current_frame_info() else {
            return Err(ImageError::internal("a frame that is gone"));
        };
        let place = [frame.left, frame.top, frame.width, frame.height].map(usize::from);
        match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => {}
            DisposalMethod::Background => self.undo = Undo::Clear(place),
            DisposalMethod::Previous => self.undo = Undo::Restore(self.screen.clone()),
        }
        let palette = match &frame.palette {
            Some(local) => local.as_slice(),
            None => self.decoder.global_palette().unwrap_or_default(),
        };
        let (colours, _) = palette.as_chunks::<3>();
        draw(
            &mut self.screen,
            self.width,
            place,
            &frame.buffer,
            |index| {
                if Some(index) == frame.transparent {
                    return None;
                }
                colours.get(usize::from(index)).copied()
            },
        );
        let delay = u32::from(frame.delay) * 10;
        Ok(Some(delay))
    }

    /// The screen after [`Self::advance`]: RGBA, straight alpha.
    pub(crate) fn screen(&self) -> &[u8] {
        &self.screen
    }

    fn clear(&mut self, [left, top, width, height]: [usize; 4]) {
        for row in self
            .screen
            .chunks_exact_mut(self.width * 4)
            .skip(top)
            .take(height)
        {
            let end = (left + width).min(self.width) * 4;
            if let Some(part) = row.get_mut(left * 4..end) {
                part.fill(0);
            }
        }
    }
}

/// Draws `indices` at `place`, cut off at the edges of the screen.
fn draw(
    screen: &mut [u8],
    screen_width: usize,
    [left, top, width, height]: [usize; 4],
    indices: &[u8],
    colour: impl Fn(u8) -> Option<[u8; 3]>,
) {
    let rows = screen
        .chunks_exact_mut(screen_width * 4)
        .skip(top)
        .take(height);
    for (row, indices) in rows.zip(indices.chunks_exact(width.max(1))) {
        let (pixels, _) = row.as_chunks_mut::<4>();
        for (pixel, index) in pixels.iter_mut().skip(left).zip(indices) {
            if let Some([red, green, blue]) = colour(*index) {
                *pixel = [red, green, blue, 255];
            }
        }
    }
}

/// The blocks of a GIF for decoding: a truncated one only where `limits` keep it.
///
/// # Errors
/// As [`gif_blocks::read`]; [`ImageError::Truncated`], [`ImageError::Corrupt`] without a frame.
pub(crate) fn blocks(source: &[u8], limits: &Limits) -> Result<Blocks, ImageError> {
    let blocks = gif_blocks::read(source, limits)?;
    if blocks.truncated && (!limits.keep_truncated || blocks.frames == 0) {
        return Err(ImageError::Truncated);
    }
    if blocks.frames == 0 {
        return Err(ImageError::corrupt("a GIF without a frame"));
    }
    Ok(blocks)
}

fn from_decoder(error: DecodingError) -> ImageError {
    match error {
        DecodingError::Io(error) => ImageError::from_io(&error),
        other => ImageError::corrupt(other),
    }
}
