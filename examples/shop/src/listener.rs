//! The main listener: no delay on small answers, connections counted and, for `/_test/headers`,
//! the bytes of the last request head kept as they came.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::counts::Counts;

/// Bytes kept of what a connection has received since it last answered.
const KEPT_BYTES_MAX: usize = 128 * 1024;

/// A TCP listener that counts and, if asked, records.
pub(crate) struct ShopListener {
    pub(crate) tcp: TcpListener,
    pub(crate) counts: Arc<Counts>,
    pub(crate) record: bool,
}

impl Listener for ShopListener {
    type Io = Recorded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Recorded, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.tcp).await;
        self.counts.connection();
        // It fails only on a connection that is gone already; reading will tell.
        let _ = stream.set_nodelay(true);
        let received = self.record.then(Received::default);
        (
            Recorded {
                stream,
                received,
                answered: false,
            },
            peer,
        )
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// What a connection received since it last answered: the head of the request now in hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<u8>>>);

impl Received {
    /// The head that begins with `method` and `target`, up to its empty line, if it was kept whole.
    pub(crate) fn head(&self, method: &str, target: &str) -> Option<Vec<u8>> {
        let bytes = self.0.lock();
        let first_line = format!("{method} {target} HTTP/1.");
        // The rest of an earlier body may stand before it: the last match is the request in hand.
        let start = rfind(&bytes, first_line.as_bytes())?;
        let head = bytes.get(start..)?;
        let end = head.windows(4).position(|four| four == b"\r\n\r\n")?;
        head.get(..end).map(<[u8]>::to_vec)
    }
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|part| part == wanted)
}

impl Connected<IncomingStream<'_, ShopListener>> for Received {
    fn connect_info(stream: IncomingStream<'_, ShopListener>) -> Self {
        stream.io().received.clone().unwrap_or_default()
    }
}

/// A TCP connection that may keep a copy of what it receives.
pub(crate) struct Recorded {
    stream: TcpStream,
    received: Option<Received>,
    answered: bool,
}

impl AsyncRead for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let new = buffer.filled().get(before..).unwrap_or_default();
        if !new.is_empty() && self.received.is_some() {
            let answered = std::mem::take(&mut self.answered);
            if let Some(received) = &self.received {
                let mut kept = received.0.lock();
                if answered {
                    kept.clear();
                }
                let room = KEPT_BYTES_MAX.saturating_sub(kept.len()).min(new.len());
                kept.extend_from_slice(&new[..room]);
            }
        }
        polled
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answered = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.answered = true;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
