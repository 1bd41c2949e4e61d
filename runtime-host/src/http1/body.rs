//! A request body that owns its connection's reading half until it is done with it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use super::chunked::{Chunked, Step};
use crate::http::BodyError;
use crate::net::Reader;

/// The body of an HTTP/1 request.
pub struct Http1Body {
    reader: Option<Reader>,
    back: Option<oneshot::Sender<Returned>>,
    ask_continue: Option<oneshot::Sender<()>>,
    framing: BodyFraming,
    received: u64,
    bytes_max: u64,
    timeout: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

enum BodyFraming {
    Length(u64),
    Chunked(Chunked),
    Done,
}

/// The reading half on its way back to the connection.
pub(super) struct Returned {
    pub(super) reader: Reader,
    /// The body was read to its end: the next bytes are a new head.
    pub(super) ended: bool,
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
        timeout: Duration,
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
            received: 0,
            bytes_max: u64::MAX,
            timeout,
            sleep: None,
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
        self.bytes_max = bytes_max;
    }

    fn give_back(&mut self) {
        if let (Some(reader), Some(back)) = (self.reader.take(), self.back.take()) {
            let ended = matches!(self.framing, BodyFraming::Done);
            // The connection may be gone; then nobody needs the reader.
            let _ = back.send(Returned { reader, ended });
        }
    }

    /// One step with what is in the buffer; `None` where more must be read.
    fn take_buffered(&mut self) -> Option<Result<Option<Frame<Bytes>>, BodyError>> {
        let reader = self.reader.as_mut()?;
        match &mut self.framing {
            BodyFraming::Done => Some(Ok(None)),
            BodyFraming::Length(left) => {
                if reader.buffer.is_empty() {
                    return None;
                }
                let take = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(reader.buffer.len());
                let data = reader.buffer.split_to(take).freeze();
                *left -= take as u64;
                if *left == 0 {
                    self.framing = BodyFraming::Done;
                }
                Some(self.count(data))
            }
            BodyFraming::Chunked(chunked) => match chunked.step(&mut reader.buffer) {
                Ok(Step::More) => None,
                Ok(Step::Data(data)) => Some(self.count(data)),
                Ok(Step::End(trailers)) => {
                    self.framing = BodyFraming::Done;
                    Some(Ok(trailers_frame(trailers)))
                }
                Err(reason) => Some(Err(BodyError::Malformed(reason))),
            },
        }
    }

    fn count(&mut self, data: Bytes) -> Result<Option<Frame<Bytes>>, BodyError> {
        self.received += data.len() as u64;
        if self.received > self.bytes_max {
            return Err(BodyError::TooLarge(self.bytes_max));
        }
        Ok(Some(Frame::data(data)))
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
                Poll::Ready(Ok(read)) if read > 0 => this.sleep = None,
                Poll::Ready(_) => {
                    this.give_back();
                    return Poll::Ready(Some(Err(BodyError::ClientGone)));
                }
                Poll::Pending => {
                    let timeout = this.timeout;
                    let sleep = this
                        .sleep
                        .get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
                    ready!(sleep.as_mut().poll(context));
                    this.give_back();
                    return Poll::Ready(Some(Err(BodyError::ClientTimeout)));
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
            BodyFraming::Chunked(_) => SizeHint::default(),
        }
    }
}

impl Drop for Http1Body {
    fn drop(&mut self) {
        self.give_back();
    }
}
