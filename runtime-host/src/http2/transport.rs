//! The byte stream below `h2`: counts frames, ends writes that nobody reads, closes gently.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::meter::{Excess, Meter};
use crate::net::{Reader, Writer};

/// How long a closed connection waits for the client to read GOAWAY, and how much it may still
/// send meanwhile. Closing with unread bytes would reset the connection and lose the frame.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Both halves of a connection as one stream.
pub(super) struct Transport {
    reader: Reader,
    writer: Writer,
    meter: Meter,
    /// Set once a client sent too much. From then on its bytes are thrown away, unread by `h2`.
    excess: Arc<OnceLock<Excess>>,
    send_timeout: Duration,
    write_blocked: Option<Pin<Box<Sleep>>>,
    shut: Option<Pin<Box<Sleep>>>,
    thrown: usize,
}

impl Transport {
    /// A stream whose client may let writes wait for `send_timeout`.
    pub(super) fn new(
        reader: Reader,
        writer: Writer,
        meter: Meter,
        send_timeout: Duration,
    ) -> Self {
        Self {
            reader,
            writer,
            meter,
            excess: Arc::default(),
            send_timeout,
            write_blocked: None,
            shut: None,
            thrown: 0,
        }
    }

    /// Where the connection sees that its client sent too much.
    pub(super) fn excess(&self) -> Arc<OnceLock<Excess>> {
        self.excess.clone()
    }

    /// Reads and forgets until nothing comes, the client has closed or it sent too much.
    fn poll_throw_away(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sink = [0_u8; 4096];
        while self.thrown < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut sink);
            ready!(Pin::new(&mut self.reader).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.thrown += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }

    /// Passes a write's result on; one that is pending for too long becomes an error.
    fn timed<T>(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.write_blocked = None;
            return result;
        }
        let timeout = self.send_timeout;
        let blocked = self
            .write_blocked
            .get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(blocked.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not read",
        )))
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.excess.get().is_none() {
            let before = target.filled().len();
            ready!(Pin::new(&mut this.reader).poll_read(context, target))?;
            let Err(excess) = this.meter.feed(&target.filled()[before..], Instant::now()) else {
                return Poll::Ready(Ok(()));
            };
            target.set_filled(before);
            // The connection looks here after each poll, of which this is a part.
            let _ = this.excess.set(excess);
        }
        this.poll_throw_away(context)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.writer).poll_write(context, bytes);
        this.timed(context, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.writer).poll_write_vectored(context, slices);
        this.timed(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.writer).poll_flush(context);
        this.timed(context, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.shut.is_none() {
            let result = Pin::new(&mut this.writer).poll_shutdown(context);
            ready!(this.timed(context, result))?;
        }
        let shut = this.shut.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if shut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        this.poll_throw_away(context)
    }
}
