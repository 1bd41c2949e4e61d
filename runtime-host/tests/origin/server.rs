//! A small server that speaks raw TCP, and requests to it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use lockgate_config::types::OriginServer;
use lockgate_host::http::{BodyError, RequestBody, RequestHead};
use lockgate_host::http1::{HeadLimits, parse_head};
use lockgate_host::origin::{Forward, OriginError, OriginResponse, Origins};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a server does after it has written its bytes.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Waits for the next request.
    Keep,
    /// Ends the connection.
    Close,
    /// Ends it with a RST.
    Reset,
    /// Says nothing more.
    Hang,
}

pub(crate) type Reply = (Vec<u8>, Then);

/// A server that answers each request by its number.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            heads: Arc::default(),
        };
        let (connections, heads) = (server.connections.clone(), server.heads.clone());
        let reply = Arc::new(reply);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(converse(stream, heads.clone(), reply.clone()));
            }
        });
        server
    }

    /// The heads that came, in order.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The values of a field of the only request.
    pub(crate) fn received(&self, name: &str) -> Vec<String> {
        let heads = self.heads();
        assert_eq!(heads.len(), 1, "{heads:?}");
        let fields = heads[0]
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        fields
            .filter(|field| field.0 == name)
            .map(|field| field.1.to_owned())
            .collect()
    }
}

async fn converse(
    mut stream: TcpStream,
    heads: Arc<Mutex<Vec<String>>>,
    reply: Arc<impl Fn(usize) -> Reply>,
) {
    let mut read = Vec::new();
    loop {
        while !read.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => read.push(byte),
                Err(_) => return,
            }
        }
        let number = {
            let mut heads = heads.lock().unwrap();
            heads.push(String::from_utf8_lossy(&read).into_owned());
            heads.len() - 1
        };
        read.clear();
        let (bytes, then) = reply(number);
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        match then {
            Then::Keep => {}
            Then::Close => return,
            Then::Reset => {
                // What was written arrives first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                let linger = socket2::SockRef::from(&stream);
                linger.set_linger(Some(Duration::ZERO)).unwrap();
                return;
            }
            Then::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
        }
    }
}

pub(crate) fn always(
    bytes: &'static str,
    then: Then,
) -> impl Fn(usize) -> Reply + Send + Sync + 'static {
    move |_| (bytes.as_bytes().to_vec(), then)
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub(crate) fn config(
    address: SocketAddr,
    more: serde_json::Value,
) -> BTreeMap<String, OriginServer> {
    let mut server = json!({ "url": format!("http://{address}") });
    for (key, value) in more.as_object().unwrap() {
        server[key] = value.clone();
    }
    BTreeMap::from([("shop".to_owned(), serde_json::from_value(server).unwrap())])
}

pub(crate) fn head(text: &str) -> RequestHead {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    let limits = HeadLimits {
        header_bytes_max: 65_536,
        headers_max: 100,
        target_bytes_max: 8192,
    };
    let mut head = RequestHead::default();
    parse_head(&bytes, &limits, &mut head)
        .unwrap()
        .expect("a whole head");
    head.bytes = bytes;
    head
}

pub(crate) fn forward(head: &RequestHead) -> Forward<'_> {
    Forward {
        method: head.method(),
        target: head.target(),
        head,
        host: b"shop.test",
        tls: true,
        peer: IpAddr::from([192, 0, 2, 1]),
        trusted_peer: false,
        set_headers: &[],
        request_id: "id-0001",
        picture: false,
        without_coding: false,
    }
}

pub(crate) fn get(target: &str) -> RequestHead {
    head(&format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\n\r\n"))
}

pub(crate) async fn send(
    origins: &Origins,
    head: &RequestHead,
) -> Result<OriginResponse, OriginError> {
    origins
        .get("shop")
        .unwrap()
        .send(forward(head), RequestBody::Empty)
        .await
}

pub(crate) async fn whole(answer: OriginResponse) -> Result<Bytes, BodyError> {
    Ok(answer.body.collect().await?.to_bytes())
}

/// The error of one GET to a server with this behaviour.
pub(crate) async fn fault(bytes: &'static str, then: Then, more: serde_json::Value) -> OriginError {
    let server = Server::start(always(bytes, then)).await;
    let origins = Origins::new(&config(server.address, more));
    send(&origins, &get("/")).await.expect_err("no answer")
}
