//! The fault listener: raw sockets that break the protocol, chosen by the path of the request.
//!
//! | path | what happens |
//! |---|---|
//! | `/garbage` | bytes that are not HTTP, then close |
//! | `/reset` | half a body, then RST |
//! | `/reset-head` | RST before any byte |
//! | `/slow-head?ms=100` | the head one byte at a time |
//! | `/hang` | never answers |
//! | `/close` | closes at once |
//! | `/huge-header?kb=1024` | one header of that size |
//! | `/many-headers?n=10000` | that many headers |
//! | `/bad-chunk` | a chunk size that is no number |
//! | `/two-lengths` | Content-Length twice, different |
//! | `/length-and-chunked` | both Content-Length and Transfer-Encoding |
//! | `/trailers` | a chunked body with trailers, asked for or not |
//! | `/early` | answers before the body has been read, then closes |
//! | anything else | 200 with `ok` |

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::counts::Counts;

const CONNECTIONS_MAX: usize = 4096;
const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEAD_TIME: Duration = Duration::from_secs(30);
const HANG: Duration = Duration::from_secs(3600);

/// Accepts until the task is stopped. Each request counts as one that reached the shop.
pub(crate) async fn serve(listener: TcpListener, counts: Arc<Counts>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let counts = counts.clone();
        tokio::spawn(async move {
            // The other side may go at any time; that is no news here.
            let _ = misbehave(stream, &counts).await;
            drop(place);
        });
    }
}

async fn misbehave(mut stream: TcpStream, counts: &Counts) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let Ok(head) = timeout(HEAD_TIME, read_head(&mut stream)).await else {
        return Ok(());
    };
    let head = head?;
    let mut words = head.split_ascii_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    counts.request(method, path);
    let number = |name: &str, default: usize| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(default)
    };
    let whole = |answer: String| answer.into_bytes();
    let bytes = match path {
        "/garbage" => b"\x16\x03\x01SSH-2.0 \x00\xff\xfe not http at all\r\n\r\n".to_vec(),
        "/reset" => return reset_in_body(stream).await,
        "/reset-head" => return stream.set_zero_linger(),
        "/slow-head" => return slow_head(stream, number("ms", 100)).await,
        "/hang" => return hang(stream).await,
        "/close" => return Ok(()),
        "/huge-header" => {
            let kb = number("kb", 1024).min(64 * 1024);
            whole(answer(
                &format!("X-Huge: {}\r\n", "h".repeat(kb * 1024)),
                "Content-Length: 2",
                "ok",
            ))
        }
        "/many-headers" => {
            let n = number("n", 10_000).min(1_000_000);
            let many: String = (0..n).map(|i| format!("X-{i}: {i}\r\n")).collect();
            whole(answer(&many, "Content-Length: 2", "ok"))
        }
        "/bad-chunk" => whole(answer(
            "",
            "Transfer-Encoding: chunked",
            "5\r\nhello\r\nzz\r\nworld\r\n0\r\n\r\n",
        )),
        "/two-lengths" => whole(answer(
            "Content-Length: 5\r\n",
            "Content-Length: 2",
            "hello",
        )),
        "/length-and-chunked" => whole(answer(
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked",
            "2\r\nok\r\n0\r\n\r\n",
        )),
        "/trailers" => whole(answer(
            "Trailer: X-Checksum\r\n",
            "Transfer-Encoding: chunked",
            "a\r\nfirst row\n\r\n0\r\nX-Checksum: 5eb63bbbe01eeed0\r\n\r\n",
        )),
        "/early" => {
            stream.write_all(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await?;
            return Ok(());
        }
        _ => whole(answer("", "Content-Length: 2", "ok")),
    };
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    // Closing with unread bytes would be a reset: read on until the other side has closed, too.
    let _ = timeout(Duration::from_secs(5), drain(&mut stream)).await;
    Ok(())
}

fn answer(more_headers: &str, framing: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\
         {more_headers}{framing}\r\n\r\n{body}"
    )
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while head.len() < HEAD_BYTES_MAX && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn reset_in_body(mut stream: TcpStream) -> std::io::Result<()> {
    let body = "x".repeat(8 * 1024);
    let framing = format!("Content-Length: {}", 2 * body.len());
    stream
        .write_all(answer("", &framing, &body).as_bytes())
        .await?;
    // A reset discards what the other side has not read yet: let it read the first half.
    sleep(Duration::from_millis(100)).await;
    // Closing with a linger time of zero sends RST.
    stream.set_zero_linger()
}

async fn slow_head(mut stream: TcpStream, ms: usize) -> std::io::Result<()> {
    let delay = Duration::from_millis(ms.min(600_000) as u64);
    for byte in answer("", "Content-Length: 2", "ok").bytes() {
        stream.write_all(&[byte]).await?;
        sleep(delay).await;
    }
    stream.shutdown().await
}

async fn hang(mut stream: TcpStream) -> std::io::Result<()> {
    match timeout(HANG, drain(&mut stream)).await {
        Ok(ended) => ended,
        Err(_) => Ok(()),
    }
}

async fn drain(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut sink = [0; 4096];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}
