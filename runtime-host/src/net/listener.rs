//! Sockets that listen: bind, accept, open each connection on a task of its own, drain.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use bytes::BytesMut;
use lockgate_config::types::Listener;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::rustls::ProtocolVersion;

use super::stream::{Reader, Writer, split_plain, split_tls};
use super::{Tls, ja4, proxy_protocol};
use crate::gate::{Connection, Gate, Refused};
use crate::{http1, http2};

/// Connections that wait in the kernel to be accepted. Linux cuts this at `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// Time for a PROXY protocol header: proxies send it with the first packet.
const PROXY_TIMEOUT: Duration = Duration::from_secs(3);
/// Pause after a failed accept; without descriptors the next one would fail at once as well.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time in which a refused connection may read its answer.
const REFUSAL_LINGER: Duration = Duration::from_millis(500);
/// Time for the first bytes of a connection while the gate drains. The client may have sent them
/// before anything told it.
const FIRST_BYTES: Duration = Duration::from_millis(500);
/// Refused connections that may do so at once. Further ones are closed without a word.
const REFUSALS_MAX: usize = 128;

/// All sockets of a configuration, bound and listening.
pub struct Listeners {
    bound: Vec<Bound>,
}

struct Bound {
    name: String,
    options: Options,
    address: SocketAddr,
    socket: StdListener,
}

#[derive(Clone, Copy)]
struct Options {
    tls: bool,
    proxy_protocol: bool,
    http2: bool,
}

impl Listeners {
    /// Binds every address. Connections queue up in the kernel until [`Listeners::serve`].
    ///
    /// # Errors
    /// Names the address and the listener that could not be bound.
    pub fn bind(listeners: &BTreeMap<String, Listener>) -> anyhow::Result<Self> {
        let mut bound = Vec::new();
        for (name, listener) in listeners {
            let options = Options {
                tls: listener.tls,
                proxy_protocol: listener.proxy_protocol,
                http2: listener.http2,
            };
            for asked in &listener.addresses {
                let (socket, address) = listen(*asked)
                    .with_context(|| format!("cannot listen on {asked} (listener {name:?})"))?;
                bound.push(Bound {
                    name: name.clone(),
                    options,
                    address,
                    socket,
                });
            }
        }
        Ok(Self { bound })
    }

    /// Each listener's name and address; the real port where 0 was asked for.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<(String, SocketAddr)> {
        self.bound
            .iter()
            .map(|bound| (bound.name.clone(), bound.address))
            .collect()
    }

    /// Serves until the gate drains and all connections have ended, or are cut off after
    /// `drain_timeout_ms`.
    pub async fn serve(self, gate: Arc<Gate>, tls: Arc<Tls>) {
        let open = Arc::new(Open::default());
        let mut loops = JoinSet::new();
        for bound in self.bound {
            let (name, address) = (bound.name.clone(), bound.address);
            match TcpListener::from_std(bound.socket) {
                Ok(socket) => {
                    let acceptor = Acceptor {
                        name: bound.name,
                        options: bound.options,
                        gate: gate.clone(),
                        tls: tls.clone(),
                        open: open.clone(),
                    };
                    loops.spawn(acceptor.run(socket));
                }
                Err(error) => {
                    tracing::error!(listener = name, %address, "the socket cannot be used: {error}");
                }
            }
        }
        while loops.join_next().await.is_some() {}
    }
}

fn listen(address: SocketAddr) -> io::Result<(StdListener, SocketAddr)> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `[::]` and `0.0.0.0` are two addresses; who wants both names both.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let socket = StdListener::from(socket);
    let address = socket.local_addr()?;
    Ok((socket, address))
}

/// How many connections are open, over all listeners.
#[derive(Default)]
struct Open {
    serving: AtomicUsize,
    refusing: AtomicUsize,
}

/// One place among the open connections.
struct Place {
    gate: Arc<Gate>,
    open: Arc<Open>,
}

impl Place {
    fn take(gate: &Arc<Gate>, open: &Arc<Open>) -> Option<Self> {
        let most = gate.server().connections_max as usize;
        if open.serving.fetch_add(1, Ordering::Relaxed) >= most {
            open.serving.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        gate.metrics().connections.inc();
        Some(Self {
            gate: gate.clone(),
            open: open.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.serving.fetch_sub(1, Ordering::Relaxed);
        self.gate.metrics().connections.dec();
    }
}

/// One listening socket at work.
struct Acceptor {
    name: String,
    options: Options,
    gate: Arc<Gate>,
    tls: Arc<Tls>,
    open: Arc<Open>,
}

impl Acceptor {
    async fn run(self, socket: TcpListener) {
        let mut connections = JoinSet::new();
        let (mut failing, mut full) = (Hush::default(), Hush::default());
        {
            let draining = self.gate.draining();
            tokio::pin!(draining);
            loop {
                let accepted = tokio::select! {
                    biased;
                    () = &mut draining => break,
                    Some(ended) = connections.join_next() => {
                        report_panic(&self.name, ended);
                        continue;
                    }
                    accepted = socket.accept() => accepted,
                };
                match accepted {
                    Ok((stream, peer)) => self.start(stream, peer, &mut connections, &mut full),
                    // The client left before it was accepted.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => {
                        if let Some(more) = failing.speak() {
                            let listener = &self.name;
                            tracing::error!(listener, more, "cannot accept connections: {error}");
                        }
                        tokio::select! {
                            () = &mut draining => break,
                            () = sleep(ACCEPT_PAUSE) => {}
                        }
                    }
                }
            }
        }
        // Those who wait in the kernel came before the drain; closing would reset them. Further
        // ones must be told at once that nobody is here, so this has a bound.
        if let Ok(socket) = socket.into_std() {
            for _ in 0..BACKLOG {
                match accept_waiting(&socket) {
                    Ok((stream, peer)) => self.start(stream, peer, &mut connections, &mut full),
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(_) => break,
                }
            }
        }
        let most = Duration::from_millis(self.gate.server().drain_timeout_ms);
        let drained = timeout(most, async {
            while let Some(ended) = connections.join_next().await {
                report_panic(&self.name, ended);
            }
        });
        if drained.await.is_err() {
            let left = connections.len();
            tracing::warn!(listener = self.name, left, "connections are cut off");
            connections.shutdown().await;
        }
    }

    fn start(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        connections: &mut JoinSet<()>,
        full: &mut Hush,
    ) {
        // Small answers must not wait for the acknowledgement of the last one.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        if let Some(place) = Place::take(&self.gate, &self.open) {
            let opening = Opening {
                options: self.options,
                gate: self.gate.clone(),
                tls: self.tls.clone(),
            };
            connections.spawn(async move {
                let _place = place;
                opening.run(stream, peer).await;
            });
            return;
        }
        self.gate.metrics().connections_refused.inc();
        if let Some(more) = full.speak() {
            let listener = &self.name;
            tracing::warn!(
                listener,
                more,
                "a connection was refused: connections_max is reached"
            );
        }
        if !self.options.tls && self.open.refusing.load(Ordering::Relaxed) < REFUSALS_MAX {
            let (open, gate) = (self.open.clone(), self.gate.clone());
            open.refusing.fetch_add(1, Ordering::Relaxed);
            connections.spawn(async move {
                // A client that does not read its answer gets none.
                let _ = timeout(REFUSAL_LINGER, refuse(gate, stream, peer)).await;
                open.refusing.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

/// A connection that waits already; `WouldBlock` where none does.
fn accept_waiting(socket: &StdListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = socket.accept()?;
    stream.set_nonblocking(true)?;
    Ok((TcpStream::from_std(stream)?, peer))
}

fn report_panic(listener: &str, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(listener, "a connection's task failed: {error}");
    }
}

/// Answers without reading the request: there is no room to wait for it.
async fn refuse(gate: Arc<Gate>, stream: TcpStream, peer: SocketAddr) {
    let connection = Connection {
        peer,
        tls: None,
        http2: false,
        sni: None,
        fingerprint: None,
    };
    let refused =
        Refused::new(503, "too_many_connections", "connections_max is reached").retry_after_s(1);
    let (reader, writer) = split_plain(stream, BytesMut::new());
    http1::turn_away(gate, Arc::new(connection), reader, writer, refused).await;
}

/// Lets a log line through once a second.
#[derive(Default)]
struct Hush {
    last: Option<Instant>,
    kept: u64,
}

impl Hush {
    /// How many lines were kept back since the last one, `None` where this one is kept as well.
    fn speak(&mut self) -> Option<u64> {
        let now = Instant::now();
        if self
            .last
            .is_some_and(|last| now < last + Duration::from_secs(1))
        {
            self.kept += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.kept))
    }
}

/// From an accepted socket to a connection that speaks HTTP.
struct Opening {
    options: Options,
    gate: Arc<Gate>,
    tls: Arc<Tls>,
}

impl Opening {
    async fn run(self, mut stream: TcpStream, mut peer: SocketAddr) {
        if self.options.proxy_protocol {
            match timeout(PROXY_TIMEOUT, proxy_protocol::read_header(&mut stream)).await {
                Ok(Ok(source)) => peer = source.unwrap_or(peer),
                Ok(Err(error)) => return tracing::warn!(%peer, "connection closed: {error}"),
                Err(_) => {
                    return tracing::warn!(%peer, "connection closed: no PROXY header in time");
                }
            }
        }
        if self.options.tls {
            self.encrypted(stream, peer).await;
        } else {
            self.plain(stream, peer).await;
        }
    }

    async fn encrypted(self, stream: TcpStream, peer: SocketAddr) {
        let most = Duration::from_millis(self.gate.server().header_timeout_ms);
        let fingerprinted = self.gate.generation().reads_tls_fingerprint;
        let shake_hands = async {
            let fingerprint = match fingerprinted {
                true => ja4::peek(&stream).await?,
                false => None,
            };
            let stream = self.tls.accept(stream, self.options.http2).await?;
            Ok((stream, fingerprint))
        };
        let (stream, fingerprint): (_, Option<String>) = match timeout(most, shake_hands).await {
            Ok(Ok(shaken)) => shaken,
            // Scanners make these all day: nothing for the operator to do.
            Ok(Err(error)) => return failed(peer, &error),
            Err(_) => return tracing::debug!(%peer, "TLS handshake took too long"),
        };
        let session = stream.get_ref().1;
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            _ => "1.3",
        };
        let http2 = session.alpn_protocol() == Some(b"h2");
        let sni = session.server_name().map(str::to_ascii_lowercase);
        let (reader, writer) = split_tls(stream);
        serve(
            self.gate,
            Connection {
                peer,
                tls: Some(version),
                http2,
                sni,
                fingerprint,
            },
            reader,
            writer,
        )
        .await;
    }

    async fn plain(self, stream: TcpStream, peer: SocketAddr) {
        let (mut reader, writer) = split_plain(stream, BytesMut::new());
        let http2 = self.options.http2
            && match opens_with_preface(&self.gate, &mut reader).await {
                Some(http2) => http2,
                None => return,
            };
        serve(
            self.gate,
            Connection {
                peer,
                tls: None,
                http2,
                sni: None,
                fingerprint: None,
            },
            reader,
            writer,
        )
        .await;
    }
}

fn failed(peer: SocketAddr, error: &io::Error) {
    tracing::debug!(%peer, "TLS handshake failed: {error}");
}

fn serve(
    gate: Arc<Gate>,
    connection: Connection,
    reader: Reader,
    writer: Writer,
) -> impl Future<Output = ()> {
    let connection = Arc::new(connection);
    async move {
        if connection.http2 {
            http2::serve(gate, connection, reader, writer).await;
        } else {
            http1::serve(gate, connection, reader, writer).await;
        }
    }
}

/// Whether a plain connection opens with the HTTP/2 preface (RFC 9113 §3.3). The bytes stay in
/// the reader. `None` where the connection ended before it began.
async fn opens_with_preface(gate: &Gate, reader: &mut Reader) -> Option<bool> {
    let settings = gate.http1_settings();
    let mut deadline = Instant::now() + settings.idle_timeout;
    loop {
        let came = reader.buffer.len();
        let compared = came.min(http1::HTTP2_PREFACE.len());
        if reader.buffer[..compared] != http1::HTTP2_PREFACE[..compared] {
            return Some(false);
        }
        if compared == http1::HTTP2_PREFACE.len() {
            return Some(true);
        }
        tokio::select! {
            biased;
            read = timeout_at(deadline, reader.fill()) => match read {
                Ok(Ok(read)) if read > 0 => {}
                // A part of a preface, then nothing: HTTP/1 has the right answer to that.
                Err(_) if came > 0 => return Some(false),
                _ => return None,
            },
            () = gate.draining_for(FIRST_BYTES), if came == 0 => return None,
        }
        if came == 0 {
            deadline = Instant::now() + settings.header_timeout;
        }
    }
}
