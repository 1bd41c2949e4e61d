//! Pixels on their way from step to step.

use crate::Model;

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
}
