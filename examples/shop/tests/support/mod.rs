//! Starts the shop's binary on a free port and speaks HTTP/1.1 to it over plain sockets.

#![allow(dead_code, reason = "each test file uses its own part of this module")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A running shop; it is stopped when dropped.
pub(crate) struct Shop {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) faults: Option<SocketAddr>,
}

/// Starts a shop with test endpoints and a fault listener, in memory.
pub(crate) fn start() -> Shop {
    start_with(&["--test-endpoints", "--fault-listen", "127.0.0.1:0"])
}

/// Starts a shop with these options besides `--listen 127.0.0.1:0`.
pub(crate) fn start_with(options: &[&str]) -> Shop {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lockgate-shop"))
        .args(["--listen", "127.0.0.1:0"])
        .args(options)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the shop starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("its output is piped");
    BufReader::new(stdout)
        .read_line(&mut line)
        .expect("it says where it listens");
    let after = |words: &str| {
        let (_, rest) = line.split_once(words)?;
        rest.split(|c: char| c == ',' || c.is_whitespace())
            .next()?
            .parse()
            .ok()
    };
    let address = after(" listens on ").unwrap_or_else(|| panic!("no address in {line:?}"));
    Shop {
        child,
        address,
        faults: after(" faults on "),
    }
}

impl Shop {
    /// Sends SIGTERM and waits: the exit code, or nothing if it had to be killed.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        for _ in 0..100 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], None)
    }

    pub(crate) fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", target, headers, None)
    }

    pub(crate) fn post(&self, target: &str, body: Option<Value>) -> Answer {
        self.send("POST", target, &[], body)
    }

    pub(crate) fn put(&self, target: &str, body: Value) -> Answer {
        self.send("PUT", target, &[], Some(body))
    }

    /// One request on a connection of its own.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = body.map(|value| value.to_string()).unwrap_or_default();
        if !body.is_empty() {
            let length = body.len();
            head.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            ));
        }
        let bytes = raw(self.address, format!("{head}\r\n{body}").as_bytes());
        Answer::parse(&bytes, method)
    }

    /// A cart with these products and quantities; its id.
    pub(crate) fn cart_of(&self, items: &[(u32, u32)]) -> String {
        let cart = self.post("/carts", None);
        assert_eq!(cart.status, 201);
        let id = cart.json()["id"]
            .as_str()
            .expect("a cart has an id")
            .to_owned();
        for (product, quantity) in items {
            let target = format!("/carts/{id}/items/{product}");
            let put = self.put(&target, serde_json::json!({ "quantity": quantity }));
            assert_eq!(put.status, 200, "{put:?}");
        }
        id
    }

    /// Places an order for a cart.
    pub(crate) fn order(&self, cart_id: &str) -> Answer {
        self.post("/orders", Some(serde_json::json!({ "cart_id": cart_id })))
    }

    pub(crate) fn stock(&self, product: u32) -> u64 {
        let answer = self.get(&format!("/inventory/{product}"));
        answer.json()["stock"]
            .as_u64()
            .expect("a stock is a number")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends bytes, reads until the other side closes or resets.
pub(crate) fn raw(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the shop accepts");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout can be set");
    stream.write_all(request).expect("the request can be sent");
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..read]);
    }
    bytes
}

/// A response, its chunks joined.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: String,
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8], method: &str) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a whole head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status_line = lines.next().expect("a status line");
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self {
            status: status.expect("a status code"),
            headers,
            body: bytes[end + 4..].to_vec(),
            trailers: String::new(),
        };
        if method != "HEAD" && answer.header("transfer-encoding") == Some("chunked") {
            answer.join_chunks();
        }
        answer
    }

    fn join_chunks(&mut self) {
        let mut joined = Vec::new();
        let mut rest = self.body.as_slice();
        while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = String::from_utf8_lossy(&rest[..line]).into_owned();
            let size = usize::from_str_radix(&size, 16).expect("a chunk size");
            rest = &rest[line + 2..];
            if size == 0 {
                self.trailers = String::from_utf8_lossy(rest).into_owned();
                break;
            }
            joined.extend_from_slice(&rest[..size]);
            rest = &rest[size + 2..];
        }
        self.body = joined;
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Asserts a problem (RFC 9457) with this status and code.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let json = self.json();
        assert_eq!(
            (self.status, json["code"].as_str()),
            (status, Some(code)),
            "{json}"
        );
        assert_eq!(json["status"], status);
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }
}
