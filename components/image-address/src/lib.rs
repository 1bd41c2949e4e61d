//! Addresses of pictures: what they ask for, whether they may, and their signatures.
//!
//! [`choose`] reads one request on a route with an `image` table, by the route's [`ImageRoute`]:
//!
//! 1. the **form** of the address gives an [`Asked`]: options by name, and where the source is
//!    ([`plain`]: query and path; [`dialect`]: the addresses of other image services);
//! 2. **signatures** are checked on the way, over what was written ([`sign`]);
//! 3. the **rules** of the route say whether that may be asked for ([`rules`]), and make canonical
//!    options of it, as `lockgate-image-options` writes them.
//!
//! Nothing here reads a clock, and nothing is fetched: a source is a path on the route's origin.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

mod asked;
pub mod dialect;
pub mod plain;
mod route;
pub mod rules;
pub mod sign;
mod source;

pub use asked::Asked;
pub use route::{Allow, Choice, Form, ImageRoute, Preset, Signed, Source};
pub use source::Place;

use lockgate_image_options::OptionError;

/// What is looked at of a request. Methods other than GET and HEAD have no picture, but for POST
/// where the request brings it along.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The path as the client wrote it, in origin form; the signatures of other services are made
    /// over it. Anything that begins with `/`.
    pub raw_path: &'a str,
    /// The canonical path.
    pub path: &'a str,
    /// The canonical query, without `?`.
    pub query: Option<&'a str>,
    /// The clock, seconds since the Unix epoch.
    pub now_s: u64,
    /// The client names WebP with a quality above 0.
    pub takes_webp: bool,
    /// The client names AVIF with a quality above 0.
    pub takes_avif: bool,
    /// The largest side of an output, pixels.
    pub dimension_max: u32,
}

/// The secrets of a route, in the order of [`ImageRoute::keys`] and [`ImageRoute::salts`].
#[derive(Clone, Copy, Default)]
pub struct Keys<'k> {
    /// What signatures are made with.
    pub keys: &'k [Vec<u8>],
    /// imgproxy's salts, at the index of their keys.
    pub salts: &'k [Vec<u8>],
}

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Canonical text of the options; `None` hands on what the origin gives.
    pub options: Option<String>,
    /// The format was chosen by `Accept`, or was left at the source's for want of a better one.
    pub negotiated: bool,
    /// Where the source is.
    pub place: Place,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// 400 or 403.
    pub status: u16,
    /// Stable.
    pub code: &'static str,
    /// For whoever wrote the address.
    pub detail: String,
}

impl Refusal {
    pub(crate) fn options(detail: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "image_options_invalid",
            detail: detail.into(),
        }
    }

    pub(crate) fn source(detail: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: "image_source_refused",
            detail: detail.into(),
        }
    }
}

impl From<OptionError> for Refusal {
    fn from(error: OptionError) -> Self {
        Self::options(error.to_string())
    }
}

/// What a request asks for, where it may.
///
/// # Errors
/// [`Refusal`].
pub fn choose(
    route: &ImageRoute,
    keys: Keys<'_>,
    request: &Request<'_>,
) -> Result<Picture, Refusal> {
    let asked = match route.form {
        Form::Query | Form::Segment(_) => plain::read(route, keys, request)?,
        Form::Aws => dialect::aws::read(route, keys, request)?,
        Form::Thumbor => dialect::thumbor::read(route, keys, request)?,
        Form::Imgproxy => dialect::imgproxy::read(route, keys, request)?,
    };
    rules::apply(route, asked, request)
}
