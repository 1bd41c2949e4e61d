//! Pictures that requests bring along: the body is the source, and nothing is fetched.
//!
//! It takes a place in the image pool when it is there, not before: a client that sends slowly keeps
//! nobody else's picture waiting. While it comes its bytes count among those of all sources.

use http::{HeaderMap, HeaderValue, header};
use http_body_util::combinators::BoxBody;
use lockgate_record::Stage;
use lockgate_shell::picture::coding_of;

use super::Refused;
use super::fetch::Fetched;
use super::path::Step;
use super::picture::refused;
use crate::http::{BodyError, RequestBody, ResponseBody};
use crate::image::ImageError;
use crate::origin::OriginError;

/// The body of the request as a source that was fetched just now.
pub(super) fn take(step: &mut Step<'_>, mut body: RequestBody) -> Result<Fetched, Refused> {
    step.pending.stage = Stage::Image;
    if let Some(coding) = coding_of(step.head.fields()) {
        let cause = format!("the source comes with the coding {coding}");
        return Err(refused(ImageError::Unsupported(cause)));
    }
    let bytes_max = step.route.body_bytes_max;
    if body.length().is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    body.limit(bytes_max);
    let mut headers = HeaderMap::new();
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    let now_ms = super::unix_ms();
    Ok(Fetched {
        status: 200,
        headers,
        // What is announced takes no room before it comes.
        body: ResponseBody::Stream {
            body: BoxBody::new(body),
            length: None,
        },
        requested_at_ms: now_ms,
        received_at_ms: now_ms,
        digest: None,
    })
}

/// The body did not come whole.
pub(super) fn interrupted(error: &BodyError) -> Refused {
    if let BodyError::TooLarge(bytes_max) = error {
        return too_large(*bytes_max);
    }
    let error = OriginError::from_body(error);
    Refused::new(error.status(), error.code(), error.cause()).at(Stage::Image)
}

fn too_large(bytes_max: u64) -> Refused {
    let cause = format!("it is longer than {bytes_max} bytes");
    refused(ImageError::TooLarge(cause))
}
