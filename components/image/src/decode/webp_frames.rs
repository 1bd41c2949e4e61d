//! The frames of an animated WebP as they are shown, one at a time.
//!
//! Memory: the canvas in RGBA inside the decoder, the frame that it is composed from, and the
//! canvas as it is handed out.

use image_webp::LoopCount;

use super::webp::{self, SliceDecoder, from_decoder};
use crate::{ImageError, Limits, Model};

/// Decodes frame by frame.
pub(crate) struct WebpFrames<'a> {
    decoder: SliceDecoder<'a>,
    screen: Vec<u8>,
    left: u32,
}

impl<'a> WebpFrames<'a> {
    /// Open an animated WebP; `None` for one that is not.
    ///
    /// # Errors
    /// As those of the walk through the chunks, and [`ImageError::Corrupt`].
    pub(crate) fn open(source: &'a [u8], limits: &Limits) -> Result<Option<Self>, ImageError> {
        let mut decoder = webp::open(source, limits)?;
        if !decoder.is_animated() {
            return Ok(None);
        }
        decoder.set_background_color([0; 4]).map_err(from_decoder)?;
        let bytes = decoder.output_buffer_size();
        let bytes = bytes.ok_or_else(|| ImageError::internal("size"))?;
        let left = decoder.num_frames();
        Ok(Some(Self {
            decoder,
            screen: vec![0; bytes],
            left,
        }))
    }

    /// How many frames there are.
    pub(crate) fn count(&self) -> u32 {
        self.decoder.num_frames()
    }

    /// Width and height of the canvas, pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.decoder.dimensions()
    }

    /// How often it is played; 0: for ever.
    pub(crate) fn plays(&self) -> u16 {
        match self.decoder.loop_count() {
            LoopCount::Forever => 0,
            LoopCount::Times(times) => times.get(),
        }
    }

    /// What the bytes of [`Self::screen`] mean.
    pub(crate) fn model(&self) -> Model {
        webp::model(&self.decoder)
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
        let delay = self.decoder.read_frame(&mut self.screen);
        delay.map(Some).map_err(from_decoder)
    }

    /// The canvas after [`Self::advance`].
    pub(crate) fn screen(&self) -> &[u8] {
        &self.screen
    }
}
