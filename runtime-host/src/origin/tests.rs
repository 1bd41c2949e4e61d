//! What bodies do on their way, in parts that need no client connection. The rest is in
//! `tests/origin.rs`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::body::{Progress, without_forged_trailers};
use super::{OriginError, first_byte_within};
use crate::http::BodyError;

const TIMEOUT: Duration = Duration::from_millis(100);

async fn never() {
    std::future::pending().await
}

#[tokio::test]
async fn without_a_body_the_timeout_is_one() {
    let begun = Instant::now();
    let result = first_byte_within(never(), TIMEOUT, None).await;
    assert!(matches!(
        result,
        Err(OriginError::Timeout { waited_ms: 100 })
    ));
    assert!(begun.elapsed() < 3 * TIMEOUT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_that_moves_puts_the_timeout_off() {
    let progress = Arc::new(Progress::start());
    let moving = progress.clone();
    let mover = tokio::spawn(async move {
        for _ in 0..5 {
            tokio::time::sleep(TIMEOUT / 2).await;
            moving.note(false);
        }
    });
    let begun = Instant::now();
    let result = first_byte_within(never(), TIMEOUT, Some(&progress)).await;
    assert!(matches!(result, Err(OriginError::Timeout { .. })));
    assert!(begun.elapsed() >= 3 * TIMEOUT, "{:?}", begun.elapsed());
    mover.await.expect("the mover ends");
}

#[tokio::test]
async fn the_origin_is_not_blamed_for_a_client_that_owes_bytes() {
    let progress = Progress::start();
    progress.note(true);
    let waiting = first_byte_within(never(), TIMEOUT, Some(&progress));
    assert!(
        tokio::time::timeout(4 * TIMEOUT, waiting).await.is_err(),
        "still waiting"
    );
}

#[test]
fn trailers_cannot_forge() {
    let mut trailers = http::HeaderMap::new();
    for name in [
        "x-customer",
        "x_customer",
        "x-forwarded-for",
        "connection",
        "x-sum",
    ] {
        trailers.insert(name, http::HeaderValue::from_static("1"));
    }
    let kept = without_forged_trailers(Frame::trailers(trailers)).into_trailers();
    let kept = kept.expect("trailers");
    assert_eq!(
        kept.keys()
            .map(http::HeaderName::as_str)
            .collect::<Vec<_>>(),
        ["x-sum"]
    );
    let data = without_forged_trailers(Frame::data(Bytes::from_static(b"data")));
    assert_eq!(data.into_data().expect("data"), "data");
}

/// A chunk, then a failure of the client; what the origin's client makes of it.
async fn failure_of(error: BodyError) -> OriginError {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut sink = vec![0; 4096];
        while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
        let _ = stream.shutdown().await;
    });
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/1");
    tokio::spawn(connection);
    let frames = [Ok(Frame::data(Bytes::from_static(b"part"))), Err(error)];
    let body = Frames(frames.into_iter());
    let request = http::Request::post("/").body(body).expect("valid");
    OriginError::from_client(&sender.send_request(request).await.expect_err("a failure"))
}

/// Frames that are there already.
struct Frames(std::array::IntoIter<Result<Frame<Bytes>, BodyError>, 2>);

impl Body for Frames {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(self.0.next())
    }
}

#[tokio::test]
async fn a_body_that_fails_is_the_clients_fault() {
    for (error, status, code) in [
        (BodyError::ClientTimeout, 408, "body_timeout"),
        (BodyError::TooLarge(7), 413, "body_too_large"),
        (BodyError::Malformed("x"), 400, "body_malformed"),
        (BodyError::ClientGone, 400, "client_gone"),
    ] {
        let cause = error.to_string();
        let failure = failure_of(error).await;
        assert_eq!((failure.status(), failure.code()), (status, code));
        assert_eq!(failure.cause(), cause);
    }
}
