//! One connection that is used by turns: send a request, read the whole answer. Blocking, so
//! that its caller is woken by the answer and by nothing else.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::response::{Head, read_head};

/// No answer may take longer.
const PATIENCE: Duration = Duration::from_secs(60);
const HEAD_BYTES_MAX: usize = 64 * 1024;
const PART_BYTES: usize = 64 * 1024;

/// A connection, made when it is first needed and again after it was closed.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    address: SocketAddr,
    stream: Option<TcpStream>,
    received: Vec<u8>,
    part: Vec<u8>,
    /// Where to be found, and as whom.
    ends: Option<(&'a Ends, usize)>,
}

/// Ends what callers wait for.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    ended: AtomicBool,
    streams: Mutex<BTreeMap<usize, TcpStream>>,
}

impl Ends {
    /// Whether it is over.
    pub(crate) fn ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Ends all connections; a caller that waits for an answer gets none.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in streams.values() {
            // One that has ended by itself is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn keep(&self, number: usize, stream: &TcpStream) -> Result<()> {
        let kept = stream.try_clone()?;
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: who comes after the end finds it.
        ensure!(!self.ended(), "it is over");
        streams.insert(number, kept);
        Ok(())
    }
}

impl<'a> Caller<'a> {
    /// Not connected yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
            received: Vec::new(),
            part: vec![0; PART_BYTES],
            ends: None,
        }
    }

    /// Ended by `ends`, as caller `number` of those that it ends.
    pub(crate) fn ended_by(mut self, ends: &'a Ends, number: usize) -> Self {
        self.ends = Some((ends, number));
        self
    }

    /// Connects where it is not connected.
    ///
    /// # Errors
    /// Where nobody accepts.
    pub(crate) fn connect(&mut self) -> Result<&mut TcpStream> {
        if self.stream.is_none() {
            let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))
                .with_context(|| format!("cannot connect to {}", self.address))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            if let Some((ends, number)) = self.ends {
                ends.keep(number, &stream)?;
            }
            self.stream = Some(stream);
        }
        self.stream.as_mut().context("not connected")
    }

    /// Sends `request` and reads the answer; its head, parsed and as it came.
    ///
    /// # Errors
    /// Where the server closes, does not answer in time, or not in HTTP. The next call connects
    /// anew.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<(Head, &[u8])> {
        let asked = self.exchange(request);
        match &asked {
            Ok(head) if !head.close => {}
            _ => self.stream = None,
        }
        let head = asked?;
        Ok((
            head,
            self.received.get(..head.head_bytes).unwrap_or_default(),
        ))
    }

    fn exchange(&mut self, request: &[u8]) -> Result<Head> {
        self.connect()?.write_all(request).context("cannot send")?;
        self.received.clear();
        let head = loop {
            let came = self.read()?;
            self.received
                .extend_from_slice(self.part.get(..came).unwrap_or_default());
            if let Some(head) = read_head(&self.received)? {
                break head;
            }
            ensure!(
                self.received.len() < HEAD_BYTES_MAX,
                "a response head of more than {HEAD_BYTES_MAX} bytes"
            );
        };
        let whole = head.head_bytes as u64 + head.body_bytes;
        let mut left = whole
            .checked_sub(self.received.len() as u64)
            .context("more than one answer")?;
        while left > 0 {
            let came = self.read()? as u64;
            left = left.checked_sub(came).context("more than one answer")?;
        }
        Ok(head)
    }

    fn read(&mut self) -> Result<usize> {
        let stream = self.stream.as_mut().context("not connected")?;
        loop {
            match stream.read(&mut self.part) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(came) => return Ok(came),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot receive"),
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    /// A server that reads four bytes and answers with them, or closes on `quit` and says
    /// nothing to `wait`.
    pub(crate) fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let mut request = [0; 4];
                    while stream.read_exact(&mut request).is_ok() && &request != b"quit" {
                        if &request != b"wait" {
                            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
                            let _ = stream.write_all(head);
                            let _ = stream.write_all(&request);
                        }
                    }
                });
            }
        });
        address
    }

    #[test]
    fn a_closed_connection_is_made_anew() {
        let mut caller = Caller::new(server());
        assert_eq!(caller.ask(b"ping").unwrap().0.status, 200);
        assert!(caller.ask(b"quit").is_err());
        let (head, bytes) = caller.ask(b"ping").unwrap();
        assert_eq!((head.status, head.body_bytes), (200, 4));
        assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && bytes.ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn a_caller_that_waits_is_ended() {
        let ends = Ends::default();
        let address = server();
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let mut caller = Caller::new(address).ended_by(&ends, 0);
                caller.ask(b"wait").map(|(head, _)| head)
            });
            while ends.streams.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            ends.end();
            assert!(waits.join().unwrap().is_err());
        });
        assert!(begun.elapsed() < PATIENCE);
        assert!(Caller::new(address).ended_by(&ends, 1).connect().is_err());
    }
}
