//! The picture of the origin as it is, where none can be made of it and the route wants it so.
//!
//! Not for what the address asks wrongly. Not where a watermark is asked for: nobody gets a picture
//! without its mark because a file is broken. Not for an SVG or anything else that is more than
//! pixels: the picture that was asked for could do nothing in a browser, and its stand-in cannot.

use lockgate_shell::picture::{about_the_original, coding, is_pixels, watermark};

use super::Refused;
use super::fetch::Fetched;
use super::path::Step;
use super::picture::refused;
use crate::image::ImageError;

/// Whether the source is to be sent where no picture can be made of it.
pub(super) fn is_wanted(step: &Step<'_>) -> bool {
    let wanted = |limits: &lockgate_shell::PictureLimits| limits.fallback_original;
    step.route.image.as_ref().is_some_and(wanted)
        && step.plan.image.is_some_and(|options| watermark(options).is_none())
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
