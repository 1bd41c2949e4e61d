//! HTTP/2: a well-behaved client on the `h2` crate, and raw frames for the others.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::response::Response;
use crate::seen::Seen;
use crate::wait::PATIENCE;

/// An HTTP/2 connection, driven by a thread of its own.
pub struct H2 {
    runtime: Runtime,
    sender: SendRequest<Bytes>,
    seen: Seen,
}

impl H2 {
    /// Connects without TLS, by prior knowledge (RFC 9113, section 3.3).
    ///
    /// # Panics
    /// Where there is no HTTP/2 at `address`.
    #[must_use]
    pub fn connect(address: SocketAddr, seen: Seen) -> Self {
        let runtime = runtime();
        let sender = runtime.block_on(within(async {
            shake_hands(TcpStream::connect(address).await.expect("it accepts")).await
        }));
        Self {
            runtime,
            sender,
            seen,
        }
    }

    /// Connects with TLS as `host`; `config` offers `h2` by ALPN.
    ///
    /// # Panics
    /// Where the handshakes fail.
    #[must_use]
    pub fn connect_tls(
        address: SocketAddr,
        host: &str,
        config: Arc<ClientConfig>,
        seen: Seen,
    ) -> Self {
        let runtime = runtime();
        let name = ServerName::try_from(host.to_owned()).expect("a server name");
        let sender = runtime.block_on(within(async {
            let stream = TcpStream::connect(address).await.expect("it accepts");
            let stream = TlsConnector::from(config).connect(name, stream).await;
            shake_hands(stream.expect("a TLS handshake")).await
        }));
        Self {
            runtime,
            sender,
            seen,
        }
    }

    /// One request and its answer.
    ///
    /// # Errors
    /// A reset stream or a closed connection.
    ///
    /// # Panics
    /// Where nothing comes for long.
    pub fn call(
        &mut self,
        request: http::Request<()>,
        body: impl Into<Bytes>,
    ) -> Result<Response, h2::Error> {
        let (sender, body) = (self.sender.clone(), body.into());
        let response = self
            .runtime
            .block_on(within(exchange(sender, request, body)))?;
        self.seen.note(&response);
        Ok(response)
    }

    /// A request with `Expect: 100-continue`: its head, and `body` once the gate has said 100. A
    /// final answer that comes instead is the answer, and the body is not sent.
    ///
    /// # Errors
    /// A reset stream or a closed connection.
    ///
    /// # Panics
    /// Where nothing comes for long.
    pub fn call_expecting(
        &mut self,
        mut request: http::Request<()>,
        body: impl Into<Bytes>,
    ) -> Result<Response, h2::Error> {
        let expectation = http::HeaderValue::from_static("100-continue");
        request
            .headers_mut()
            .insert(http::header::EXPECT, expectation);
        let (sender, body) = (self.sender.clone(), body.into());
        let invited = exchange_once_invited(sender, request, body);
        let response = self.runtime.block_on(within(invited))?;
        self.seen.note(&response);
        Ok(response)
    }

    /// Several requests at once on this connection, their answers in the same order.
    ///
    /// # Panics
    /// Where one fails.
    pub fn call_all(&mut self, requests: Vec<http::Request<()>>) -> Vec<Response> {
        let sender = self.sender.clone();
        let responses = self.runtime.block_on(within(async {
            let calls: Vec<_> = requests
                .into_iter()
                .map(|request| tokio::spawn(exchange(sender.clone(), request, Bytes::new())))
                .collect();
            let mut responses = Vec::with_capacity(calls.len());
            for call in calls {
                responses.push(call.await.expect("no panic").expect("an answer"));
            }
            responses
        }));
        for response in &responses {
            self.seen.note(response);
        }
        responses
    }
}

/// A GET request of HTTP/2.
///
/// # Panics
/// Where host and path are none.
#[must_use]
pub fn get(scheme: &str, host: &str, path: &str) -> http::Request<()> {
    let uri = format!("{scheme}://{host}{path}");
    http::Request::builder()
        .uri(uri)
        .body(())
        .expect("an address")
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("an answer within the tests' patience")
}

async fn shake_hands(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> SendRequest<Bytes> {
    let (sender, connection) = h2::client::handshake(stream)
        .await
        .expect("an HTTP/2 preface");
    // How it ends shows in the requests.
    tokio::spawn(async move { drop(connection.await) });
    sender
}

async fn exchange(
    sender: SendRequest<Bytes>,
    request: http::Request<()>,
    body: Bytes,
) -> Result<Response, h2::Error> {
    let mut sender = sender.ready().await?;
    let (answer, mut stream) = sender.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(body, true)?;
    }
    read(answer.await?).await
}

async fn exchange_once_invited(
    sender: SendRequest<Bytes>,
    request: http::Request<()>,
    body: Bytes,
) -> Result<Response, h2::Error> {
    let mut sender = sender.ready().await?;
    // The stream lives until the answer is read: dropping it would reset it.
    let (mut answer, mut stream) = sender.send_request(request, false)?;
    let mut interim = Vec::new();
    while let Some(head) = poll_fn(|context| answer.poll_informational(context)).await {
        interim.push(head?.status().as_u16());
        if interim.ends_with(&[100]) {
            stream.send_data(body, true)?;
            break;
        }
    }
    let mut response = read(answer.await?).await?;
    response.interim = interim;
    Ok(response)
}

async fn read(answer: http::Response<h2::RecvStream>) -> Result<Response, h2::Error> {
    let (parts, mut body) = answer.into_parts();
    let mut response = Response {
        status: parts.status.as_u16(),
        headers: fields(&parts.headers),
        ..Response::default()
    };
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                let _ = body.flow_control().release_capacity(data.len());
                response.body.extend_from_slice(&data);
            }
            Err(_) => {
                response.cut = true;
                return Ok(response);
            }
        }
    }
    response.trailers = body
        .trailers()
        .await?
        .map(|map| fields(&map))
        .unwrap_or_default();
    Ok(response)
}

fn fields(map: &http::HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

/// Raw frames (RFC 9113, section 4.1).
pub mod frames {
    /// What a client opens with, and an empty SETTINGS frame.
    pub const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

    /// Frame types.
    pub const HEADERS: u8 = 1;
    /// RST_STREAM.
    pub const RESET: u8 = 3;
    /// SETTINGS.
    pub const SETTINGS: u8 = 4;
    /// PING.
    pub const PING: u8 = 6;
    /// GOAWAY.
    pub const GOAWAY: u8 = 7;
    /// CONTINUATION.
    pub const CONTINUATION: u8 = 9;

    /// The error code ENHANCE_YOUR_CALM (RFC 9113, section 7).
    pub const ENHANCE_YOUR_CALM: u32 = 11;

    /// One frame.
    #[must_use]
    pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len())
            .unwrap_or(u32::MAX)
            .to_be_bytes();
        let mut bytes = vec![length[1], length[2], length[3], kind, flags];
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// The header block of `GET https://shop.test/` without indexing (RFC 7541).
    #[must_use]
    pub fn get_block() -> Vec<u8> {
        // :method GET, :scheme http and :path / of the static table, :authority as a literal.
        let mut block = vec![0x82, 0x86, 0x84, 0x01, 9];
        block.extend_from_slice(b"shop.test");
        block
    }

    /// The error codes of all GOAWAY frames in what a server sent.
    #[must_use]
    pub fn goaways(mut bytes: &[u8]) -> Vec<u32> {
        let mut codes = Vec::new();
        while let Some((head, rest)) = bytes.split_first_chunk::<9>() {
            let length =
                usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let Some((payload, after)) = rest.split_at_checked(length) else {
                break;
            };
            if head[3] == GOAWAY
                && let Some(code) = payload.get(4..8).and_then(|code| code.try_into().ok())
            {
                codes.push(u32::from_be_bytes(code));
            }
            bytes = after;
        }
        codes
    }
}
