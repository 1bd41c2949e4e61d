//! The body of an HTTP/2 request.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

use crate::http::{BodyError, Intake, Pace};

/// The body of an HTTP/2 request. The client may send more as it is read, not before.
pub struct Http2Body {
    /// There until the body is dropped.
    stream: Option<RecvStream>,
    ask_continue: Option<oneshot::Sender<()>>,
    left_unread: Option<oneshot::Sender<Unread>>,
    /// Bytes that `Content-Length` announced and that did not come yet. `h2` holds the client to
    /// its announcement.
    announced_left: Option<u64>,
    intake: Intake,
    ended: bool,
}

/// The stream's ends of a body's channels.
pub(super) struct Lease {
    /// Told when the body is first read, where the client waits for that.
    pub(super) continue_asked: Option<oneshot::Receiver<()>>,
    /// Gets the stream of a body that is dropped before its end.
    pub(super) left_unread: oneshot::Receiver<Unread>,
}

impl Http2Body {
    /// A body of which `announced` bytes are to come.
    pub(super) fn new(
        stream: RecvStream,
        announced: Option<u64>,
        expects_continue: bool,
        pace: Pace,
    ) -> (Self, Lease) {
        let (ask_continue, continue_asked) = oneshot::channel();
        let (give_back, left_unread) = oneshot::channel();
        let body = Self {
            stream: Some(stream),
            ask_continue: expects_continue.then_some(ask_continue),
            left_unread: Some(give_back),
            announced_left: announced,
            intake: Intake::new(pace),
            ended: false,
        };
        let continue_asked = expects_continue.then_some(continue_asked);
        (
            body,
            Lease {
                continue_asked,
                left_unread,
            },
        )
    }

    pub(crate) fn limit(&mut self, bytes_max: u64) {
        self.intake.limit(bytes_max);
    }

    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        self.intake.received()
    }

    fn poll_stream(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        match ready!(stream.poll_data(context)) {
            Some(Ok(data)) => {
                // Whoever polls takes it now, so the client may send as much again.
                stream.flow_control().release_capacity(data.len())?;
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                let trailers = ready!(stream.poll_trailers(context))?;
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
        }
    }
}

/// The rest of a body that nobody wants.
pub(super) struct Unread {
    stream: RecvStream,
    /// Bytes still to come, where they were announced.
    pub(super) left: Option<u64>,
}

impl Unread {
    /// Reads and forgets it.
    pub(super) async fn throw_away(mut self) {
        while let Some(Ok(data)) = self.stream.data().await {
            if self
                .stream
                .flow_control()
                .release_capacity(data.len())
                .is_err()
            {
                return;
            }
        }
    }
}

impl Body for Http2Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        if let Some(ask) = this.ask_continue.take() {
            // The stream may be gone; reading will tell.
            let _ = ask.send(());
        }
        let Poll::Ready(next) = this.poll_stream(context) else {
            let late = ready!(this.intake.poll_late(context));
            this.ended = true;
            return Poll::Ready(Some(Err(late)));
        };
        this.intake.moved();
        let result = match next {
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                if let Some(left) = &mut this.announced_left {
                    *left = left.saturating_sub(bytes as u64);
                }
                Some(this.intake.count(bytes).map(|()| frame))
            }
            Some(Err(error)) if error.is_io() || error.is_remote() => {
                Some(Err(BodyError::ClientGone))
            }
            Some(Err(error)) => Some(Err(BodyError::Stream(error))),
            None => None,
        };
        this.ended = !matches!(&result, Some(Ok(frame)) if frame.is_data());
        Poll::Ready(result)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.stream.as_ref().is_none_or(RecvStream::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match self.announced_left {
            Some(left) => SizeHint::with_exact(left),
            None => SizeHint::default(),
        }
    }
}

impl Drop for Http2Body {
    fn drop(&mut self) {
        let unread = self.stream.take().filter(|stream| !stream.is_end_stream());
        if let (Some(stream), Some(back)) = (unread, self.left_unread.take()) {
            let left = self.announced_left;
            // The stream's task may be gone; then nobody needs it.
            let _ = back.send(Unread { stream, left });
        }
    }
}
