//! Bodies in both directions, as frames, so that trailers can follow.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client sent nothing for the configured time.
    #[error("the client sent nothing for the configured time")]
    ClientTimeout,
    /// The client sends, but less than the least rate.
    #[error("the client sent less than {0} bytes a second")]
    ClientSlow(u32),
    /// The client left.
    #[error("the client closed the connection in the body")]
    ClientGone,
    /// The client's framing is wrong.
    #[error("the client's body is malformed: {0}")]
    Malformed(&'static str),
    /// The body is longer than allowed.
    #[error("the body is longer than {0} bytes")]
    TooLarge(u64),
    /// The origin sent nothing for the configured time.
    #[error("the origin sent nothing for the configured time")]
    OriginTimeout,
    /// The origin failed in the body.
    #[error("the origin failed in the body: {0}")]
    Origin(#[source] hyper::Error),
    /// A component of an app failed in the body.
    #[error("the component failed in the body: {0}")]
    Component(String),
    /// The HTTP/2 stream failed.
    #[error("the stream failed: {0}")]
    Stream(#[source] h2::Error),
}

/// The body of a request on its way to the origin.
pub enum RequestBody {
    /// None.
    Empty,
    /// From an HTTP/1 connection.
    Http1(crate::http1::Http1Body),
    /// From an HTTP/2 stream.
    Http2(crate::http2::Http2Body),
    /// One of the others whose beginning was read already, for an inspection.
    Held(Box<HeldBody<RequestBody>>),
}

impl RequestBody {
    /// The announced length.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.size_hint().exact()
    }

    /// The bytes that came so far; goes on counting. `None` where there is no body.
    #[must_use]
    pub fn received(&self) -> Option<Arc<AtomicU64>> {
        match self {
            Self::Empty => None,
            Self::Http1(body) => Some(body.received()),
            Self::Http2(body) => Some(body.received()),
            Self::Held(held) => held.rest.received(),
        }
    }

    /// Sets the most that may come; a longer body fails with [`BodyError::TooLarge`].
    pub fn limit(&mut self, bytes_max: u64) {
        match self {
            Self::Empty => {}
            Self::Http1(body) => body.limit(bytes_max),
            Self::Http2(body) => body.limit(bytes_max),
            // What was read is within the limit that was set before.
            Self::Held(held) => held.rest.limit(bytes_max),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Http1(body) => Pin::new(body).poll_frame(context),
            Self::Http2(body) => Pin::new(body).poll_frame(context),
            Self::Held(held) => Pin::new(&mut **held).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end_stream(),
            Self::Held(held) => held.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Http1(body) => body.size_hint(),
            Self::Http2(body) => body.size_hint(),
            Self::Held(held) => held.size_hint(),
        }
    }
}

/// A body whose beginning was read: that goes first, then what follows.
pub struct HeldBody<B> {
    ready: VecDeque<Frame<Bytes>>,
    rest: B,
    /// The length that was announced. A body without one may have trailers, whatever was read.
    length: Option<u64>,
}

impl<B> HeldBody<B> {
    /// With the frames that were read of it, and the length that it announced before.
    pub fn new(ready: VecDeque<Frame<Bytes>>, rest: B, length: Option<u64>) -> Self {
        Self {
            ready,
            rest,
            length,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for HeldBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        match this.ready.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut this.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// The body of a response on its way to the client.
pub enum ResponseBody {
    /// Bytes in memory.
    Full(Bytes),
    /// Frames as they come, with the length where it is known.
    Stream {
        /// The frames.
        body: BoxBody<Bytes, BodyError>,
        /// The announced length.
        length: Option<u64>,
    },
}

impl ResponseBody {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self::Full(Bytes::new())
    }
}
