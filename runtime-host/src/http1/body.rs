//! A request body that owns its connection's reading half until it is done with it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

use super::chunked::{Chunked, Step};
use crate::http::{BodyError, Intake, Pace};
use crate::net::Reader;

/// The body of an HTTP/1 request.
pub struct Http1Body {
    reader: Option<Reader>,
    back: Option<oneshot::Sender<Returned>>,
    ask_continue: Option<oneshot::Sender<()>>,
    framing: BodyFraming,
    intake: Intake,
}

enum BodyFraming {
    Length(u64),
    Chunked(Chunked),
    Done,
    /// Where the body ends is not known any more.
    Lost,
}

impl BodyFraming {
    /// One step with what is in the buffer; `None` where more must be read.
    fn step(&mut self, buffer: &mut BytesMut) -> Option<Result<Step, &'static str>> {
        match self {
            Self::Done => Some(Ok(Step::End(Vec::new()))),
            Self::Lost => Some(Err("the body was given up")),
            Self::Length(left) => {
                if buffer.is_empty() {
                    return None;
                }
                let take = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(buffer.len());
                let data = buffer.split_to(take).freeze();
                *left -= take as u64;
                if *left == 0 {
                    *self = Self::Done;
                }
                Some(Ok(Step::Data(data)))
            }
            Self::Chunked(chunked) => match chunked.step(buffer) {
                Ok(Step::More) => None,
                Ok(Step::End(trailers)) => {
                    *self = Self::Done;
                    Some(Ok(Step::End(trailers)))
                }
                Err(reason) => {
                    *self = Self::Lost;
                    Some(Err(reason))
                }
                step => Some(step),
            },
        }
    }
}

/// The reading half on its way back to the connection.
pub(super) struct Returned {
    pub(super) reader: Reader,
    framing: BodyFraming,
}

impl Returned {
    /// The body was read to its end: the next bytes are a new head.
    pub(super) fn ended(&self) -> bool {
        matches!(self.framing, BodyFraming::Done)
    }

    /// Throws away what is in the buffer of the rest of the body.
    fn discard_buffered(&mut self) -> u64 {
        let mut bytes = 0;
        while !self.ended() {
            match self.framing.step(&mut self.reader.buffer) {
                Some(Ok(Step::Data(data))) => bytes += data.len() as u64,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            }
        }
        bytes
    }

    /// Throws away what has come of the rest of the body, without waiting for more of it.
    pub(super) async fn discard_arrived(&mut self, bytes_max: u64) {
        poll_fn(|context| {
            let mut bytes = self.discard_buffered();
            while bytes <= bytes_max && self.wants_more() {
                match self.reader.poll_fill(context) {
                    Poll::Ready(Ok(read)) if read > 0 => bytes += self.discard_buffered(),
                    Poll::Ready(_) | Poll::Pending => break,
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Throws away the rest of the body as it comes, at most `bytes_max` of it.
    pub(super) async fn discard(&mut self, bytes_max: u64) {
        let mut bytes = self.discard_buffered();
        while bytes <= bytes_max && self.wants_more() {
            match self.reader.fill().await {
                Ok(read) if read > 0 => bytes += self.discard_buffered(),
                _ => return,
            }
        }
    }

    fn wants_more(&self) -> bool {
        !matches!(self.framing, BodyFraming::Done | BodyFraming::Lost)
    }
}

/// The connection's ends of a body's channels.
pub(super) struct Lease {
    pub(super) returned: oneshot::Receiver<Returned>,
    pub(super) continue_asked: Option<oneshot::Receiver<()>>,
}

impl Http1Body {
    /// A body that reads from `reader`, and how the connection gets it back.
    pub(super) fn new(
        reader: Reader,
        framing: super::Framing,
        expects_continue: bool,
        pace: Pace,
    ) -> (Self, Lease) {
        let (back, returned) = oneshot::channel();
        let (ask_continue, continue_asked) = if expects_continue {
            oneshot_pair()
        } else {
            (None, None)
        };
        let framing = match framing {
            super::Framing::None => BodyFraming::Done,
            super::Framing::Length(length) => BodyFraming::Length(length),
            super::Framing::Chunked => BodyFraming::Chunked(Chunked::default()),
        };
        let body = Self {
            reader: Some(reader),
            back: Some(back),
            ask_continue,
            framing,
            intake: Intake::new(pace),
        };
        (
            body,
            Lease {
                returned,
                continue_asked,
            },
        )
    }

    pub(crate) fn limit(&mut self, bytes_max: u64) {
        self.intake.limit(bytes_max);
    }

    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        self.intake.received()
    }

    fn give_back(&mut self) {
        if let (Some(reader), Some(back)) = (self.reader.take(), self.back.take()) {
            let given_up = match self.framing {
                BodyFraming::Done => BodyFraming::Done,
                _ => BodyFraming::Lost,
            };
            let framing = std::mem::replace(&mut self.framing, given_up);
            // The connection may be gone; then nobody needs the reader.
            let _ = back.send(Returned { reader, framing });
        }
    }

    /// One step with what is in the buffer; `None` where more must be read.
    fn take_buffered(&mut self) -> Option<Result<Option<Frame<Bytes>>, BodyError>> {
        let reader = self.reader.as_mut()?;
        let step = self.framing.step(&mut reader.buffer)?;
        Some(match step {
            Ok(Step::Data(data)) => {
                let counted = self.intake.count(data.len());
                counted.map(|()| Some(Frame::data(data)))
            }
            Ok(Step::End(trailers)) => Ok(trailers_frame(trailers)),
            Ok(Step::More) => return None,
            Err(reason) => Err(BodyError::Malformed(reason)),
        })
    }
}

fn oneshot_pair() -> (Option<oneshot::Sender<()>>, Option<oneshot::Receiver<()>>) {
    let (sender, receiver) = oneshot::channel();
    (Some(sender), Some(receiver))
}

fn trailers_frame(trailers: Vec<(Bytes, Bytes)>) -> Option<Frame<Bytes>> {
    let mut map = http::HeaderMap::new();
    for (name, value) in trailers {
        if let (Ok(name), Ok(value)) = (
            http::HeaderName::from_bytes(&name),
            http::HeaderValue::from_maybe_shared(value),
        ) {
            map.append(name, value);
        }
    }
    (!map.is_empty()).then(|| Frame::trailers(map))
}

impl Body for Http1Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(ask) = this.ask_continue.take() {
            // The connection may be gone; reading will tell.
            let _ = ask.send(());
        }
        loop {
            match this.take_buffered() {
                Some(Ok(frame)) => {
                    if matches!(this.framing, BodyFraming::Done) {
                        this.give_back();
                    }
                    return Poll::Ready(frame.map(Ok));
                }
                Some(Err(error)) => {
                    this.give_back();
                    return Poll::Ready(Some(Err(error)));
                }
                None => {}
            }
            let Some(reader) = this.reader.as_mut() else {
                return Poll::Ready(None);
            };
            match reader.poll_fill(context) {
                Poll::Ready(Ok(read)) if read > 0 => this.intake.moved(),
                Poll::Ready(_) => {
                    this.give_back();
                    return Poll::Ready(Some(Err(BodyError::ClientGone)));
                }
                Poll::Pending => {
                    let late = ready!(this.intake.poll_late(context));
                    this.give_back();
                    return Poll::Ready(Some(Err(late)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.framing, BodyFraming::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match self.framing {
            BodyFraming::Length(left) => SizeHint::with_exact(left),
            BodyFraming::Done => SizeHint::with_exact(0),
            BodyFraming::Chunked(_) | BodyFraming::Lost => SizeHint::default(),
        }
    }
}

impl Drop for Http1Body {
    fn drop(&mut self) {
        self.give_back();
    }
}
