//! One request on a connection of its own, for checks and for the first answer after a start.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::response::read_head;

const PATIENCE: Duration = Duration::from_secs(30);

/// Status and body.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// The head as it came.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Sends `request` and reads the whole answer.
///
/// # Errors
/// When the server cannot be reached or breaks off.
pub(crate) fn fetch(address: SocketAddr, request: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut received = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut part)?;
        if count == 0 {
            bail!("{address} broke off");
        }
        received.extend_from_slice(part.get(..count).unwrap_or_default());
        if let Some(head) = read_head(&received)? {
            let whole = head.head_bytes as u64 + head.body_bytes;
            if received.len() as u64 >= whole {
                let body = received.split_off(head.head_bytes);
                let head_text = String::from_utf8_lossy(&received).into_owned();
                return Ok(Answer {
                    status: head.status,
                    head: head_text,
                    body,
                });
            }
        }
    }
}

/// Repeats `request` until the answer is 200; how long that took since `begun`.
///
/// # Errors
/// When there is none within two minutes.
pub(crate) fn first_answer(
    address: SocketAddr,
    request: &[u8],
    begun: Instant,
) -> Result<Duration> {
    loop {
        let answer = fetch(address, request);
        let elapsed = begun.elapsed();
        match answer {
            Ok(Answer { status: 200, .. }) => return Ok(elapsed),
            other if elapsed > 4 * PATIENCE => {
                let answer = other.with_context(|| format!("no answer from {address}"))?;
                bail!("{address} answers {}:\n{}", answer.status, answer.head);
            }
            _ => std::thread::sleep(Duration::from_micros(500)),
        }
    }
}
