//! PROXY protocol, version 2, from the host's own file. The first byte of an input is the size of
//! the pieces in which the rest arrives.

#[path = "../../runtime-host/src/net/proxy_protocol.rs"]
mod parser;

use parser::read_header;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes that arrive a few at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.size.min(buffer.remaining()).min(self.rest.len());
        let (now, later) = self.rest.split_at(size);
        buffer.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}

/// Reads a header and compares with a plain reading of the format.
pub fn run(data: &[u8]) {
    let Some((size, wire)) = data.split_first() else {
        return;
    };
    let mut stream = Pieces {
        rest: wire,
        size: usize::from(*size % 32) + 1,
    };
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(result) = pin!(read_header(&mut stream)).poll(&mut context) else {
        panic!("there is nothing to wait for");
    };
    let taken = wire.len() - stream.rest.len();
    match (result, naive(wire)) {
        (Ok(found), Some((len, wanted))) => assert_eq!((taken, found), (len, wanted)),
        (Err(error), None) => assert!(!error.to_string().is_empty()),
        (found, wanted) => panic!("{found:?}, not {wanted:?}"),
    }
}

/// The header's length and the client, if it is a header that is understood.
fn naive(wire: &[u8]) -> Option<(usize, Option<SocketAddr>)> {
    let rest = wire.strip_prefix(b"\r\n\r\n\0\r\nQUIT\n")?;
    let ([version_command, family, high, low], rest) = rest.split_first_chunk::<4>()?;
    let length = usize::from(*high) << 8 | usize::from(*low);
    if length > 4096 {
        return None;
    }
    let rest = rest.get(..length)?;
    let address = |len: usize| -> Option<SocketAddr> {
        let ports = rest.get(2 * len..2 * len + 4)?;
        let ip = match len {
            4 => IpAddr::from(*rest.first_chunk::<4>()?),
            _ => IpAddr::from(*rest.first_chunk::<16>()?),
        };
        Some((ip, u16::from(ports[0]) << 8 | u16::from(ports[1])).into())
    };
    let client = match (version_command, family) {
        (0x20, _) | (0x21, 0x00) => None,
        (0x21, 0x11) => Some(address(4)?),
        (0x21, 0x21) => Some(address(16)?),
        _ => return None,
    };
    Some((16 + length, client))
}
