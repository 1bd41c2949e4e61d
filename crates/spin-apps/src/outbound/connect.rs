//! Connections of components to the outside: resolved, looked at, then made.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::hosts::{AllowedHosts, default_port, literal};

/// Time for resolving, connecting and the TLS handshake together.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections of one component at the same time, those that are kept for later among them.
const CONNECTIONS_MAX: usize = 256;

/// Names that are looked up at the same time, of all components: each takes a thread.
static RESOLVING: Semaphore = Semaphore::const_new(64);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("the URL has no host")]
    NoHost,
    #[error("{0} cannot be resolved: {1}")]
    Dns(String, std::io::Error),
    #[error("{0} is at private addresses only, and none of them is in allowed_outbound_hosts")]
    Private(String),
    #[error("no connection: {0}")]
    Io(#[from] std::io::Error),
    #[error("the TLS handshake failed: {0}")]
    Tls(std::io::Error),
    #[error("no connection in time")]
    Timeout,
    #[error("the component has {CONNECTIONS_MAX} connections")]
    TooMany,
}

/// Makes the connections of one component.
#[derive(Clone)]
pub(super) struct Connector {
    hosts: Arc<AllowedHosts>,
    places: Arc<Semaphore>,
}

impl Connector {
    /// To what `hosts` allows.
    pub(super) fn new(hosts: Arc<AllowedHosts>) -> Self {
        Self {
            hosts,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        }
    }
}

/// A connection and its place among those of the component.
pub(super) struct Placed {
    stream: Stream,
    _place: OwnedSemaphorePermit,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Placed>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (hosts, places) = (self.hosts.clone(), self.places.clone());
        Box::pin(async move {
            let place = places.try_acquire_owned();
            let place = place.map_err(|_| ConnectError::TooMany)?;
            let stream = tokio::time::timeout(CONNECT_TIMEOUT, connect(&hosts, &uri)).await;
            Ok(TokioIo::new(Placed {
                stream: stream.map_err(|_| ConnectError::Timeout)??,
                _place: place,
            }))
        })
    }
}

async fn connect(hosts: &AllowedHosts, uri: &Uri) -> Result<Stream, ConnectError> {
    let scheme = uri.scheme_str().unwrap_or("http");
    let host = uri.host().ok_or(ConnectError::NoHost)?.to_ascii_lowercase();
    let port = uri
        .port_u16()
        .or_else(|| default_port(scheme))
        .unwrap_or(80);
    stream(Some(hosts), scheme, &host, port, scheme == "https").await
}

/// Connects to a host; with `hosts` only where these allow its address.
///
/// # Errors
/// Why there is no connection.
pub(crate) async fn stream(
    hosts: Option<&AllowedHosts>,
    scheme: &str,
    host: &str,
    port: u16,
    tls: bool,
) -> Result<Stream, ConnectError> {
    let allows = |ip| hosts.is_none_or(|hosts| hosts.allows_address(scheme, ip, port));
    let mut addresses = resolve(host, port).await?;
    addresses.retain(|address| allows(address.ip()));
    if addresses.is_empty() {
        return Err(ConnectError::Private(host.to_owned()));
    }
    let stream = connect_any(&addresses).await?;
    stream.set_nodelay(true)?;
    if !tls {
        return Ok(Stream::Plain(stream));
    }
    let name = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name)
        .map_err(|error| ConnectError::Tls(std::io::Error::other(error)))?;
    let stream = TlsConnector::from(tls_config())
        .connect(name, stream)
        .await
        .map_err(ConnectError::Tls)?;
    Ok(Stream::Tls(Box::new(stream)))
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    if let Some(address) = literal(host) {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let dns = |error| ConnectError::Dns(host.to_owned(), error);
    let place = RESOLVING.acquire().await;
    let _place = place.map_err(|error| dns(std::io::Error::other(error)))?;
    tokio::net::lookup_host((host, port))
        .await
        .map(Iterator::collect)
        .map_err(dns)
}

async fn connect_any(addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or(ConnectError::NoHost, ConnectError::Io))
}

/// Trusts what the system trusts.
fn tls_config() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let mut roots = RootCertStore::empty();
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!("a certificate authority of the system cannot be read: {error}");
            }
            roots.add_parsable_certificates(found.certs);
            let config = ClientConfig::builder()
                .with_root_certificates(roots)
                .with_no_client_auth();
            Arc::new(config)
        })
        .clone()
}

/// A connection, encrypted or not.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Placed {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Placed {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
