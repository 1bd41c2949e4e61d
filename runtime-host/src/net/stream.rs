//! The two halves of a connection, encrypted or not, behind one type each.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

/// The reading half, with the bytes that were read and not used yet.
pub struct Reader {
    io: ReadIo,
    /// Bytes read ahead.
    pub buffer: BytesMut,
}

enum ReadIo {
    Plain(OwnedReadHalf),
    Tls(tokio::io::ReadHalf<TlsStream<TcpStream>>),
}

/// The writing half.
pub enum Writer {
    /// Not encrypted.
    Plain(OwnedWriteHalf),
    /// TLS.
    Tls(tokio::io::WriteHalf<TlsStream<TcpStream>>),
}

/// Splits a plain connection; `read_ahead` was read from it already.
#[must_use]
pub fn split_plain(stream: TcpStream, read_ahead: BytesMut) -> (Reader, Writer) {
    let (read, write) = stream.into_split();
    (
        Reader {
            io: ReadIo::Plain(read),
            buffer: read_ahead,
        },
        Writer::Plain(write),
    )
}

/// Splits an encrypted connection.
#[must_use]
pub fn split_tls(stream: TlsStream<TcpStream>) -> (Reader, Writer) {
    let (read, write) = tokio::io::split(stream);
    (
        Reader {
            io: ReadIo::Tls(read),
            buffer: BytesMut::new(),
        },
        Writer::Tls(write),
    )
}

impl Reader {
    /// Reads more into the buffer; 0 at the end of the stream.
    pub fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        /// The buffer grows in steps of this; a head usually fits into one.
        const ROOM_BYTES: usize = 8 * 1024;
        if self.buffer.capacity() - self.buffer.len() < ROOM_BYTES / 2 {
            self.buffer.reserve(ROOM_BYTES);
        }
        let Self { io, buffer } = self;
        match io {
            ReadIo::Plain(half) => tokio_util::io::poll_read_buf(Pin::new(half), context, buffer),
            ReadIo::Tls(half) => tokio_util::io::poll_read_buf(Pin::new(half), context, buffer),
        }
    }

    /// Reads more into the buffer; 0 at the end of the stream.
    ///
    /// # Errors
    /// Those of the socket.
    pub async fn fill(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|context| self.poll_fill(context)).await
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { io, buffer } = self.get_mut();
        if !buffer.is_empty() {
            let take = buffer.len().min(target.remaining());
            target.put_slice(&buffer.split_to(take));
            return Poll::Ready(Ok(()));
        }
        match io {
            ReadIo::Plain(half) => Pin::new(half).poll_read(context, target),
            ReadIo::Tls(half) => Pin::new(half).poll_read(context, target),
        }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_write(context, bytes),
            Self::Tls(half) => Pin::new(half).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_write_vectored(context, slices),
            Self::Tls(half) => Pin::new(half).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(half) => half.is_write_vectored(),
            Self::Tls(half) => half.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_flush(context),
            Self::Tls(half) => Pin::new(half).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_shutdown(context),
            Self::Tls(half) => Pin::new(half).poll_shutdown(context),
        }
    }
}
