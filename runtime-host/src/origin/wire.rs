//! One connection to an origin, driven by whoever uses it.
//!
//! hyper's connection is a future of its own. Here it has no task: it is polled by the request
//! that it carries and then by the body of the answer, so that a request costs no hand-over
//! between tasks, a client that does not read stops the reading from the origin, and dropping
//! the body closes the connection. Between requests it lies in the [`Pool`](super::pool::Pool).

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::READ_BUFFER_BYTES_MAX;
use super::body::Outgoing;

/// A connection with hyper's two ends of it.
pub(super) struct Wire {
    sender: SendRequest<Outgoing>,
    /// `None` once it has ended.
    connection: Option<Connection<TokioIo<TcpStream>, Outgoing>>,
}

/// No answer.
pub(super) struct NotSent {
    pub(super) error: hyper::Error,
    /// The request, where no byte of it was written: another connection may take it.
    pub(super) unsent: Option<Request<Outgoing>>,
}

impl Wire {
    /// A connection over `stream`.
    ///
    /// # Errors
    /// As hyper's handshake, which for HTTP/1 sends nothing.
    pub(super) async fn new(stream: TokioIo<TcpStream>) -> hyper::Result<Self> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(READ_BUFFER_BYTES_MAX)
            .handshake(stream)
            .await?;
        Ok(Self {
            sender,
            connection: Some(connection),
        })
    }

    /// Sends a request and waits for the head of the answer. The body of the answer moves only
    /// while the connection is driven: see [`Self::drive`].
    ///
    /// # Errors
    /// [`NotSent`].
    pub(super) async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, NotSent> {
        let Self { sender, connection } = self;
        let mut answer = pin!(sender.try_send_request(request));
        poll_fn(|context| {
            drive(connection, context);
            answer.as_mut().poll(context)
        })
        .await
        .map_err(|mut error| NotSent {
            unsent: error.take_message(),
            error: error.into_error(),
        })
    }

    /// Moves bytes in both directions, as far as they go now; wakes `context` when more would.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        drive(&mut self.connection, context);
    }

    /// Whether another request may be sent: the last exchange is over in both directions and
    /// the origin keeps the connection.
    pub(super) fn is_ready(&mut self, context: &mut Context<'_>) -> bool {
        self.drive(context);
        self.connection.is_some() && self.sender.is_ready()
    }
}

fn drive<C: Future + Unpin>(connection: &mut Option<C>, context: &mut Context<'_>) {
    // How it ended is told by the answer or its body.
    if let Some(driven) = connection
        && let Poll::Ready(_) = Pin::new(driven).poll(context)
    {
        *connection = None;
    }
}
