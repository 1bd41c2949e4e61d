//! Bodies between connections and components.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::http::{BodyError, RequestBody};

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

/// A component's body, and the request's place among those on their way.
pub struct Answered {
    body: Mutex<WasiBody>,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Answered {
    /// Holds the place until the body ends.
    #[must_use]
    pub fn new(body: WasiBody, place: Arc<OwnedSemaphorePermit>) -> Self {
        Self {
            body: Mutex::new(body),
            _place: place,
        }
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(self.get_mut().body.get_mut()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.lock().size_hint()
    }
}
