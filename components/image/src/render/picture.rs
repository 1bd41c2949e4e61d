//! Pixels on their way from step to step.

use crate::{ImageError, Model};

/// A picture in memory: rows from the top, no padding.
pub(super) struct Picture {
    pub(super) model: Model,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Vec<u8>,
}

impl Picture {
    /// The same size, other pixels.
    pub(super) fn with(self, model: Model, pixels: Vec<u8>) -> Self {
        Self {
            model,
            pixels,
            ..self
        }
    }

    /// Bytes of a row; never 0.
    pub(super) fn row_bytes(&self) -> usize {
        (self.width as usize * self.model.channels()).max(1)
    }

    /// Every colour through `table`; alpha stays.
    pub(super) fn map(mut self, table: &[u8; 256]) -> Self {
        let channels = self.model.channels();
        let colours = channels - usize::from(self.model.has_alpha());
        for pixel in self.pixels.chunks_exact_mut(channels) {
            for channel in pixel.iter_mut().take(colours) {
                *channel = table.get(usize::from(*channel)).copied().unwrap_or(0);
            }
        }
        self
    }

    /// Colours times alpha, so that filters do not mix in what is hidden.
    pub(super) fn premultiply(&mut self) {
        if !self.model.has_alpha() {
            return;
        }
        for pixel in self.pixels.chunks_exact_mut(self.model.channels()) {
            if let Some((alpha, colours)) = pixel.split_last_mut() {
                for colour in colours {
                    *colour = over(*colour, 0, *alpha);
                }
            }
        }
    }

    /// Takes back [`Self::premultiply`].
    #[allow(clippy::cast_possible_truncation, reason = "clamped to a byte")]
    pub(super) fn divide_by_alpha(&mut self) {
        if !self.model.has_alpha() {
            return;
        }
        for pixel in self.pixels.chunks_exact_mut(self.model.channels()) {
            if let Some((alpha, colours)) = pixel.split_last_mut() {
                let alpha = u32::from(*alpha);
                for colour in colours {
                    let full = (u32::from(*colour) * 255 + alpha / 2) / alpha.max(1);
                    *colour = full.min(255) as u8;
                }
            }
        }
    }

    /// Pixel by pixel as RGBA.
    ///
    /// # Errors
    /// [`ImageError::Internal`] for a model that is not of grey or RGB.
    pub(super) fn rgba(&self) -> Result<impl Iterator<Item = [u8; 4]> + Clone, ImageError> {
        let model = self.model;
        if matches!(model, Model::YCbCr | Model::Cmyk) {
            return Err(ImageError::internal("colours that are not RGB"));
        }
        let pixels = self.pixels.chunks_exact(model.channels());
        Ok(pixels.map(|pixel| match *pixel {
            [grey] => [grey, grey, grey, 255],
            [grey, alpha] => [grey, grey, grey, alpha],
            [red, green, blue] => [red, green, blue, 255],
            [red, green, blue, alpha] => [red, green, blue, alpha],
            _ => [0; 4],
        }))
    }
}

/// `above` with `alpha` over an opaque `below` (Porter-Duff).
#[allow(clippy::cast_possible_truncation, reason = "a mean of two bytes")]
pub(super) fn over(above: u8, below: u8, alpha: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(above) * alpha + u32::from(below) * (255 - alpha) + 127) / 255) as u8
}
