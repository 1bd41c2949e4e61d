//! The load generator: connections that each send the next request as soon as the last answer is
//! whole. One thread, edge-triggered epoll, two system calls a request: it costs less than any
//! of the servers, so that the server's core is the one that is full.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::net::RecvFlags;

use crate::latency::Latencies;
use crate::requests::RequestSet;
use crate::response::read_head;

const BUFFER_BYTES: usize = 64 * 1024;
const DISCARD_BYTES: usize = 1 << 20;

/// No answer may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the load ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After a ramp that is not counted, for this long.
    Time {
        /// Not counted.
        ramp: Duration,
        /// Counted.
        counted: Duration,
    },
    /// After so many requests, all counted.
    Requests(usize),
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Whole answers, of whatever status.
    pub(crate) requests: u64,
    /// Bytes of bodies.
    pub(crate) body_bytes: u64,
    /// From the first to the last counted moment.
    pub(crate) elapsed: Duration,
    /// From the first byte sent to the last received.
    pub(crate) latencies: Latencies,
    /// Answers by status.
    pub(crate) statuses: BTreeMap<u16, u64>,
}

impl Outcome {
    /// # Errors
    /// When an answer was not 200.
    pub(crate) fn all_ok(&self) -> Result<()> {
        ensure!(self.requests > 0, "no request was answered");
        ensure!(
            self.statuses.keys().all(|status| *status == 200),
            "answers by status: {:?}",
            self.statuses
        );
        Ok(())
    }
}

struct Connection {
    stream: TcpStream,
    /// Index of the next request.
    next: usize,
    /// The request on its way, and how much of it is written.
    current: usize,
    written: usize,
    sent_at: Instant,
    head: Vec<u8>,
    filled: usize,
    /// Bytes of the body still to come; `None` while the head is not whole.
    body_left: Option<u64>,
    status: u16,
    busy: bool,
}

/// Sends `set` to `address` over `connections` connections. `probe` is called when counting
/// begins and when it ends.
///
/// # Errors
/// When the server closes a connection, does not answer in time, or not in HTTP.
pub(crate) fn run<T>(
    address: SocketAddr,
    connections: usize,
    set: &RequestSet,
    until: Until,
    mut probe: impl FnMut() -> Result<T>,
) -> Result<(Outcome, T, T)> {
    let mut load = Load::connect(address, connections, set)?;
    let begun = Instant::now();
    let (ramp, counted, limit) = match until {
        Until::Time { ramp, counted } => (ramp, counted, usize::MAX),
        Until::Requests(count) => (Duration::ZERO, Duration::MAX, count),
    };
    load.left = limit;
    if !ramp.is_zero() {
        load.start_all()?;
        load.turn_until(|_| begun.elapsed() >= ramp)?;
        load.outcome = Outcome::default();
    }
    let first = probe()?;
    let counted_from = Instant::now();
    load.start_all()?;
    load.turn_until(|load| counted_from.elapsed() >= counted || load.busy == 0)?;
    let last = probe()?;
    let mut outcome = std::mem::take(&mut load.outcome);
    outcome.elapsed = counted_from.elapsed();
    // Answers on their way are read, so that no server sees its client vanish.
    load.left = 0;
    load.turn_until(|load| load.busy == 0)?;
    Ok((outcome, first, last))
}

struct Load<'a> {
    set: &'a RequestSet,
    poll: Poll,
    connections: Vec<Connection>,
    outcome: Outcome,
    /// Requests that may still be sent.
    left: usize,
    busy: usize,
    discard: Vec<u8>,
    last_progress: Instant,
}

impl<'a> Load<'a> {
    fn connect(address: SocketAddr, count: usize, set: &'a RequestSet) -> Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let stream = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5))
                .with_context(|| format!("cannot connect to {address}"))?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(
                &mut stream,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            connections.push(Connection {
                stream,
                // Each begins elsewhere in the set and walks all of it.
                next: index * set.len() / count.max(1),
                current: 0,
                written: 0,
                sent_at: Instant::now(),
                head: vec![0; BUFFER_BYTES],
                filled: 0,
                body_left: None,
                status: 0,
                busy: false,
            });
        }
        Ok(Self {
            set,
            poll,
            connections,
            outcome: Outcome::default(),
            left: 0,
            busy: 0,
            discard: vec![0; DISCARD_BYTES],
            last_progress: Instant::now(),
        })
    }

    /// Sends on every idle connection.
    fn start_all(&mut self) -> Result<()> {
        for index in 0..self.connections.len() {
            if !self.connections[index].busy {
                self.send_next(index)?;
            }
        }
        Ok(())
    }

    fn turn_until(&mut self, mut done: impl FnMut(&Self) -> bool) -> Result<()> {
        let mut events = Events::with_capacity(256);
        self.last_progress = Instant::now();
        while !done(self) {
            match self.poll.poll(&mut events, Some(Duration::from_millis(10))) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            if self.last_progress.elapsed() > PATIENCE {
                bail!("no answer for {} s", PATIENCE.as_secs());
            }
            for event in &events {
                let index = event.token().0;
                if !self.connections[index].busy {
                    continue;
                }
                if event.is_writable() {
                    self.write(index)?;
                }
                if event.is_readable() {
                    self.read(index)?;
                }
            }
        }
        Ok(())
    }

    fn send_next(&mut self, index: usize) -> Result<()> {
        let connection = &mut self.connections[index];
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        if !connection.busy {
            connection.busy = true;
            self.busy += 1;
        }
        connection.current = connection.next;
        connection.next += 1;
        connection.written = 0;
        connection.filled = 0;
        connection.body_left = None;
        connection.sent_at = Instant::now();
        self.write(index)
    }

    fn write(&mut self, index: usize) -> Result<()> {
        let connection = &mut self.connections[index];
        let request = self.set.get(connection.current);
        while let Some(rest @ [_, ..]) = request.get(connection.written..) {
            match connection.stream.write(rest) {
                Ok(count) => connection.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("cannot send"),
            }
        }
        Ok(())
    }

    /// Reads until the answer is whole or nothing more is there.
    fn read(&mut self, index: usize) -> Result<()> {
        loop {
            let connection = &mut self.connections[index];
            let whole = if connection.body_left.is_some() {
                discard(connection, &mut self.discard)?
            } else {
                read_start(connection)?
            };
            match whole {
                Progress::Nothing => return Ok(()),
                Progress::Some => self.last_progress = Instant::now(),
                Progress::Whole { body_bytes } => {
                    let latency = connection.sent_at.elapsed();
                    let status = connection.status;
                    self.last_progress = Instant::now();
                    self.outcome.requests += 1;
                    self.outcome.body_bytes += body_bytes;
                    self.outcome.latencies.add(latency);
                    *self.outcome.statuses.entry(status).or_default() += 1;
                    if self.left == 0 {
                        connection.busy = false;
                        self.busy -= 1;
                        return Ok(());
                    }
                    // Nothing more can be there: a new edge comes with the next answer.
                    return self.send_next(index);
                }
            }
        }
    }
}

enum Progress {
    Nothing,
    Some,
    Whole { body_bytes: u64 },
}

/// Reads the head and what comes with it.
fn read_start(connection: &mut Connection) -> Result<Progress> {
    let room = connection
        .head
        .get_mut(connection.filled..)
        .unwrap_or_default();
    ensure!(
        !room.is_empty(),
        "a response head of more than {BUFFER_BYTES} bytes"
    );
    match connection.stream.read(room) {
        Ok(0) => bail!("the server closed a connection"),
        Ok(count) => connection.filled += count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Progress::Nothing),
        Err(error) => return Err(error).context("cannot receive"),
    }
    let received = connection.head.get(..connection.filled).unwrap_or_default();
    let Some(head) = read_head(received)? else {
        return Ok(Progress::Some);
    };
    ensure!(
        !head.close,
        "the server wants to close a connection (status {})",
        head.status
    );
    let of_body = (connection.filled - head.head_bytes) as u64;
    connection.status = head.status;
    let left = head
        .body_bytes
        .checked_sub(of_body)
        .context("more than one answer")?;
    connection.body_left = Some(left);
    if left == 0 {
        return Ok(Progress::Whole {
            body_bytes: head.body_bytes,
        });
    }
    // Remembered for the count of a body that comes in pieces.
    connection.filled = head.body_bytes as usize;
    Ok(Progress::Some)
}

/// Lets the kernel throw body bytes away without copying them (`MSG_TRUNC`, tcp(7)).
fn discard(connection: &mut Connection, buffer: &mut [u8]) -> Result<Progress> {
    let left = connection.body_left.unwrap_or_default();
    let most = usize::try_from(left)
        .unwrap_or(usize::MAX)
        .min(buffer.len());
    let room = buffer.get_mut(..most).unwrap_or_default();
    match rustix::net::recv(&connection.stream, room, RecvFlags::TRUNC) {
        Ok((_, 0)) => bail!("the server closed a connection in a body"),
        Ok((_, count)) => {
            let left = left.saturating_sub(count as u64);
            connection.body_left = Some(left);
            Ok(if left == 0 {
                Progress::Whole {
                    body_bytes: connection.filled as u64,
                }
            } else {
                Progress::Some
            })
        }
        Err(rustix::io::Errno::AGAIN) => Ok(Progress::Nothing),
        Err(rustix::io::Errno::INTR) => Ok(Progress::Some),
        Err(error) => Err(error).context("cannot receive"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that answers each request with 100 KB, in two parts, until its clients leave.
    fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let mut request = [0; 4];
                    while stream.read_exact(&mut request).is_ok() {
                        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
                        stream.write_all(head).unwrap();
                        stream.write_all(&[b'x'; 100_000]).unwrap();
                    }
                });
            }
        });
        address
    }

    #[test]
    fn a_number_of_requests_is_sent_and_counted() {
        let set = RequestSet::single(b"ping".to_vec());
        let (outcome, (), ()) = run(server(), 3, &set, Until::Requests(50), || Ok(())).unwrap();
        assert_eq!((outcome.requests, outcome.body_bytes), (50, 5_000_000));
        outcome.all_ok().unwrap();
    }

    #[test]
    fn the_ramp_is_not_counted() {
        let set = RequestSet::single(b"ping".to_vec());
        let until = Until::Time {
            ramp: Duration::from_millis(50),
            counted: Duration::from_millis(100),
        };
        let mut probes = 0;
        let (outcome, first, last) = run(server(), 3, &set, until, || {
            probes += 1;
            Ok(probes)
        })
        .unwrap();
        assert_eq!((first, last), (1, 2));
        assert!(outcome.requests > 0);
        assert!(outcome.elapsed >= Duration::from_millis(100));
        assert!(outcome.latencies.quantile_us(0.5) > 0.0);
    }
}
