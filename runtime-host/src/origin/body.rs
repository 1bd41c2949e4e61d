//! The request body on its way to the origin: when it last moved, and no trailer that forges.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::fields;
use crate::http::{BodyError, RequestBody};

/// When a body last moved; shared with whoever waits for the answer.
pub(super) struct Progress {
    started: Instant,
    /// Milliseconds since `started`, or [`CLIENT_OWES`].
    moved_ms: AtomicU64,
}

/// The origin could take more than the client has sent.
const CLIENT_OWES: u64 = u64::MAX;

impl Progress {
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
            moved_ms: AtomicU64::new(0),
        }
    }

    /// When the last part of the body was handed over; `now` while the client owes the next.
    pub(super) fn moved_at(&self, now: Instant) -> Instant {
        match self.moved_ms.load(Ordering::Relaxed) {
            CLIENT_OWES => now,
            moved_ms => self.started + Duration::from_millis(moved_ms),
        }
    }

    pub(super) fn note(&self, client_owes: bool) {
        let moved_ms = if client_owes {
            CLIENT_OWES
        } else {
            u64::try_from(self.started.elapsed().as_millis()).unwrap_or(CLIENT_OWES - 1)
        };
        self.moved_ms.store(moved_ms, Ordering::Relaxed);
    }
}

/// A request body whose [`Progress`] is known.
pub(super) struct Outgoing {
    body: RequestBody,
    progress: Option<Arc<Progress>>,
}

impl Outgoing {
    pub(super) fn new(body: RequestBody, progress: Option<Arc<Progress>>) -> Self {
        Self { body, progress }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Some(progress) = &self.progress {
            progress.note(frame.is_pending());
        }
        frame.map(|frame| frame.map(|frame| frame.map(without_forged_trailers)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Some servers merge trailers into the fields of the head, so what a client may not say there
/// it may not say here.
pub(super) fn without_forged_trailers(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            fields::remove_where(&mut trailers, |name| {
                fields::is_hop_by_hop(name)
                    || fields::is_of_the_gate(&fields::as_origins_read(name))
            });
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}
