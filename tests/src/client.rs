//! An HTTP/1 client that sends exactly the bytes it is given.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::request::Request;
use crate::response::Response;
use crate::seen::Seen;
use crate::wait::PATIENCE;

/// A connection: TCP, or TLS over it.
pub trait Transport: Read + Write + Send {}
impl<T: Read + Write + Send> Transport for T {}

/// One connection.
pub struct Client {
    stream: Box<dyn Transport>,
    socket: TcpStream,
    buffer: Vec<u8>,
    seen: Seen,
}

impl Client {
    /// Connects.
    ///
    /// # Panics
    /// Where nobody accepts.
    #[must_use]
    pub fn connect(address: SocketAddr, seen: Seen) -> Self {
        let socket = connect(address);
        let stream = socket.try_clone().expect("a socket can be shared");
        Self::over(Box::new(stream), socket, seen)
    }

    /// Speaks over `stream`, which itself runs over `socket`.
    #[must_use]
    pub fn over(stream: Box<dyn Transport>, socket: TcpStream, seen: Seen) -> Self {
        Self {
            stream,
            socket,
            buffer: Vec::new(),
            seen,
        }
    }

    /// Sends bytes.
    ///
    /// # Panics
    /// Where the other side has gone.
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the gate takes the bytes");
    }

    /// Sends bytes to somebody who may not want them.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Ends the sending side; answers still come.
    ///
    /// # Panics
    /// Where the other side has gone.
    pub fn finish_sending(&mut self) {
        self.socket
            .shutdown(Shutdown::Write)
            .expect("a connected socket");
    }

    /// A request and its answer; the connection stays open.
    ///
    /// # Panics
    /// Where there is no answer.
    pub fn call(&mut self, request: &Request) -> Response {
        self.send(&request.to_bytes());
        self.read(&request.method)
    }

    /// Reads the answer to a request with this method.
    ///
    /// # Panics
    /// Where the connection ends before a whole head, or nothing comes for long.
    pub fn read(&mut self, method: &str) -> Response {
        self.try_read(method)
            .expect("an answer before the end of the connection")
    }

    /// Reads an answer; `None` where the connection ends before it.
    ///
    /// # Panics
    /// Where nothing comes for long, or the answer is not HTTP.
    pub fn try_read(&mut self, method: &str) -> Option<Response> {
        let mut interim = Vec::new();
        let mut response = loop {
            let head = self.read_head()?;
            if head.status >= 200 || head.status == 101 {
                break head;
            }
            interim.push(head.status);
        };
        response.interim = interim;
        self.read_body(&mut response, method);
        self.seen.note(&response);
        Some(response)
    }

    /// Waits for an interim answer (1xx), to send the body after it; else the final answer.
    ///
    /// # Panics
    /// Where nothing comes for long.
    pub fn read_interim(&mut self, method: &str) -> Result<u16, Box<Response>> {
        let mut head = self.read_head().expect("an answer");
        if head.status < 200 {
            return Ok(head.status);
        }
        self.read_body(&mut head, method);
        self.seen.note(&head);
        Err(Box::new(head))
    }

    /// Whether the other side has ended the connection, with no further byte. Waits for it.
    ///
    /// # Panics
    /// Where it stays open for long.
    pub fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.fill()
    }

    /// All bytes until the end of the connection.
    ///
    /// # Panics
    /// Where it stays open for long.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.buffer)
    }

    /// Reads once; false at the end. A reset is an end, too.
    fn fill(&mut self) -> bool {
        let mut chunk = [0; 64 * 1024];
        loop {
            return match self.stream.read(&mut chunk) {
                Ok(0) => false,
                Ok(read) => {
                    self.buffer.extend_from_slice(&chunk[..read]);
                    true
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => continue,
                    ErrorKind::ConnectionReset
                    | ErrorKind::BrokenPipe
                    | ErrorKind::UnexpectedEof
                    | ErrorKind::ConnectionAborted => false,
                    _ => panic!("nothing came for {PATIENCE:?}: {error}"),
                },
            };
        }
    }

    fn read_head(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            if !self.fill() {
                let rest = String::from_utf8_lossy(&self.buffer);
                assert!(rest.is_empty(), "the connection ended in a head: {rest:?}");
                return None;
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        assert!(
            status_line.starts_with("HTTP/1.1 "),
            "no HTTP/1.1 answer: {status_line:?}"
        );
        let status = status_line.get(9..12).and_then(|code| code.parse().ok());
        Some(Response {
            status: status.unwrap_or_else(|| panic!("no status: {status_line:?}")),
            headers: lines.map(field).collect(),
            ..Response::default()
        })
    }

    fn read_body(&mut self, response: &mut Response, method: &str) {
        if method == "HEAD" || matches!(response.status, 204 | 304) {
            return;
        }
        let chunked = response.header("transfer-encoding") == Some("chunked");
        let length = response.header("content-length").map(|value| {
            value
                .parse::<usize>()
                .unwrap_or_else(|_| panic!("no length: {response:?}"))
        });
        assert!(!(chunked && length.is_some()), "two framings: {response:?}");
        if chunked {
            response.cut = self.read_chunks(response).is_none();
        } else if let Some(length) = length {
            response.cut = self.take(length, &mut response.body).is_none();
        } else {
            response.body = self.read_to_end();
        }
    }

    fn read_chunks(&mut self, response: &mut Response) -> Option<()> {
        loop {
            let line = self.take_line()?;
            let size = usize::from_str_radix(line.split(';').next()?.trim(), 16)
                .unwrap_or_else(|_| panic!("no chunk size: {line:?}"));
            if size == 0 {
                break;
            }
            self.take(size, &mut response.body)?;
            let end = self.take_line()?;
            assert!(end.is_empty(), "a chunk is longer than its size");
        }
        loop {
            let line = self.take_line()?;
            if line.is_empty() {
                return Some(());
            }
            response.trailers.push(field(&line));
        }
    }

    fn take_line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.buffer, b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                return Some(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn take(&mut self, length: usize, into: &mut Vec<u8>) -> Option<()> {
        while self.buffer.len() < length {
            if !self.fill() {
                into.append(&mut self.buffer);
                return None;
            }
        }
        into.extend(self.buffer.drain(..length));
        Some(())
    }
}

/// Connects with the harness's timeouts.
///
/// # Panics
/// Where nobody accepts.
#[must_use]
pub fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&address, Duration::from_secs(10))
        .unwrap_or_else(|error| panic!("{address} does not accept: {error}"));
    socket
        .set_read_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    socket
        .set_write_timeout(Some(PATIENCE))
        .expect("a timeout can be set");
    socket.set_nodelay(true).expect("an option can be set");
    socket
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line
        .split_once(':')
        .unwrap_or_else(|| panic!("no field: {line:?}"));
    (name.to_ascii_lowercase(), value.trim().to_owned())
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
}
