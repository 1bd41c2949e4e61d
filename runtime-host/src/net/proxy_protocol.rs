//! PROXY protocol, version 2: who connected to the proxy in front
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>, section 2.2).
//!
//! Version 1 is refused: its text header has no length, so it cannot be told from a request that
//! was cut short.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and transport, length.
const FIXED_BYTES: usize = 16;
/// Most bytes after the fixed part: the addresses and the TLVs, which are skipped. What known
/// proxies send stays below 1 KiB; the format would allow 64.
const REST_BYTES_MAX: usize = 4096;

/// Why a connection does not open with a header that is understood.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Something else was sent.
    #[error("the connection does not open with a PROXY protocol header")]
    NoHeader,
    /// Version 1.
    #[error("PROXY protocol version 1 is not supported: let the proxy send version 2")]
    Version1,
    /// A version that does not exist.
    #[error("PROXY protocol version {0} is not supported: let the proxy send version 2")]
    Version(u8),
    /// A command that does not exist.
    #[error("the PROXY protocol command {0} is unknown")]
    Command(u8),
    /// Not TCP over IP.
    #[error(
        "the PROXY protocol header is not about a TCP connection (family and transport {0:#04x})"
    )]
    Family(u8),
    /// The header says that it is longer than anything sensible.
    #[error("the PROXY protocol header announces {0} bytes")]
    TooLong(usize),
    /// The addresses do not fit into the announced length.
    #[error("the PROXY protocol header is too short for its addresses")]
    TooShort,
    /// The connection failed or ended.
    #[error("the connection ended in the PROXY protocol header: {0}")]
    Io(#[from] std::io::Error),
}

/// Reads a header and not one byte more. `None` where the proxy speaks for itself (a health
/// check: LOCAL, or an unknown family): then the socket's own peer is the client.
///
/// # Errors
/// [`ProxyError`]; the connection is to be closed.
pub async fn read_header(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, ProxyError> {
    let mut fixed = [0_u8; FIXED_BYTES];
    let mut filled = 0;
    while let Some(room) = fixed.get_mut(filled..).filter(|room| !room.is_empty()) {
        match stream.read(room).await? {
            0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            read => filled += read,
        }
        // Garbage is told at its first byte, not at its sixteenth.
        check_signature(&fixed[..filled])?;
    }
    let [.., version_command, family, high, low] = fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if version_command >> 4 != 2 {
        return Err(ProxyError::Version(version_command >> 4));
    }
    if length > REST_BYTES_MAX {
        return Err(ProxyError::TooLong(length));
    }
    let mut rest = vec![0_u8; length];
    stream.read_exact(&mut rest).await?;
    match version_command & 0x0f {
        0 => Ok(None),
        1 => source(family, &rest),
        command => Err(ProxyError::Command(command)),
    }
}

fn check_signature(start: &[u8]) -> Result<(), ProxyError> {
    let compared = start.len().min(SIGNATURE.len());
    if start[..compared] == SIGNATURE[..compared] {
        return Ok(());
    }
    let text = start.len().min(b"PROXY ".len());
    Err(if start[..text] == b"PROXY "[..text] {
        ProxyError::Version1
    } else {
        ProxyError::NoHeader
    })
}

/// The source address. After the addresses come TLVs, which say nothing that we use.
fn source(family: u8, rest: &[u8]) -> Result<Option<SocketAddr>, ProxyError> {
    match family {
        // AF_UNSPEC: "the receiver must ignore the address information".
        0x00 => Ok(None),
        // Source, destination (4 bytes each), source port, destination port.
        0x11 => {
            let (address, port) = parts::<4>(rest)?;
            Ok(Some((Ipv4Addr::from(address), port).into()))
        }
        // The same with 16 bytes each.
        0x21 => {
            let (address, port) = parts::<16>(rest)?;
            Ok(Some((Ipv6Addr::from(address), port).into()))
        }
        other => Err(ProxyError::Family(other)),
    }
}

fn parts<const N: usize>(rest: &[u8]) -> Result<([u8; N], u16), ProxyError> {
    let addresses = rest.get(..2 * N + 4).ok_or(ProxyError::TooShort)?;
    let address = addresses.first_chunk::<N>().ok_or(ProxyError::TooShort)?;
    let port = addresses[2 * N..]
        .first_chunk::<2>()
        .ok_or(ProxyError::TooShort)?;
    Ok((*address, u16::from_be_bytes(*port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of `version_command` and `family` with `rest`, whose length is true.
    fn header(version_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
        [&SIGNATURE[..], &[version_command, family], &length, rest].concat()
    }

    async fn read(mut bytes: &[u8]) -> (Result<Option<SocketAddr>, ProxyError>, usize) {
        let result = read_header(&mut bytes).await;
        (result, bytes.len())
    }

    const TCP4: &[u8] = &[192, 0, 2, 7, 10, 0, 0, 1, 0xc3, 0x50, 1, 0xbb];

    #[tokio::test]
    async fn the_client_is_read_and_nothing_after_it() {
        let tcp6 = [
            &[0x20, 1, 0xd, 0xb8][..],
            &[0; 11],
            &[9],
            &[0; 16],
            &[0x1f, 0x90, 1, 0xbb],
        ];
        let tlvs = [TCP4, &[3, 0, 4, 1, 2, 3, 4, 0x20, 0xff, 0xff]].concat();
        for (bytes, expected) in [
            (header(0x21, 0x11, TCP4), Some("192.0.2.7:50000")),
            (header(0x21, 0x11, &tlvs), Some("192.0.2.7:50000")),
            (
                header(0x21, 0x21, &tcp6.concat()),
                Some("[2001:db8::9]:8080"),
            ),
            (header(0x20, 0x00, &[]), None),
            (header(0x20, 0x11, TCP4), None),
            (header(0x21, 0x00, &[1, 2, 3]), None),
        ] {
            let with_request = [&bytes[..], b"GET / HTTP/1.1\r\n"].concat();
            let (source, left) = read(&with_request).await;
            let expected = expected.map(|text| text.parse::<SocketAddr>().expect("an address"));
            assert_eq!(source.expect("a header"), expected);
            assert_eq!(left, 16, "the request is untouched");
        }
    }

    #[tokio::test]
    async fn hostile_headers_are_refused() {
        let mut long = header(0x21, 0x11, &[]);
        long[14..].copy_from_slice(&[0xff, 0xff]);
        let cases: [(&[u8], &str); 12] = [
            (b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", "does not open"),
            (b"\x16\x03\x01\x02\x00\x01", "does not open"),
            (b"\r\n\r\n\0\r\nQUIX\n\x21\x11\0\0", "does not open"),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 50000 443\r\n", "version 1"),
            (b"PROXY UNKNOWN\r\n", "version 1"),
            (&header(0x11, 0x11, TCP4), "version 1"),
            (&header(0x31, 0x11, TCP4), "version 3"),
            (&header(0x2f, 0x11, TCP4), "command 15"),
            (&header(0x21, 0x12, TCP4), "not about a TCP"),
            (&header(0x21, 0x31, &[0; 216]), "not about a TCP"),
            (&header(0x21, 0x11, &TCP4[..11]), "too short"),
            (&long, "announces 65535"),
        ];
        for (bytes, expected) in cases {
            let error = read(bytes).await.0.expect_err("refused").to_string();
            assert!(error.contains(expected), "{bytes:?}: {error}");
        }
        let whole = header(0x21, 0x11, TCP4);
        for cut in 0..whole.len() {
            let error = read(&whole[..cut]).await.0.expect_err("cut off");
            assert!(matches!(error, ProxyError::Io(_)), "cut at {cut}: {error}");
        }
    }
}
