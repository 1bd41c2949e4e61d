//! Bodies between connections and components.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use parking_lot::Mutex;
use wasmtime_wasi_http::{Error, WasiBody};

use super::workers::Seat;
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

/// A component's body, and the request's place among those on their way.
pub struct Answered {
    body: Mutex<WasiBody>,
    /// Frames that came with the head.
    ready: VecDeque<Result<Frame<Bytes>, Error>>,
    _seat: Arc<Seat>,
}

/// The most of a body that is looked at before its head is sent.
const READY_BYTES_MAX: usize = 64 << 10;

impl Answered {
    /// Holds the place until the body ends.
    #[must_use]
    pub(super) fn new(body: WasiBody, seat: Arc<Seat>) -> Self {
        Self {
            body: Mutex::new(body),
            ready: VecDeque::new(),
            _seat: seat,
        }
    }

    /// The body as it is to be sent: whole where it is there already, so that its length is known
    /// and it leaves with its head. `announced` is its length by its head.
    #[must_use]
    pub(crate) fn into_response_body(mut self, announced: Option<u64>) -> ResponseBody {
        if let Some(whole) = self.take_whole(announced) {
            return ResponseBody::Full(whole);
        }
        let length = announced.or_else(|| self.size_hint().exact());
        ResponseBody::Stream {
            body: BoxBody::new(self.map_err(|error| BodyError::Component(error.to_string()))),
            length,
        }
    }

    /// The whole body, if it is there and as long as announced. Otherwise what is there stays.
    fn take_whole(&mut self, announced: Option<u64>) -> Option<Bytes> {
        // Whoever polls next is woken.
        let mut context = Context::from_waker(Waker::noop());
        let mut bytes = 0;
        while bytes < READY_BYTES_MAX {
            match Pin::new(self.body.get_mut()).poll_frame(&mut context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let data = frame.data_ref().map(Bytes::len);
                    self.ready.push_back(Ok(frame));
                    // Trailers need a body in pieces.
                    bytes += data?;
                }
                Poll::Ready(None) if announced.is_none_or(|length| length == bytes as u64) => {
                    return Some(joined(std::mem::take(&mut self.ready)));
                }
                Poll::Ready(Some(error)) => {
                    self.ready.push_back(error);
                    return None;
                }
                Poll::Ready(None) | Poll::Pending => return None,
            }
        }
        None
    }
}

fn joined(frames: VecDeque<Result<Frame<Bytes>, Error>>) -> Bytes {
    let data = |frame: Result<Frame<Bytes>, Error>| frame.ok()?.into_data().ok();
    let mut all = frames.into_iter().filter_map(data);
    let Some(first) = all.next() else {
        return Bytes::new();
    };
    let Some(second) = all.next() else {
        return first;
    };
    let mut joined = BytesMut::from(first);
    joined.extend_from_slice(&second);
    all.for_each(|more| joined.extend_from_slice(&more));
    joined.freeze()
}

impl Body for Answered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = self.ready.pop_front() {
            return Poll::Ready(Some(frame));
        }
        Pin::new(self.get_mut().body.get_mut()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.body.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.ready.is_empty() {
            self.body.lock().size_hint()
        } else {
            SizeHint::default()
        }
    }
}
