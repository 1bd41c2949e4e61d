//! The body of a component's answer.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::workers::Seat;

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
    pub(crate) fn new(body: WasiBody, seat: Arc<Seat>) -> Self {
        Self {
            body: Mutex::new(body),
            ready: VecDeque::new(),
            _seat: seat,
        }
    }

    /// The whole body where it is there already, so that its length is known and it leaves with
    /// its head; otherwise itself. `announced` is its length by its head.
    ///
    /// # Errors
    /// Itself, where there is more to come.
    pub fn whole(mut self, announced: Option<u64>) -> Result<Bytes, Self> {
        self.take_whole(announced).ok_or(self)
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
