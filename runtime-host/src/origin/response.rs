//! The answer of an origin.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::pool::Pool;
use super::wire::Wire;
use super::{OriginError, fields};
use crate::http::BodyError;

/// The head of an answer, its body still to come.
#[derive(Debug)]
pub struct OriginResponse {
    /// 200 to 599.
    pub status: u16,
    /// End-to-end fields, `Content-Length` not among them.
    pub headers: HeaderMap,
    /// The body. It fails where the origin sends nothing for `idle_timeout_ms`.
    pub body: BoxBody<Bytes, BodyError>,
    /// The announced length in bytes; to HEAD and in a 304 that of the body that is not sent.
    pub length: Option<u64>,
}

/// Takes what is for the client out of an answer.
pub(super) fn receive(
    answer: Response<Incoming>,
    wire: Wire,
    pool: Arc<Pool>,
    head_only: bool,
    idle: Duration,
) -> Result<OriginResponse, OriginError> {
    let (head, body) = answer.into_parts();
    let (status, mut headers) = (head.status, head.headers);
    if !(200..600).contains(&status.as_u16()) {
        // 101 without a wish to upgrade; other 1xx never come here.
        return Err(OriginError::Malformed(format!(
            "the status is {}",
            status.as_u16()
        )));
    }
    let length = if head_only || status == StatusCode::NOT_MODIFIED {
        announced(&headers)
    } else {
        body.size_hint().exact()
    };
    fields::remove_hop_by_hop(&mut headers);
    let mut body = Received {
        body,
        wire: Some(wire),
        pool,
        idle,
        sleep: None,
        waiting: false,
    };
    if body.is_end_stream() {
        body.release();
    }
    let body = BoxBody::new(body);
    Ok(OriginResponse {
        status: status.as_u16(),
        headers,
        body,
        length,
    })
}

/// `Content-Length`, where it is one number (RFC 9110 §8.6).
fn announced(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = lengths.next()?;
    let digits = first.as_bytes().iter().all(u8::is_ascii_digit);
    if !digits || lengths.any(|other| other != first) {
        return None;
    }
    first.to_str().ok()?.parse().ok()
}

/// A body that may not stand still for longer than `idle`.
struct Received {
    body: Incoming,
    /// The connection that the body comes from; `None` once it is back in the pool.
    wire: Option<Wire>,
    pool: Arc<Pool>,
    idle: Duration,
    /// Made at the first wait: most bodies come with their head.
    sleep: Option<Pin<Box<Sleep>>>,
    /// `sleep` is set for the frame that is awaited.
    waiting: bool,
}

impl Received {
    /// Gives the connection back after the last byte. Where it cannot carry another request
    /// (the request's own body is still on its way, say) it is closed.
    fn release(&mut self) {
        if let Some(mut wire) = self.wire.take() {
            // Whoever waits now is not to be woken by what happens to a kept connection.
            let mut context = Context::from_waker(Waker::noop());
            if wire.is_ready(&mut context) {
                self.pool.put(wire);
            }
        }
    }

    /// The next frame, from what has come already if it can be.
    fn poll_received(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame);
        }
        if let Some(wire) = &mut self.wire {
            wire.drive(context);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = Instant::now() + self.idle;
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !self.waiting {
            sleep.as_mut().reset(deadline);
            self.waiting = true;
        }
        sleep.as_mut().poll(context)
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = self.poll_received(context) else {
            ready!(self.poll_idle(context));
            return Poll::Ready(Some(Err(BodyError::OriginTimeout)));
        };
        self.waiting = false;
        match &frame {
            Some(Ok(_)) if !self.body.is_end_stream() => {}
            Some(Ok(_)) | None => self.release(),
            Some(Err(_)) => self.wire = None,
        }
        Poll::Ready(frame.map(|frame| match frame {
            Ok(frame) => Ok(end_to_end(frame)),
            Err(error) => Err(BodyError::Origin(error)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn end_to_end(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            fields::remove_hop_by_hop(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}
