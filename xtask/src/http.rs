//! One small HTTP/1.1 request at a time, over the loopback address: enough to look whether a
//! server is ready and whether the demo answers as it says.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a connection, and each read, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// No answer of the demo is longer.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// A request without a body.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    /// The `Host` header.
    pub(crate) host: &'a str,
    /// Further headers.
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// As it came, a chunked coding not taken away.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of the first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends `request` on a connection of its own and reads the whole answer.
///
/// # Errors
/// When the server cannot be reached, is too slow, or does not speak HTTP.
pub(crate) fn send(address: SocketAddr, request: &Request<'_>) -> Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {}\r\n",
        request.method, request.target, request.host
    );
    for (name, value) in request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut bytes = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{address} did not answer {} in time", request.target))?;
    parse(&bytes).with_context(|| format!("{address} does not answer in HTTP"))
}

fn parse(bytes: &[u8]) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()?
        .strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Response {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_request_and_its_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            let count = stream.read(&mut head).unwrap();
            stream
                .write_all(b"HTTP/1.1 203 Yes\r\nAge: 7\r\nX-Y:  z\r\n\r\nbody")
                .unwrap();
            String::from_utf8(head[..count].to_vec()).unwrap()
        });
        let request = Request {
            method: "GET",
            target: "/a?b",
            host: "h.test",
            headers: &[("Accept", "*/*")],
        };
        let response = send(address, &request).unwrap();
        assert_eq!((response.status, response.header("AGE")), (203, Some("7")));
        assert_eq!(
            (response.header("x-y"), response.body.as_slice()),
            (Some("z"), b"body".as_slice())
        );
        assert_eq!(
            server.join().unwrap(),
            "GET /a?b HTTP/1.1\r\nHost: h.test\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        for bytes in [
            b"".as_slice(),
            b"SSH-2.0-x\r\n\r\n",
            b"HTTP/1.1 two\r\n\r\n",
            b"HTTP/1.1 200",
        ] {
            assert!(parse(bytes).is_none());
        }
    }
}
