//! The bytes of a case's request, and a lenient reading of them.
use super::case::Stage;

/// A request as a server that lets nearly everything pass would see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The first line without its end.
    pub line: Vec<u8>,
    /// Up to the first space of the line.
    pub method: Vec<u8>,
    /// Between the method and the protocol.
    pub uri: Vec<u8>,
    /// After the last space of the line.
    pub protocol: Vec<u8>,
    /// Names and values, white space around the values taken away.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
}

/// What goes over the wire, as go-ftw sends it.
#[must_use]
pub fn bytes(stage: &Stage) -> Vec<u8> {
    if let Some(raw) = &stage.raw {
        return raw.clone();
    }
    let mut out = format!("{} {} {}\r\n", stage.method, stage.uri, stage.version).into_bytes();
    let mut header = |name: &str, value: &str| {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    };
    for (name, value) in &stage.headers {
        header(name, value);
    }
    if stage.autocomplete {
        let has = |name: &str| {
            stage
                .headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        };
        if !has("connection") {
            header("Connection", "close");
        }
        if !stage.data.is_empty() {
            if !has("content-length") && !has("transfer-encoding") {
                header("Content-Length", &stage.data.len().to_string());
            }
            if !has("content-type") {
                header("Content-Type", "application/x-www-form-urlencoded");
            }
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&stage.data);
    out
}

/// Reads a request. Everything is something: a line without spaces is a method, a header without
/// `:` a name.
#[must_use]
pub fn read(bytes: &[u8]) -> Message {
    let mut rest = bytes;
    let line = next_line(&mut rest).unwrap_or_default();
    let mut message = Message {
        line: line.to_vec(),
        ..Message::default()
    };
    let words = words_of(line);
    message.method = words.0.to_vec();
    message.uri = words.1.to_vec();
    message.protocol = words.2.to_vec();
    while let Some(line) = next_line(&mut rest) {
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        message.headers.push((name.to_vec(), value.to_vec()));
    }
    message.body = body(&message, rest);
    message
}

/// The body as its framing has it (RFC 9112, section 6.3): chunks joined, as many bytes as
/// `Content-Length` says, or none when nothing is said. A length that is no number says nothing
/// that a lenient server could keep to: all that is there is taken.
fn body(message: &Message, rest: &[u8]) -> Vec<u8> {
    let header = |wanted: &[u8]| {
        let mut headers = message.headers.iter();
        headers
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value)
    };
    let coding = header(b"transfer-encoding");
    if coding.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) {
        return joined(rest);
    }
    match header(b"content-length") {
        None => Vec::new(),
        Some(length) => {
            let length = std::str::from_utf8(length)
                .ok()
                .and_then(|l| l.parse().ok());
            let length = length.unwrap_or(rest.len()).min(rest.len());
            rest.get(..length).unwrap_or_default().to_vec()
        }
    }
}

/// Method, target and protocol of a request line.
fn words_of(line: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let end = line.len() - line.iter().rev().take_while(|b| **b == b' ').count();
    let line = line.get(..end).unwrap_or_default();
    let start = line
        .iter()
        .take_while(|b| **b == b' ' || **b == b'\t')
        .count();
    let body = line.get(start..).unwrap_or_default();
    let first = start + body.iter().position(|b| *b == b' ').unwrap_or(body.len());
    let last = line.iter().rposition(|b| *b == b' ').unwrap_or(line.len());
    let method = line.get(..first).unwrap_or_default();
    if last <= first {
        return (method, line.get(first + 1..).unwrap_or_default(), b"");
    }
    (
        method,
        line.get(first + 1..last).unwrap_or_default(),
        line.get(last + 1..).unwrap_or_default(),
    )
}

fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    let line = rest.get(..end).unwrap_or_default();
    *rest = rest.get(end + 1..).unwrap_or_default();
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// The chunks of a body (RFC 9112, section 7.1), as far as they are sound.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(line) = next_line(&mut rest) {
        let digits = line
            .split(|b| *b == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let size = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let Some(chunk) = size
            .filter(|size| *size > 0)
            .and_then(|size| rest.get(..size))
        else {
            break;
        };
        out.extend_from_slice(chunk);
        rest = rest.get(chunk.len()..).unwrap_or_default();
        next_line(&mut rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_reads_back() {
        let stage = Stage {
            method: "POST".to_owned(),
            uri: "/a b".to_owned(),
            version: "HTTP/1.1".to_owned(),
            headers: vec![("Host".to_owned(), "x ".to_owned())],
            data: b"a=1".to_vec(),
            autocomplete: true,
            ..Stage::default()
        };
        let message = read(&bytes(&stage));
        assert_eq!(message.method, b"POST");
        assert_eq!(message.uri, b"/a b");
        assert_eq!(message.protocol, b"HTTP/1.1");
        assert_eq!(message.headers[0], (b"Host".to_vec(), b"x".to_vec()));
        assert_eq!(message.headers.len(), 4);
        assert_eq!(message.body, b"a=1");
    }

    #[test]
    fn a_body_is_what_its_framing_says() {
        let raw = b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nHi \r\n3;x\r\nCRS\r\n0\r\n\r\n";
        assert_eq!(read(raw).body, b"Hi CRS");
        assert_eq!(read(b"GET / HTTP/1.1\r\n\r\nbody").body, b"");
        assert_eq!(
            read(b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\nbody").body,
            b"bo"
        );
        assert_eq!(
            read(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\nbody").body,
            b"body"
        );
        assert_eq!(read(b"GET").method, b"GET");
        assert_eq!(read(b"").headers, []);
    }
}
