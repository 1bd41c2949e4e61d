//! Bodies made to measure: of any length, at any pace, cut short, with trailers.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use http_body::Frame;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::extract::{Path, Query};
use crate::problem::Problem;

const LENGTH_MAX: u64 = 1 << 36;
const CHUNK_BYTES_MAX: usize = 64 * 1024;
const DELAY_MS_MAX: u64 = 600_000;

/// Byte `i` of every body is `i` modulo this, so that a receiver can check any part of it.
const PERIOD: usize = 251;

/// One chunk at most, plus a period, so that a chunk can start at any phase.
static PATTERN: [u8; CHUNK_BYTES_MAX + PERIOD] = pattern();

const fn pattern() -> [u8; CHUNK_BYTES_MAX + PERIOD] {
    let mut bytes = [0; CHUNK_BYTES_MAX + PERIOD];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = (i % PERIOD) as u8;
        i += 1;
    }
    bytes
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pace {
    /// 1: no Content-Length.
    chunked: u8,
    /// Pause before each chunk.
    delay_ms: u64,
    /// Bytes in a chunk.
    chunk: Option<usize>,
    /// Cache-Control of the answer.
    cc: Option<String>,
}

/// `n` bytes, byte `i` being `i % 251`; with Content-Length unless `chunked=1`.
pub(super) async fn bytes(
    Path(length): Path<u64>,
    Query(pace): Query<Pace>,
) -> Result<Response, Problem> {
    let chunk = pace.chunk.unwrap_or(CHUNK_BYTES_MAX);
    if length > LENGTH_MAX
        || pace.delay_ms > DELAY_MS_MAX
        || !(1..=CHUNK_BYTES_MAX).contains(&chunk)
    {
        return Err(Problem::bad_request(
            "invalid_query",
            format!(
                "At most {LENGTH_MAX} bytes, {DELAY_MS_MAX} ms and chunks of 1 to {CHUNK_BYTES_MAX}."
            ),
        ));
    }
    let (sender, body) = channel();
    let delay = Duration::from_millis(pace.delay_ms);
    tokio::spawn(async move {
        let mut sent = 0;
        while sent < length {
            if !delay.is_zero() {
                sleep(delay).await;
            }
            let size = (length - sent).min(chunk as u64) as usize;
            let phase = (sent % PERIOD as u64) as usize;
            let data = Bytes::from_static(&PATTERN[phase..phase + size]);
            if sender.send(Ok(Frame::data(data))).await.is_err() {
                return;
            }
            sent += size as u64;
        }
    });
    let mut response = binary(body);
    if pace.chunked == 0 {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(value) = pace.cc {
        let value = HeaderValue::try_from(value)
            .map_err(|_| Problem::bad_request("invalid_query", "cc is no header value."))?;
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Cut {
    /// What Content-Length says.
    promise: u64,
    /// What is sent.
    send: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Self {
            promise: 10_000,
            send: 5_000,
        }
    }
}

/// Promises more bytes than it sends, then closes the connection.
pub(super) async fn truncate(Query(cut): Query<Cut>) -> Result<Response, Problem> {
    if cut.send > CHUNK_BYTES_MAX || cut.send as u64 >= cut.promise {
        let detail = format!("send is at most {CHUNK_BYTES_MAX} and less than promise.");
        return Err(Problem::bad_request("invalid_query", detail));
    }
    let (sender, body) = channel();
    tokio::spawn(async move {
        let data = Bytes::from_static(&PATTERN[..cut.send]);
        if sender.send(Ok(Frame::data(data))).await.is_ok() {
            // Time for the server to write it out: an error drops what is still buffered.
            sleep(Duration::from_millis(50)).await;
            // It fails only if the connection has gone, which is what is wanted.
            let _ = sender.send(Err("cut short on request")).await;
        }
    });
    let mut response = binary(body);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(cut.promise));
    Ok(response)
}

/// A chunked body with two trailers. hyper sends them only to a caller that says `TE: trailers`
/// (RFC 9110, section 6.5.1); the fault listener's `/trailers` sends them always.
pub(super) async fn trailers() -> Response {
    let (sender, body) = channel();
    tokio::spawn(async move {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", HeaderValue::from_static("5eb63bbbe01eeed0"));
        trailers.insert("x-rows", HeaderValue::from_static("2"));
        let rows = Frame::data(Bytes::from_static(b"first row\nsecond row\n"));
        for frame in [rows, Frame::trailers(trailers)] {
            if sender.send(Ok(frame)).await.is_err() {
                return;
            }
        }
    });
    let mut response = binary(body);
    let names = HeaderValue::from_static("x-checksum, x-rows");
    response.headers_mut().insert(header::TRAILER, names);
    response
}

fn binary(body: Body) -> Response {
    let mut response = Response::new(body);
    let media_type = HeaderValue::from_static("application/octet-stream");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

type Step = Result<Frame<Bytes>, &'static str>;

/// A body that is fed through the sender, at most four frames ahead of the connection.
fn channel() -> (mpsc::Sender<Step>, Body) {
    let (sender, receiver) = mpsc::channel(4);
    (sender, Body::new(Fed(receiver)))
}

struct Fed(mpsc::Receiver<Step>);

impl http_body::Body for Fed {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Step>> {
        self.0.poll_recv(context)
    }
}
