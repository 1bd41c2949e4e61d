//! One request on one connection: all that the commands need of HTTP.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::Context as _;

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A request.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    /// A bearer token.
    pub(crate) token: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a [u8],
    /// Longest pause of the server.
    pub(crate) timeout: Duration,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Call<'_> {
    /// Sends it to `http://HOST` or `http://HOST:PORT` and reads the whole answer.
    ///
    /// # Errors
    /// A URL or token that is none, before anything is sent; no connection, no answer.
    pub(crate) fn send(&self, url: &str) -> anyhow::Result<Reply> {
        let host = host_of(url)?;
        anyhow::ensure!(
            self.token.bytes().all(|byte| byte.is_ascii_graphic()),
            "the token holds white space or other than ASCII"
        );
        let mut stream = connect(&with_port(host))?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.method,
            self.target,
            self.token,
            self.content_type,
            self.body.len()
        );
        let sent = stream.write_all(head.as_bytes());
        // A server that refuses may do so before it has read everything: its answer says more.
        let sent = sent.and_then(|()| stream.write_all(self.body));
        let mut answer = Vec::new();
        let got = stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer);
        if answer.is_empty() {
            sent.with_context(|| format!("{host} does not take the request"))?;
            got.with_context(|| format!("{host} does not answer"))?;
        }
        read(&answer).with_context(|| format!("{host} does not answer with HTTP"))
    }
}

/// `HOST` or `HOST:PORT` of a URL.
fn host_of(url: &str) -> anyhow::Result<&str> {
    let host = url
        .strip_prefix("http://")
        .map(|host| host.trim_end_matches('/'));
    let host = host.filter(|host| !host.is_empty() && !host.contains(['/', '@', '?', '#']));
    host.with_context(|| {
        format!("{url:?} is not `http://HOST` or `http://HOST:PORT`; tunnel where TLS is needed")
    })
}

fn with_port(host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    if has_port {
        host.to_owned()
    } else {
        format!("{host}:80")
    }
}

fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let mut last = None;
    let found = address.to_socket_addrs();
    for address in found.with_context(|| format!("{address} is not found"))? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error).with_context(|| format!("cannot connect to {address}")),
        None => anyhow::bail!("{address} has no address"),
    }
}

/// Status and body of a whole answer; `None` where it is none.
fn read(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(end.checked_add(4)?)?;
    let head = String::from_utf8_lossy(head);
    let status = head.split(' ').nth(1)?.trim().parse().ok()?;
    let is_chunked = head.lines().any(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        name.eq_ignore_ascii_case("transfer-encoding")
            && value.trim().eq_ignore_ascii_case("chunked")
    });
    let body = if is_chunked {
        joined(body)?
    } else {
        body.to_owned()
    };
    Some(Reply { status, body })
}

/// The chunks of a body in one (RFC 9112, section 7.1).
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((line, size)) = httparse::parse_chunk_size(chunks).ok()?
        else {
            return None;
        };
        if size == 0 {
            return Some(body);
        }
        let size = usize::try_from(size).ok()?;
        let chunk = chunks.get(line..line.checked_add(size)?)?;
        body.extend_from_slice(chunk);
        chunks = chunks.get(line.checked_add(size)?.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_chunked_answers_are_read() {
        let reply = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (200, b"{}".as_slice())
        );
        let chunked = b"HTTP/1.1 409 Conflict\r\ntransfer-encoding: Chunked\r\n\r\n3\r\n{\"a\r\n2\r\n\":\r\n1\r\n1\r\n1\r\n}\r\n0\r\n\r\n";
        let reply = read(chunked).unwrap();
        assert_eq!(
            (reply.status, reply.body.as_slice()),
            (409, b"{\"a\":1}".as_slice())
        );
        for broken in [
            b"".as_slice(),
            b"HTTP/1.1 200 OK",
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab",
        ] {
            assert!(read(broken).is_none());
        }
    }

    #[test]
    fn a_port_is_added_where_there_is_none() {
        assert_eq!(with_port("a"), "a:80");
        assert_eq!(with_port("a:81"), "a:81");
        assert_eq!(with_port("[::1]"), "[::1]:80");
        assert_eq!(with_port("[::1]:81"), "[::1]:81");
    }
}
