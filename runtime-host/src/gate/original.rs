//! The picture of the origin as it is, where none can be made of it and the route wants it so.
//!
//! Not for what the address asks wrongly. Not where a watermark is asked for: nobody gets a picture
//! without its mark because a file is broken. Not for a description (`f=json`). Not for an SVG or anything else that is more than
//! pixels: the picture that was asked for could do nothing in a browser, and its stand-in cannot.

use lockgate_shell::picture::{about_the_original, coding, is_pixels, media_type, watermark};

use super::Refused;
use super::fetch::Fetched;
use super::path::Step;
use super::picture::refused;
use crate::image::ImageError;

/// Whether the source is to be sent where no picture can be made of it.
pub(super) fn is_wanted(step: &Step<'_>) -> bool {
    let limits = step.route.image.as_ref();
    let Some(options) = step.plan.image else {
        return false;
    };
    limits.is_some_and(|limits| limits.fallback_original)
        && watermark(options).is_none()
        && media_type(options, false) != Some("application/json")
}

/// Sends it.
pub(super) fn send(
    step: &mut Step<'_>,
    fetched: &mut Fetched,
    error: ImageError,
) -> Result<(), Refused> {
    let client_is_wrong = matches!(error, ImageError::OptionsInvalid(_));
    let headers = &mut fetched.headers;
    if client_is_wrong || !is_wanted(step) || !is_pixels(headers) || coding(headers).is_some() {
        return Err(refused(error));
    }
    let what = about_the_original(headers, error.reason());
    step.pending.image = Some(what.into());
    step.pending.cause = Some(error.cause());
    Ok(())
}
