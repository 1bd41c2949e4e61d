//! Writing a response to an HTTP/1 connection.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;

use crate::http::{Response, ResponseBody};
use crate::net::Writer;

/// What the request says about how to answer it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// A HEAD request: no body is sent.
    pub(super) head: bool,
    /// HTTP version: 10 or 11.
    pub(super) version: u8,
    /// The connection stays open afterwards.
    pub(super) keep_alive: bool,
    /// The client announced that it reads trailers (`TE: trailers`).
    pub(super) trailers: bool,
}

/// How a response ended.
#[derive(Debug)]
pub(super) struct Sent {
    /// Body bytes written.
    pub(super) bytes: u64,
    /// The connection can take another request.
    pub(super) reusable: bool,
    /// Why the body ended early.
    pub(super) failure: Option<String>,
}

/// Writes `response`. `scratch` is cleared and reused for the head.
///
/// # Errors
/// Those of the socket, and [`io::ErrorKind::TimedOut`] where the client does not read.
pub(super) async fn write_response(
    writer: &mut Writer,
    scratch: &mut Vec<u8>,
    response: &mut Response,
    manner: Manner,
    timeout: Duration,
) -> io::Result<Sent> {
    let bodiless = Response::bodiless(response.status);
    let body = std::mem::replace(&mut response.body, ResponseBody::empty());
    let (length, chunked) = match &body {
        _ if bodiless => (None, false),
        _ if manner.head => (
            response.announced_length.or_else(|| body_length(&body)),
            false,
        ),
        ResponseBody::Full(bytes) => (Some(bytes.len() as u64), false),
        ResponseBody::Stream {
            length: Some(length),
            ..
        } => (Some(*length), false),
        ResponseBody::Stream { length: None, .. } => (None, manner.version >= 11),
    };
    let delimited = bodiless || manner.head || length.is_some() || chunked;
    let keep_alive = manner.keep_alive && delimited && !response.close;
    write_head(
        scratch,
        response,
        length,
        chunked,
        keep_alive,
        manner.version,
    );
    let mut sent = Sent {
        bytes: 0,
        reusable: keep_alive,
        failure: None,
    };
    match body {
        _ if bodiless || manner.head => send(writer, scratch, &[], timeout).await?,
        ResponseBody::Full(bytes) => {
            send(writer, scratch, &bytes, timeout).await?;
            sent.bytes = bytes.len() as u64;
        }
        ResponseBody::Stream { mut body, .. } => {
            let chunked = chunked.then_some(manner.trailers);
            stream(
                writer, scratch, &mut body, chunked, length, timeout, &mut sent,
            )
            .await?;
        }
    }
    Ok(sent)
}

fn body_length(body: &ResponseBody) -> Option<u64> {
    match body {
        ResponseBody::Full(bytes) => (!bytes.is_empty()).then_some(bytes.len() as u64),
        ResponseBody::Stream { length, .. } => *length,
    }
}

fn write_head(
    out: &mut Vec<u8>,
    response: &Response,
    length: Option<u64>,
    chunked: bool,
    keep_alive: bool,
    version: u8,
) {
    out.clear();
    out.extend_from_slice(b"HTTP/1.1 ");
    let mut digits = [b'0'; 3];
    for (digit, unit) in digits.iter_mut().zip([100, 10, 1]) {
        *digit = b'0' + u8::try_from(response.status / unit % 10).unwrap_or(0);
    }
    out.extend_from_slice(&digits);
    out.push(b' ');
    let reason = http::StatusCode::from_u16(response.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown");
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(response.fields.lines());
    out.extend_from_slice(&response.stored_lines);
    if let Some(length) = length {
        out.extend_from_slice(b"content-length: ");
        let mut number = [0_u8; 20];
        out.extend_from_slice(decimal(length, &mut number));
        out.extend_from_slice(b"\r\n");
    } else if chunked {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    if !keep_alive {
        out.extend_from_slice(b"connection: close\r\n");
    } else if version < 11 {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

fn decimal(mut number: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut at = room.len();
    loop {
        at -= 1;
        room[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            return &room[at..];
        }
    }
}

/// Sends the frames of a body; the head waits in `scratch` to leave with the first of them.
async fn stream(
    writer: &mut Writer,
    scratch: &mut Vec<u8>,
    body: &mut (impl http_body::Body<Data = Bytes, Error = crate::http::BodyError> + Unpin),
    chunked: Option<bool>,
    length: Option<u64>,
    timeout: Duration,
    sent: &mut Sent,
) -> io::Result<()> {
    loop {
        let next = match poll_now(body).await {
            Some(frame) => frame,
            None => {
                // Nothing there yet: what is ready leaves now, then we wait.
                send(writer, scratch, &[], timeout).await?;
                scratch.clear();
                body.frame().await
            }
        };
        match next {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    sent.bytes += data.len() as u64;
                    if length.is_some_and(|length| sent.bytes > length) {
                        sent.reusable = false;
                        sent.failure = Some("the body is longer than announced".to_owned());
                        return Ok(());
                    }
                    if chunked.is_some() {
                        use std::io::Write as _;
                        write!(scratch, "{:x}\r\n", data.len())?;
                    }
                    send(writer, scratch, &data, timeout).await?;
                    scratch.clear();
                    if chunked.is_some() {
                        scratch.extend_from_slice(b"\r\n");
                    }
                }
                Err(frame) => {
                    if let (Some(true), Ok(trailers)) = (chunked, frame.into_trailers()) {
                        scratch.extend_from_slice(b"0\r\n");
                        for (name, value) in &trailers {
                            scratch.extend_from_slice(name.as_str().as_bytes());
                            scratch.extend_from_slice(b": ");
                            scratch.extend_from_slice(value.as_bytes());
                            scratch.extend_from_slice(b"\r\n");
                        }
                        scratch.extend_from_slice(b"\r\n");
                        return send(writer, scratch, &[], timeout).await;
                    }
                }
            },
            Some(Err(error)) => {
                // The status line is out: only an early close tells the client.
                sent.reusable = false;
                sent.failure = Some(error.to_string());
                send(writer, scratch, &[], timeout).await?;
                return Ok(());
            }
            None => break,
        }
    }
    if chunked.is_some() {
        scratch.extend_from_slice(b"0\r\n\r\n");
    }
    if length.is_some_and(|length| sent.bytes < length) {
        sent.reusable = false;
        sent.failure = Some("the body is shorter than announced".to_owned());
    }
    send(writer, scratch, &[], timeout).await
}

/// A frame that is there already, `None` where the body is not ready.
async fn poll_now<B>(body: &mut B) -> Option<Option<Result<http_body::Frame<Bytes>, B::Error>>>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *body).poll_frame(context) {
            std::task::Poll::Ready(frame) => Some(frame),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

/// Writes both slices whole, with one system call where the socket takes them.
pub(super) async fn send(
    writer: &mut Writer,
    first: &[u8],
    second: &[u8],
    timeout: Duration,
) -> io::Result<()> {
    if first.is_empty() && second.is_empty() {
        return Ok(());
    }
    let write_all = async {
        let (mut first, mut second) = (first, second);
        while !first.is_empty() || !second.is_empty() {
            let slices = [IoSlice::new(first), IoSlice::new(second)];
            let written = writer.write_vectored(&slices).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_first = written.min(first.len());
            first.advance(of_first);
            second.advance(written - of_first);
        }
        writer.flush().await
    };
    tokio::time::timeout(timeout, write_all)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the client does not read"))?
}
