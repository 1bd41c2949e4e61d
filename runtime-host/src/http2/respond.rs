//! Sending a response on an HTTP/2 stream.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::http::{BodyError, Response, ResponseBody};

/// Fields that HTTP/2 has no use for (RFC 9113 §8.2.2), and the length, which is ours to say.
const LEFT_OUT: [&str; 6] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Sends `response` and completes its record. Its stream is reset where the body fails, or where
/// the client gives no room for `stall_timeout`. Whether all of it was sent.
pub(super) async fn send(
    respond: &mut SendResponse<Bytes>,
    mut response: Response,
    is_head: bool,
    stall_timeout: Duration,
) -> bool {
    let mut sent = 0;
    let failure = send_parts(respond, &mut response, is_head, stall_timeout, &mut sent)
        .await
        .err();
    if let Some(record) = response.record.take() {
        record.complete(sent, failure.as_deref());
    }
    failure.is_none()
}

async fn send_parts(
    respond: &mut SendResponse<Bytes>,
    response: &mut Response,
    is_head: bool,
    stall_timeout: Duration,
    sent: &mut u64,
) -> Result<(), String> {
    let body = std::mem::replace(&mut response.body, ResponseBody::empty());
    let without_body = is_head || Response::bodiless(response.status);
    let length = match &body {
        _ if Response::bodiless(response.status) => None,
        _ if is_head => response.announced_length.or_else(|| match &body {
            ResponseBody::Full(bytes) => (!bytes.is_empty()).then_some(bytes.len() as u64),
            ResponseBody::Stream { length, .. } => *length,
        }),
        ResponseBody::Full(bytes) => Some(bytes.len() as u64),
        ResponseBody::Stream { length, .. } => *length,
    };
    let empty = without_body || matches!(&body, ResponseBody::Full(bytes) if bytes.is_empty());
    let head = response_head(response, length);
    let stream = respond.send_response(head, empty).map_err(gone)?;
    if empty {
        return Ok(());
    }
    let mut sender = Sender {
        stream,
        stall_timeout,
        sent,
    };
    let result = match body {
        ResponseBody::Full(bytes) => sender.data(bytes, true).await,
        ResponseBody::Stream { mut body, .. } => sender.frames(&mut body, length).await,
    };
    result.map_err(|failure| {
        let (reason, text) = failure;
        // A second reset, after the client's own, is none.
        sender.stream.send_reset(reason);
        text
    })
}

fn response_head(response: &Response, length: Option<u64>) -> http::Response<()> {
    let mut fields = HeaderMap::with_capacity(24);
    for (name, value) in response.all_fields() {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        else {
            continue;
        };
        if !LEFT_OUT.contains(&name.as_str()) {
            fields.append(name, value);
        }
    }
    if let Some(length) = length {
        fields.insert(CONTENT_LENGTH, length.into());
    }
    let mut head = http::Response::new(());
    *head.status_mut() = http::StatusCode::from_u16(response.status)
        .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    *head.headers_mut() = fields;
    head
}

fn gone(error: h2::Error) -> String {
    match error.reason() {
        Some(reason) if error.is_remote() => format!("the client reset the stream: {reason}"),
        Some(reason) => format!("the stream was reset: {reason}"),
        None if error.is_io() => format!("the client is gone: {error}"),
        // What `h2` says to a frame for a stream that is closed.
        None => "the client closed the stream before it was answered".to_owned(),
    }
}

/// Why a body ended early: what the client is told, and what the record says.
type Failure = (Reason, String);

struct Sender<'a> {
    stream: SendStream<Bytes>,
    stall_timeout: Duration,
    sent: &'a mut u64,
}

impl Sender<'_> {
    /// Sends `data` as the client gives room for it; with `end`, as the last of the body.
    async fn data(&mut self, mut data: Bytes, end: bool) -> Result<(), Failure> {
        loop {
            let room = if data.is_empty() {
                0
            } else {
                self.room(data.len()).await?
            };
            let piece = data.split_to(room.min(data.len()));
            let bytes = piece.len() as u64;
            let last = end && data.is_empty();
            if bytes > 0 || last {
                self.stream
                    .send_data(piece, last)
                    .map_err(|error| (Reason::CANCEL, gone(error)))?;
            }
            *self.sent += bytes;
            if data.is_empty() {
                return Ok(());
            }
        }
    }

    /// Waits until at least one byte can be sent.
    async fn room(&mut self, wanted: usize) -> Result<usize, Failure> {
        let stream = &mut self.stream;
        stream.reserve_capacity(wanted);
        let room = async {
            loop {
                match stream.capacity() {
                    0 => {}
                    room => return Ok(room),
                }
                match poll_fn(|context| stream.poll_capacity(context)).await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(gone(error)),
                    None => return Err("the client is gone: the stream is closed".to_owned()),
                }
            }
        };
        match timeout(self.stall_timeout, room).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(text)) => Err((Reason::CANCEL, text)),
            Err(_) => {
                let text = "the client's window stayed closed for http2.stall_timeout_ms";
                Err((Reason::CANCEL, text.to_owned()))
            }
        }
    }

    /// Sends the frames of a body that is `length` bytes long where that is known.
    async fn frames(
        &mut self,
        body: &mut (impl Body<Data = Bytes, Error = BodyError> + Unpin),
        length: Option<u64>,
    ) -> Result<(), Failure> {
        let broken = |text: &str| (Reason::INTERNAL_ERROR, text.to_owned());
        loop {
            let next = tokio::select! {
                biased;
                next = body.frame() => next,
                reset = poll_fn(|context| self.stream.poll_reset(context)) => {
                    let text = reset.map_or_else(gone, |reason| {
                        format!("the client reset the stream: {reason}")
                    });
                    return Err((Reason::CANCEL, text));
                }
            };
            match next {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let total = self.sent.saturating_add(data.len() as u64);
                        if length.is_some_and(|length| total > length) {
                            return Err(broken("the body is longer than announced"));
                        }
                        // The last piece carries the end itself where we know that it is last.
                        let last =
                            body.is_end_stream() && length.is_none_or(|length| total == length);
                        if last || !data.is_empty() {
                            self.data(data, last).await?;
                        }
                        if last {
                            return Ok(());
                        }
                    }
                    Err(frame) => {
                        if length.is_some_and(|length| *self.sent < length) {
                            return Err(broken("the body is shorter than announced"));
                        }
                        if let Ok(trailers) = frame.into_trailers() {
                            return self
                                .stream
                                .send_trailers(trailers)
                                .map_err(|error| (Reason::CANCEL, gone(error)));
                        }
                    }
                },
                Some(Err(error)) => return Err((Reason::INTERNAL_ERROR, error.to_string())),
                None if length.is_some_and(|length| *self.sent < length) => {
                    return Err(broken("the body is shorter than announced"));
                }
                None => return self.data(Bytes::new(), true).await,
            }
        }
    }
}
