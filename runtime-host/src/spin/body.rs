//! Bodies between connections and components.

use http_body::Body as _;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use lockgate_spin_apps::Answered;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::http::{BodyError, RequestBody, ResponseBody};

/// A client's body for a component.
#[must_use]
pub(crate) fn to_component(body: RequestBody) -> WasiBody {
    body.map_err(|error| match error {
        BodyError::TooLarge(bytes_max) => Error::HttpRequestBodySize(Some(bytes_max)),
        BodyError::ClientTimeout | BodyError::ClientSlow(_) => Error::ConnectionReadTimeout,
        BodyError::ClientGone => Error::ConnectionTerminated,
        error => Error::InternalError(Some(error.to_string())),
    })
    .boxed_unsync()
}

/// A component's body as it is to be sent: whole where it is there already. `announced` is its
/// length by its head.
#[must_use]
pub(crate) fn from_component(body: Answered, announced: Option<u64>) -> ResponseBody {
    match body.whole(announced) {
        Ok(whole) => ResponseBody::Full(whole),
        Err(body) => {
            let length = announced.or_else(|| body.size_hint().exact());
            let body = body.map_err(|error| BodyError::Component(error.to_string()));
            ResponseBody::Stream {
                body: BoxBody::new(body),
                length,
            }
        }
    }
}
