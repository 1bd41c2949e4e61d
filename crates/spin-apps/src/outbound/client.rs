//! The client of one component: its connections are kept and used again, by it alone.

use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::connect::{ConnectError, Connector};
use super::hosts::AllowedHosts;

/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Unused connections to one host.
const IDLE_MAX: usize = 32;
/// Time for the head of an answer, and between two pieces of its body, unless the component says.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// Makes requests to the outside.
pub(crate) struct OutboundClient {
    client: legacy::Client<Connector, WasiBody>,
}

impl OutboundClient {
    /// A client that reaches what `hosts` allows.
    #[must_use]
    pub(crate) fn new(hosts: Arc<AllowedHosts>) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE_MAX)
            .build(Connector::new(hosts));
        Self { client }
    }

    /// Sends a request and waits for the head of its answer. `component` is for the log.
    ///
    /// # Errors
    /// What the component is told.
    pub(crate) async fn send(
        &self,
        component: &str,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<http::Response<WasiBody>, Error> {
        let first = options.first_byte_timeout.unwrap_or(ANSWER_TIMEOUT);
        let between = options.between_bytes_timeout.unwrap_or(ANSWER_TIMEOUT);
        let authority = request.uri().authority().map(ToString::to_string);
        let answer = tokio::time::timeout(first, self.client.request(request)).await;
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let authority = authority.unwrap_or_default();
                tracing::info!(
                    component,
                    authority,
                    "an outbound request failed: {}",
                    chain(&error)
                );
                return Err(told(&error));
            }
            Err(_) => return Err(Error::HttpResponseTimeout),
        };
        Ok(response.map(|incoming| {
            Timed {
                incoming,
                between,
                sleep: None,
                waits: false,
            }
            .boxed_unsync()
        }))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn told(error: &legacy::Error) -> Error {
    match error.source().and_then(|source| source.downcast_ref()) {
        Some(ConnectError::NoHost) => Error::HttpRequestUriInvalid,
        Some(ConnectError::Dns(..)) => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        Some(ConnectError::Private(_)) => Error::DestinationIpProhibited,
        Some(ConnectError::Io(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Error::ConnectionRefused
        }
        Some(ConnectError::Io(_)) => Error::DestinationUnavailable,
        Some(ConnectError::Tls(_)) => Error::TlsProtocolError,
        Some(ConnectError::Timeout) => Error::ConnectionTimeout,
        Some(ConnectError::TooMany) => Error::ConnectionLimitReached,
        None => Error::HttpProtocolError,
    }
}

/// A body whose pieces must come in time.
struct Timed {
    incoming: Incoming,
    between: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    waits: bool,
}

impl Body for Timed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.incoming).poll_frame(context) {
            this.waits = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        let deadline = Instant::now() + this.between;
        let sleep = this
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !this.waits {
            sleep.as_mut().reset(deadline);
            this.waits = true;
        }
        sleep
            .as_mut()
            .poll(context)
            .map(|()| Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
