//! The servers behind the gate: an HTTP/1.1 client with kept connections ([`pool`]) for each.
//!
//! Invariants: fields of one hop never reach the next ([`fields`]); what a client says about
//! itself that only the gate can know is replaced ([`request`]); every wait has a
//! deadline ([`body`], [`response`]).

mod body;
mod component;
mod error;
mod fields;
mod pool;
mod request;
mod response;
mod told;
mod wire;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use lockgate_config::types::OriginServer;
use tower_service::Service as _;

pub use error::OriginError;
pub use response::OriginResponse;
pub(crate) use told::end_to_end;

use self::body::{Outgoing, Progress};
use self::pool::Pool;
use self::wire::{NotSent, Wire};
use crate::http::{RequestBody, RequestHead};
use crate::spin::{App, CHAINING_SUFFIX, Runner};

/// A response head that has not ended after so many bytes is malformed, and so is one of more
/// than hyper's 100 fields. Soft: a head that ends within the last read, which may double it,
/// passes. Also the most of a body that is read at once.
const READ_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// A connection on which nothing moves is probed after this time.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// All origins of a configuration, by name.
#[derive(Default)]
pub struct Origins {
    by_name: BTreeMap<String, Arc<Origin>>,
    /// The app whose components can be origins.
    app: Option<Arc<App>>,
}

impl Origins {
    /// Clients for `config`. Nothing is connected before it is needed.
    #[must_use]
    pub fn new(config: &BTreeMap<String, OriginServer>) -> Self {
        Self::default().updated(config)
    }

    /// Clients that also reach the components of an app, at `http://ID.spin.internal`.
    #[must_use]
    pub fn with_app(app: Arc<App>, config: &BTreeMap<String, OriginServer>) -> Self {
        let none = Self {
            by_name: BTreeMap::new(),
            app: Some(app),
        };
        none.updated(config)
    }

    /// The same for another configuration. Origins that did not change keep their connections.
    #[must_use]
    pub fn updated(&self, config: &BTreeMap<String, OriginServer>) -> Self {
        let origin = |(name, server): (&String, &OriginServer)| {
            let kept = self
                .by_name
                .get(name)
                .filter(|origin| origin.config == *server);
            let origin = kept
                .cloned()
                .unwrap_or_else(|| Arc::new(Origin::new(server.clone(), self.app.as_deref())));
            (name.clone(), origin)
        };
        Self {
            by_name: config.iter().map(origin).collect(),
            app: self.app.clone(),
        }
    }

    /// The origin of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Origin>> {
        self.by_name.get(name).cloned()
    }
}

/// One origin: its settings and its connections.
pub struct Origin {
    config: OriginServer,
    /// `None` where the URL's host is none that the client can name; the configuration's
    /// grammar leaves no such host.
    authority: Option<(Uri, HeaderValue)>,
    connector: HttpConnector,
    pool: Arc<Pool>,
    /// The component that it is.
    component: Option<Arc<Runner>>,
}

/// A request on its way to an origin.
#[derive(Clone, Copy)]
pub struct Forward<'a> {
    /// The method.
    pub method: &'a [u8],
    /// Path and query in canonical form, or `*`.
    pub target: &'a [u8],
    /// The client's fields.
    pub head: &'a RequestHead,
    /// The canonical host that the client named, without port.
    pub host: &'a [u8],
    /// The client came over TLS.
    pub tls: bool,
    /// The TCP peer.
    pub peer: IpAddr,
    /// The peer is a trusted proxy: its forwarding fields are added to, not replaced.
    pub trusted_peer: bool,
    /// Fields of the plan. They replace the client's.
    pub set_headers: &'a [(&'a [u8], &'a [u8])],
    /// Sent as `X-Request-Id`.
    pub request_id: &'a str,
    /// The answer is the source of another picture: the origin is asked for all of it, in a
    /// format that is read, whatever part or coding the client takes.
    pub picture: bool,
    /// Rules look at the answer: it is asked for without a content coding.
    pub without_coding: bool,
}

impl Origin {
    fn new(config: OriginServer, app: Option<&App>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_keepalive(Some(TCP_KEEPALIVE));
        connector.set_connect_timeout(Some(Duration::from_millis(config.connect_timeout_ms)));
        let pool = Pool::new(
            config.idle_connections_max as usize,
            Duration::from_millis(config.idle_timeout_ms),
        );
        let text = config.url.authority();
        let uri = Uri::builder()
            .scheme("http")
            .authority(text)
            .path_and_query("/")
            .build();
        let component = text
            .strip_suffix(CHAINING_SUFFIX)
            .and_then(|id| app?.component(id));
        let authority = uri.ok().zip(HeaderValue::from_str(text).ok());
        Self {
            config,
            authority,
            connector,
            pool,
            component,
        }
    }

    /// Sends a request, its body streaming, and waits for the head of the answer.
    ///
    /// # Errors
    /// [`OriginError`]: each is one answer to the client.
    pub async fn send(
        &self,
        forward: Forward<'_>,
        body: RequestBody,
    ) -> Result<OriginResponse, OriginError> {
        if let Some(component) = &self.component {
            return component::send(self, component, forward, body).await;
        }
        let request = request::build(self, &forward, &body)?;
        let head_only = forward.method == b"HEAD";
        let progress = match body {
            RequestBody::Empty => None,
            _ => Some(Arc::new(Progress::start())),
        };
        let request = request.map(|()| Outgoing::new(body, progress.clone()));
        let sending = self.exchange(request);
        let first_byte = Duration::from_millis(self.config.first_byte_timeout_ms);
        let (answer, wire) = first_byte_within(sending, first_byte, progress.as_deref()).await??;
        let idle = Duration::from_millis(self.config.idle_timeout_ms);
        response::receive(answer, wire, self.pool.clone(), head_only, idle)
    }

    /// Sends over a kept connection, or a new one. A kept connection that closed before a byte
    /// of the request was written, and only that, is replaced by another: what was begun is
    /// never sent twice.
    async fn exchange(
        &self,
        mut request: Request<Outgoing>,
    ) -> Result<(Response<Incoming>, Wire), OriginError> {
        while let Some(mut wire) = self.pool.take() {
            match wire.send(request).await {
                Ok(answer) => return Ok((answer, wire)),
                Err(NotSent {
                    unsent: Some(unsent),
                    ..
                }) => request = unsent,
                Err(failed) => return Err(OriginError::from_client(&failed.error)),
            }
        }
        let mut wire = self.connect().await?;
        match wire.send(request).await {
            Ok(answer) => Ok((answer, wire)),
            Err(failed) => Err(OriginError::from_client(&failed.error)),
        }
    }

    async fn connect(&self) -> Result<Wire, OriginError> {
        let Some((address, _)) = &self.authority else {
            return Err(OriginError::Unreachable(
                "the origin's URL names no host".to_owned(),
            ));
        };
        let stream = self
            .connector
            .clone()
            .call(address.clone())
            .await
            .map_err(|error| OriginError::from_connector(&error))?;
        Wire::new(stream)
            .await
            .map_err(|error| OriginError::from_client(&error))
    }
}

/// Waits until `timeout` has passed since the last byte of the request was handed over (or since
/// the start, for a request without a body; connecting counts). While the client owes bytes of
/// the body, its own deadline counts, not the origin's.
async fn first_byte_within<F: Future>(
    answer: F,
    timeout: Duration,
    progress: Option<&Progress>,
) -> Result<F::Output, OriginError> {
    let mut answer = pin!(answer);
    let mut deadline = Instant::now() + timeout;
    loop {
        if let Ok(answer) = tokio::time::timeout_at(deadline.into(), answer.as_mut()).await {
            return Ok(answer);
        }
        let now = Instant::now();
        match progress.map(|progress| progress.moved_at(now) + timeout) {
            Some(later) if later > now => deadline = later,
            _ => {
                return Err(OriginError::Timeout {
                    waited_ms: timeout.as_millis(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
