//! A tiny origin that answers fixed bytes, or what a test makes of a head.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Serves until the test's process ends.
pub struct RawOrigin {
    /// Where it listens.
    pub address: SocketAddr,
}

/// A file to serve: path, content type, bytes.
pub type File = (&'static str, &'static str, Vec<u8>);

impl RawOrigin {
    /// Starts to serve these files; anything else is 404.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn serve(files: Vec<File>) -> Self {
        let answers: BTreeMap<&str, Vec<u8>> = files
            .into_iter()
            .map(|(path, content_type, bytes)| {
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nCache-Control: max-age=60\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n",
                    bytes.len()
                );
                (path, [head.as_bytes(), &bytes].concat())
            })
            .collect();
        Self::answering(move |head| {
            let path = head.split(' ').nth(1)?.split('?').next()?;
            let missing =
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            Some(answers.get(path).cloned().unwrap_or(missing.to_vec()))
        })
    }

    /// Starts to answer each head with the bytes that `answer` makes of it, one on a connection,
    /// each on a thread of its own; without any the connection is closed.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn answering(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = answer.clone();
                std::thread::spawn(move || exchange(stream, &*answer));
            }
        });
        Self { address }
    }

    /// A configuration that begins with `more`, with a site `shop.test` of one route: `path`, to
    /// this origin, whose pictures are made with these keys.
    #[must_use]
    pub fn picture_site(&self, more: &str, path: &str, image: &str) -> String {
        format!(
            r#"
{more}
[origins.raw]
url = "http://{}"
[sites.shop]
hosts = ["shop.test"]
[[sites.shop.routes]]
path = "{path}"
origin = "raw"
image = {{ {image} }}
"#,
            self.address
        )
    }
}

fn exchange(mut stream: TcpStream, answer: impl Fn(&str) -> Option<Vec<u8>>) -> Option<()> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => head.extend_from_slice(&chunk[..read]),
        }
    }
    let bytes = answer(&String::from_utf8_lossy(&head))?;
    stream.write_all(&bytes).ok()?;
    stream.shutdown(std::net::Shutdown::Write).ok()?;
    // Closing with unread bytes would be a reset.
    while stream.read(&mut chunk).ok()? > 0 {}
    Some(())
}

/// An address at which nobody listens, kept so that nobody else gets it.
pub struct NobodyThere {
    _socket: socket2::Socket,
    /// The address; connections to it are refused.
    pub address: SocketAddr,
}

impl NobodyThere {
    /// Binds a port without listening.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn new() -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)
            .expect("a socket");
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        socket.bind(&any.into()).expect("a free port");
        let address = socket
            .local_addr()
            .ok()
            .and_then(|address| address.as_socket());
        Self {
            _socket: socket,
            address: address.expect("a bound socket"),
        }
    }
}

impl Default for NobodyThere {
    fn default() -> Self {
        Self::new()
    }
}
