//! Pictures that requests bring along: the body streams to the image component, and nothing is
//! fetched. That of `runtime-host/src/gate/upload.rs`.

use std::rc::Rc;

use http::{HeaderMap, HeaderValue, header};
use lockgate_record::Stage;
use lockgate_shell::Route;
use lockgate_shell::picture::coding_of;
use lockgate_spin_shell::body::{Begun, BodyFault, BodyFaultCell, ClientBody, End};

use super::fetch::{Fetched, FetchedBody};
use super::path::Step;
use super::refused::Refused;
use super::unix_ms;

/// Whether the requests of a route bring the source of their picture along.
pub(super) fn is_upload(route: &Route) -> bool {
    route.image.as_ref().is_some_and(|image| image.upload)
}

/// The body of the request as a source that was fetched just now.
pub(super) fn take(step: &mut Step<'_>, body: Option<ClientBody>) -> Result<Fetched, Refused> {
    step.call.stage = Stage::Image;
    if let Some(coding) = coding_of(step.call.head.fields()) {
        let cause = format!("the source comes with the coding {coding}");
        return Err(Refused::new(415, "image_unsupported", cause).at(Stage::Image));
    }
    let bytes_max = step.route.body_bytes_max;
    let length = body.as_ref().and_then(ClientBody::length);
    if length.is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let fault = BodyFaultCell::default();
    let body = match body {
        Some(body) => Begun::not_yet(body.send_on(bytes_max, Rc::clone(&fault))),
        None => Begun {
            held: Vec::new(),
            rest: None,
            end: End::Come(None),
        },
    };
    let mut headers = HeaderMap::new();
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    let now_ms = unix_ms();
    Ok(Fetched {
        status: 200,
        headers,
        body: FetchedBody::Stream(body, length),
        requested_at_ms: now_ms,
        received_at_ms: now_ms,
        brought: Some(fault),
    })
}

/// What the client is told where its body is why there is no picture; else `other`.
pub(super) fn refused(fault: &BodyFaultCell, bytes_max: u64, other: Refused) -> Refused {
    match fault.take() {
        None => other,
        Some(BodyFault::TooLong) => too_large(bytes_max),
        Some(BodyFault::Late(_)) => {
            Refused::new(408, "body_timeout", "the picture did not end in time").at(Stage::Image)
        }
        Some(BodyFault::Malformed(error)) => {
            let cause = format!("the client's body broke off: {error:?}");
            Refused::new(400, "body_malformed", cause).at(Stage::Image)
        }
    }
}

fn too_large(bytes_max: u64) -> Refused {
    let cause = format!("too large a source: it is longer than {bytes_max} bytes");
    Refused::new(413, "image_too_large", cause).at(Stage::Image)
}
