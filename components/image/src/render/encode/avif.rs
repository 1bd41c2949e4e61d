//! AVIF is not written yet.

use super::Metadata;
use crate::render::picture::Picture;
use crate::{Effort, ImageError};

/// Refuses.
///
/// # Errors
/// [`ImageError::BadOptions`].
pub(super) fn encode(
    _picture: &Picture,
    _metadata: Metadata<'_>,
    _quality: u8,
    _effort: Effort,
) -> Result<Vec<u8>, ImageError> {
    Err(ImageError::BadOptions("f=avif is not made here".into()))
}
