//! What a component writes to its standard output and error: lines of the log, and the last of it
//! for the record of a request that failed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A longer line is broken. A record of the gateway for Spin is one line.
const LINE_BYTES_MAX: usize = 64 << 10;
/// What is kept of the last lines.
const TAIL_BYTES_MAX: usize = 2048;

/// One of the two streams of an instance.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Lines>>);

struct Lines {
    component: Arc<str>,
    stream: &'static str,
    line: Vec<u8>,
    tail: String,
}

impl Output {
    /// A stream that nothing was written to.
    #[must_use]
    pub(crate) fn new(component: Arc<str>, stream: &'static str) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            component,
            stream,
            line: Vec::new(),
            tail: String::new(),
        })))
    }

    /// The last that was written.
    #[must_use]
    pub(crate) fn tail(&self) -> String {
        let mut lines = self.0.lock();
        lines.end_line();
        lines.tail.trim_end().to_owned()
    }
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' || self.line.len() >= LINE_BYTES_MAX {
                self.end_line();
            }
            if *byte != b'\n' {
                self.line.push(*byte);
            }
        }
    }

    fn end_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        tracing::info!(component = &*self.component, stream = self.stream, "{line}");
        self.tail.push_str(&line);
        self.tail.push('\n');
        let mut cut = self.tail.len().saturating_sub(TAIL_BYTES_MAX);
        while !self.tail.is_char_boundary(cut) {
            cut += 1;
        }
        self.tail.drain(..cut);
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.lock().write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
