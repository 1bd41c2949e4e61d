//! Bodies on their way: the client's to the origin, and those whose beginning is held back.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use lockgate_shell::inspection::{Late, Pace};
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{ErrorCode, Request, Trailers};
use wasip3::wit_bindgen::{FutureReader, StreamReader, StreamResult};
use wasip3::{spawn, wit_future, wit_stream};

use crate::clock::{micros_since, monotonic_ns};
use crate::inspection::NotHeld;

/// How much is read of a body at once, bytes.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// What ends a body: its trailers, or why it broke off.
pub type BodyEnd = FutureReader<Result<Option<Trailers>, ErrorCode>>;

/// A body on its way.
pub type Flow = (StreamReader<u8>, BodyEnd);

/// The end of a body: a component may not read it from one that it made itself.
pub enum End {
    /// It is to be waited for.
    Coming(BodyEnd),
    /// It has come, with these trailers.
    Come(Option<Trailers>),
}

/// A body of which the beginning was read: that goes first.
pub struct Begun {
    /// What was read.
    pub held: Vec<u8>,
    /// What follows; `None`: nothing does.
    pub rest: Option<StreamReader<u8>>,
    /// What ends it.
    pub end: End,
}

impl End {
    /// Waits for it.
    ///
    /// # Errors
    /// Why the body broke off.
    pub async fn wait(self) -> Result<Option<Trailers>, ErrorCode> {
        match self {
            Self::Coming(end) => end.await,
            Self::Come(trailers) => Ok(trailers),
        }
    }
}

impl Begun {
    /// Of which nothing was read.
    #[must_use]
    pub fn not_yet((stream, end): Flow) -> Self {
        Self {
            held: Vec::new(),
            rest: Some(stream),
            end: End::Coming(end),
        }
    }

    /// For somebody else to read.
    #[must_use]
    pub fn into_flow(self) -> Flow {
        let Self { held, rest, end } = self;
        match (rest, end) {
            (Some(stream), End::Coming(end)) if held.is_empty() => (stream, end),
            (rest, end) => flow(held, rest, end.wait(), |_| true),
        }
    }
}

/// A client's body on its way to the origin.
pub struct ClientBody {
    /// What was read of it for the rules: it goes first.
    held: Vec<u8>,
    /// What follows; `None`: nothing does.
    rest: Option<Flow>,
    /// The bytes that were announced.
    length: Option<u64>,
    /// Those that came.
    received: Rc<Cell<u64>>,
}

/// Why a client's body is not handed on to its end.
pub enum BodyFault {
    /// More bytes come than may.
    TooLong,
    /// It is not framed as it should be, or ends too early.
    Malformed(ErrorCode),
    /// The client takes too long.
    Late(Late),
}

/// Where the fault of a body is told.
pub type BodyFaultCell = Rc<Cell<Option<BodyFault>>>;

/// The client's body as it comes.
pub fn consume_request(request: Request) -> Flow {
    let (_, result) = wit_future::new(|| Ok(()));
    Request::consume_body(request, result)
}

impl ClientBody {
    /// The body of a request that announced so many bytes; `received` is told how many came.
    pub fn new(request: Request, length: Option<u64>, received: Rc<Cell<u64>>) -> Self {
        Self {
            held: Vec::new(),
            rest: Some(consume_request(request)),
            length,
            received,
        }
    }

    /// The bytes that were announced.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Refuses it where it announces more bytes than may come.
    ///
    /// # Errors
    /// 413.
    pub fn announced_within(&self, bytes_max: u64) -> Result<(), NotHeld> {
        match self.length {
            Some(length) if length > bytes_max => Err(NotHeld {
                status: 413,
                code: "body_too_large",
                cause: format!("the body of {length} bytes is longer than {bytes_max}"),
            }),
            _ => Ok(()),
        }
    }

    /// What was read of it.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// Whether there is none after all: nothing came, and nothing was announced.
    pub fn is_none(&self) -> bool {
        self.held.is_empty() && self.rest.is_none() && self.length.is_none()
    }

    /// Reads it until there are more than `most` bytes, or no more; whether that is all of it.
    /// Beyond `bytes_max` it is too long.
    pub async fn hold(
        &mut self,
        most: usize,
        bytes_max: u64,
        pace: Pace,
    ) -> Result<bool, BodyFault> {
        if let Some((stream, end)) = self.rest.take() {
            let received = &self.received;
            let takes = |bytes: u64| {
                received.set(bytes);
                bytes <= bytes_max
            };
            let (held, rest) = begin(stream, most, Some(pace), takes).await?;
            self.held = held;
            match rest {
                Some(stream) => self.rest = Some((stream, end)),
                None => {
                    end.await.map_err(BodyFault::Malformed)?;
                }
            }
        }
        Ok(self.held.len() <= most)
    }

    /// Sends it on; beyond `bytes_max` it breaks off.
    pub fn send_on(self, bytes_max: u64, fault: BodyFaultCell) -> Flow {
        let Self {
            held,
            rest,
            length,
            received,
        } = self;
        if let Some(length) = length {
            received.set(length);
        }
        let (stream, end) = rest.unzip();
        let ended = without_trailers(end, fault.clone());
        let stream = match (length, stream) {
            // Spin holds the client to the length that it announced.
            (Some(_), Some(stream)) if held.is_empty() => {
                let (finish, finished) = wit_future::new(|| Ok(None));
                spawn(async move {
                    let _ = finish.write(ended.await).await;
                });
                return (stream, finished);
            }
            (_, stream) => stream,
        };
        let takes = move |bytes: u64| {
            received.set(received.get().max(bytes));
            let takes = bytes <= bytes_max;
            if !takes {
                fault.set(Some(BodyFault::TooLong));
            }
            takes
        };
        flow(held, stream, ended, takes)
    }
}

/// A client's trailers are not handed on: they would come after all checks. That its body broke
/// off is.
async fn without_trailers(
    end: Option<BodyEnd>,
    fault: BodyFaultCell,
) -> Result<Option<Trailers>, ErrorCode> {
    if let Some(end) = end {
        end.await.inspect_err(|error| {
            fault.set(Some(BodyFault::Malformed(error.clone())));
        })?;
    }
    Ok(None)
}

/// Reads a body until there are more than `most` bytes, or no more: that, and what follows, where
/// there is more. `takes` is told how many bytes came, and says whether they may be so many.
pub async fn begin(
    mut stream: StreamReader<u8>,
    most: usize,
    pace: Option<Pace>,
    mut takes: impl FnMut(u64) -> bool,
) -> Result<(Vec<u8>, Option<StreamReader<u8>>), BodyFault> {
    let mut bytes = Vec::with_capacity(most.saturating_add(1).min(CHUNK_BYTES));
    let mut waited_us = 0_u64;
    loop {
        if bytes.len() == bytes.capacity() {
            bytes.reserve(CHUNK_BYTES);
        }
        let begun_ns = monotonic_ns();
        let (result, read) = match pace {
            None => stream.read(bytes).await,
            Some(pace) => {
                let wait_ms = pace.wait_ms(bytes.len() as u64, waited_us / 1_000);
                let read = read_within(&mut stream, bytes, wait_ms).await;
                read.ok_or_else(|| BodyFault::Late(pace.late(wait_ms)))?
            }
        };
        waited_us = waited_us.saturating_add(micros_since(begun_ns));
        bytes = read;
        if !takes(bytes.len() as u64) {
            return Err(BodyFault::TooLong);
        }
        if result == StreamResult::Dropped {
            return Ok((bytes, None));
        }
        if bytes.len() > most {
            return Ok((bytes, Some(stream)));
        }
    }
}

/// Reads into the room of `buffer`; `None`: nothing came for `wait_ms`.
async fn read_within(
    stream: &mut StreamReader<u8>,
    buffer: Vec<u8>,
    wait_ms: u64,
) -> Option<(StreamResult, Vec<u8>)> {
    let mut read = pin!(stream.read(buffer));
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(read) = read.as_mut().poll(context) {
            return Poll::Ready(Some(read));
        }
        // Most of a body is there at once: then no timer is made.
        let timer =
            timer.get_or_insert_with(|| Box::pin(wait_for(wait_ms.saturating_mul(1_000_000))));
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// A body of `held` bytes, what follows them, and its end. `takes` is told how many bytes came,
/// and says whether they may be so many.
pub fn flow(
    held: Vec<u8>,
    rest: Option<StreamReader<u8>>,
    end: impl Future<Output = Result<Option<Trailers>, ErrorCode>> + 'static,
    mut takes: impl FnMut(u64) -> bool + 'static,
) -> Flow {
    let (mut to, stream) = wit_stream::new::<u8>();
    let broken = || Err(ErrorCode::HttpRequestBodySize(None));
    let (finish, finished) = wit_future::new(broken);
    spawn(async move {
        let mut so_far = held.len() as u64;
        let mut buffer = to.write_all(held).await;
        // What is left was not wanted.
        let mut gone = !buffer.is_empty();
        if let Some(mut from) = rest {
            buffer.reserve(CHUNK_BYTES);
            while !gone {
                let (result, chunk) = from.read(buffer).await;
                so_far = so_far.saturating_add(chunk.len() as u64);
                if !takes(so_far) {
                    let _ = finish.write(broken()).await;
                    return;
                }
                buffer = to.write_all(chunk).await;
                gone = !buffer.is_empty();
                if result == StreamResult::Dropped {
                    break;
                }
            }
        }
        drop(to);
        let _ = finish.write(end.await).await;
    });
    (stream, finished)
}
