//! As much of an HTTP/1.1 response head as a load generator needs.

use anyhow::{Context, Result, bail};

/// What the head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Status code.
    pub(crate) status: u16,
    /// Bytes of the head itself.
    pub(crate) head_bytes: usize,
    /// Bytes of the body behind it.
    pub(crate) body_bytes: u64,
    /// The server closes the connection behind it.
    pub(crate) close: bool,
}

/// Reads a head; `None` while it is not whole.
///
/// # Errors
/// What is not HTTP/1.1, or has no `Content-Length`: no server here has reason to answer so.
pub(crate) fn read_head(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = find_end(bytes) else {
        return Ok(None);
    };
    let head = bytes.get(..end).unwrap_or_default();
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or_default();
    let status = line
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok())
        .with_context(|| format!("no answer: {}", String::from_utf8_lossy(line)))?;
    let (mut length, mut close) = (None, false);
    for line in lines {
        // Only two names matter: look at their lengths first.
        match line.iter().position(|byte| *byte == b':') {
            Some(14) if starts_with(line, b"content-length:") => length = number(&line[15..]),
            Some(10) if starts_with(line, b"connection:") => {
                close = line[11..].trim_ascii().eq_ignore_ascii_case(b"close");
            }
            _ => {}
        }
    }
    let body_bytes = match (length, status) {
        (_, 204 | 304) => 0,
        (Some(length), _) => length,
        (None, _) => bail!(
            "an answer without Content-Length:\n{}",
            String::from_utf8_lossy(head)
        ),
    };
    Ok(Some(Head {
        status,
        head_bytes: end,
        body_bytes,
        close,
    }))
}

/// The place behind the empty line.
fn find_end(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map(|at| at + 4)
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let head = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH: 12\r\n\r\nbody";
        let found = read_head(head).unwrap().unwrap();
        assert_eq!(
            (found.status, found.body_bytes, found.close),
            (200, 12, false)
        );
        assert_eq!(found.head_bytes, head.len() - 4);
        for end in 0..head.len() - 4 {
            assert_eq!(read_head(&head[..end]).unwrap(), None, "{end}");
        }
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        assert!(read_head(b"SSH-2.0\r\n\r\n").is_err());
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        let unchanged = read_head(b"HTTP/1.1 304 Not Modified\r\nConnection: Close\r\n\r\n");
        let unchanged = unchanged.unwrap().unwrap();
        assert_eq!((unchanged.body_bytes, unchanged.close), (0, true));
    }
}
