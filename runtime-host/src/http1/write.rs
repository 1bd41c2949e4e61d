//! Writing a response to an HTTP/1 connection.

use std::io::{self, IoSlice};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::http::{Response, ResponseBody};

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
    /// Body bytes that the socket took.
    pub(super) bytes: u64,
    /// The connection can take another request.
    pub(super) reusable: bool,
    /// Why the answer ended early.
    pub(super) failure: Option<String>,
}

/// Writes `response`, whose client may accept nothing for `timeout`. `scratch` is cleared and
/// reused for the head.
pub(super) async fn write_response(
    writer: &mut (impl AsyncWrite + Unpin),
    scratch: &mut Vec<u8>,
    response: &mut Response,
    manner: Manner,
    timeout: Duration,
) -> Sent {
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
    let mut out = Out {
        writer,
        timeout,
        body_bytes: &mut sent.bytes,
    };
    let written = match body {
        _ if bodiless || manner.head => out.send(scratch, &[]).await,
        ResponseBody::Full(bytes) => out.send(scratch, &bytes).await,
        ResponseBody::Stream { mut body, .. } => {
            let framing = Delimited {
                chunked,
                trailers: manner.trailers,
                length,
            };
            match stream(&mut out, scratch, &mut body, framing).await {
                Ok(None) => Ok(()),
                Ok(failure) => {
                    // The status line is out: only an early close tells the client.
                    sent.reusable = false;
                    sent.failure = failure;
                    return sent;
                }
                Err(error) => Err(error),
            }
        }
    };
    if let Err(error) = written {
        sent.reusable = false;
        sent.failure = Some(format!("the client is gone: {error}"));
    }
    sent
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
    out.extend_from_slice(&response.stored_lines);
    out.extend_from_slice(response.fields.lines());
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

/// How a streamed body is delimited.
#[derive(Clone, Copy)]
struct Delimited {
    chunked: bool,
    /// Trailers may be sent; only in chunks.
    trailers: bool,
    length: Option<u64>,
}

/// Sends the frames of a body; the head waits in `scratch` to leave with the first of them.
/// Gives the reason where the body ended early.
///
/// # Errors
/// Those of [`Out::send`].
async fn stream<W: AsyncWrite + Unpin>(
    out: &mut Out<'_, W>,
    scratch: &mut Vec<u8>,
    body: &mut (impl http_body::Body<Data = Bytes, Error = crate::http::BodyError> + Unpin),
    framing: Delimited,
) -> io::Result<Option<String>> {
    let mut passed = 0_u64;
    loop {
        let next = match poll_now(body).await {
            Some(frame) => frame,
            None => {
                // Nothing there yet: what is ready leaves now, then we wait.
                out.send(scratch, &[]).await?;
                scratch.clear();
                body.frame().await
            }
        };
        match next {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    passed += data.len() as u64;
                    if framing.length.is_some_and(|length| passed > length) {
                        return Ok(Some("the body is longer than announced".to_owned()));
                    }
                    if framing.chunked {
                        use std::io::Write as _;
                        write!(scratch, "{:x}\r\n", data.len())?;
                    }
                    out.send(scratch, &data).await?;
                    scratch.clear();
                    if framing.chunked {
                        scratch.extend_from_slice(b"\r\n");
                    }
                }
                Err(frame) => {
                    if let (true, true, Ok(trailers)) =
                        (framing.chunked, framing.trailers, frame.into_trailers())
                    {
                        scratch.extend_from_slice(b"0\r\n");
                        for (name, value) in &trailers {
                            scratch.extend_from_slice(name.as_str().as_bytes());
                            scratch.extend_from_slice(b": ");
                            scratch.extend_from_slice(value.as_bytes());
                            scratch.extend_from_slice(b"\r\n");
                        }
                        scratch.extend_from_slice(b"\r\n");
                        out.send(scratch, &[]).await?;
                        return Ok(None);
                    }
                }
            },
            Some(Err(error)) => {
                out.send(scratch, &[]).await?;
                return Ok(Some(error.to_string()));
            }
            None => break,
        }
    }
    if framing.chunked {
        scratch.extend_from_slice(b"0\r\n\r\n");
    }
    out.send(scratch, &[]).await?;
    let short = framing.length.is_some_and(|length| passed < length);
    Ok(short.then(|| "the body is shorter than announced".to_owned()))
}

/// A frame that is there already, `None` where the body is not ready.
async fn poll_now<B>(body: &mut B) -> Option<Option<Result<http_body::Frame<Bytes>, B::Error>>>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    std::future::poll_fn(|context| {
        Poll::Ready(match std::pin::Pin::new(&mut *body).poll_frame(context) {
            Poll::Ready(frame) => Some(frame),
            Poll::Pending => None,
        })
    })
    .await
}

/// Writes `bytes` whole, outside of any answer.
///
/// # Errors
/// As [`Out::send`].
pub(super) async fn send(
    writer: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    timeout: Duration,
) -> io::Result<()> {
    let mut out = Out {
        writer,
        timeout,
        body_bytes: &mut 0,
    };
    out.send(bytes, &[]).await
}

/// Where an answer goes.
struct Out<'a, W> {
    writer: &'a mut W,
    /// Longest time in which the client accepts no byte.
    timeout: Duration,
    /// Bytes of the body that the socket took.
    body_bytes: &'a mut u64,
}

impl<W: AsyncWrite + Unpin> Out<'_, W> {
    /// Writes both slices whole, with one system call where the socket takes them. `second` is of
    /// the body.
    ///
    /// # Errors
    /// Those of the socket, and [`io::ErrorKind::TimedOut`] where the client does not read.
    async fn send(&mut self, mut first: &[u8], mut second: &[u8]) -> io::Result<()> {
        if first.is_empty() && second.is_empty() {
            return Ok(());
        }
        while !first.is_empty() || !second.is_empty() {
            let slices = [IoSlice::new(first), IoSlice::new(second)];
            let written = in_time(self.timeout, self.writer.write_vectored(&slices)).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_first = written.min(first.len());
            first.advance(of_first);
            second.advance(written - of_first);
            *self.body_bytes += (written - of_first) as u64;
        }
        in_time(self.timeout, self.writer.flush()).await
    }
}

/// Waits for a write. One that needs no waiting looks at no clock.
async fn in_time<T>(
    timeout: Duration,
    write: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut write = pin!(write);
    let now = std::future::poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await;
    if let Poll::Ready(done) = now {
        return done;
    }
    tokio::time::timeout(timeout, write)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the client does not read"))?
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::http::Fields;

    const BODY_BYTES: usize = 8 * 1024 * 1024;
    const TIMEOUT: Duration = Duration::from_secs(1);

    /// What the gate says of a client that reads a piece after each `pause`, `pieces` in all.
    async fn read_slowly(pause: Duration, pieces: u32) -> (usize, Sent) {
        let (mut gate, mut client) = tokio::io::duplex(16 * 1024);
        let reading = tokio::spawn(async move {
            let (mut got, mut piece) = (0, vec![0; 64 * 1024]);
            for _ in 0..pieces {
                tokio::time::sleep(pause).await;
                match client.read(&mut piece).await {
                    Ok(read) if read > 0 => got += read,
                    _ => break,
                }
            }
            got
        });
        let body = Bytes::from(vec![7; BODY_BYTES]);
        let mut response = Response::full(200, Fields::default(), body);
        let manner = Manner {
            head: false,
            version: 11,
            keep_alive: true,
            trailers: false,
        };
        let mut scratch = Vec::new();
        let sent = write_response(&mut gate, &mut scratch, &mut response, manner, TIMEOUT).await;
        drop(gate);
        if sent.failure.is_some() {
            reading.abort();
        }
        (reading.await.unwrap_or(0), sent)
    }

    #[tokio::test]
    async fn slow_clients_are_served_as_long_as_they_read() {
        let begun = std::time::Instant::now();
        let (got, sent) = read_slowly(Duration::from_millis(4), u32::MAX).await;
        assert!(sent.reusable && sent.failure.is_none(), "{sent:?}");
        assert_eq!(sent.bytes, BODY_BYTES as u64);
        assert!(got > BODY_BYTES, "{got} bytes with the head");
        assert!(begun.elapsed() > TIMEOUT, "the client was not slow");
    }

    #[tokio::test]
    async fn what_was_sent_is_told_of_those_that_stop() {
        for pause in [Duration::from_secs(60), Duration::ZERO] {
            let (_, sent) = read_slowly(pause, 10).await;
            assert!(!sent.reusable, "{sent:?}");
            let failure = sent.failure.as_deref().unwrap_or_default();
            assert!(failure.starts_with("the client is gone"), "{sent:?}");
            assert!((1000..200_000).contains(&sent.bytes), "{sent:?}");
        }
    }
}
