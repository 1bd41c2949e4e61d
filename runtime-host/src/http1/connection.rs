//! One HTTP/1 connection: read a head, let the gate answer, write, again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;

use super::body::{Http1Body, Lease};
use super::framing::{Framing, request_framing};
use super::parse::{HeadLimits, parse_head};
use super::write::{Manner, send, write_response};
use crate::gate::{Connection, Gate, Refused};
use crate::http::{Pace, RequestBody, RequestHead, Response};
use crate::net::{Reader, Writer};

/// The times and limits of an HTTP/1 connection.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Limits of a head.
    pub head: HeadLimits,
    /// Time for a whole head.
    pub header_timeout: Duration,
    /// How quickly a body has to come.
    pub body_pace: Pace,
    /// Longest time in which the client accepts no byte.
    pub send_timeout: Duration,
    /// Time between two requests.
    pub idle_timeout: Duration,
}

/// How long a closing connection waits for the client to read the last answer, and how much it
/// may still send meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: u64 = 256 * 1024;
/// The most of an unwanted body that is thrown away to keep a connection, where it has come
/// already.
const UNWANTED_BYTES_MAX: u64 = 64 * 1024;
/// Time for the first bytes of a connection while the gate drains. The client may have sent them
/// before anything told it.
const FIRST_BYTES: Duration = Duration::from_millis(500);

/// Serves a connection until it ends or the gate drains.
pub async fn serve(
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    reader: Reader,
    mut writer: Writer,
) {
    let mut session = Session::new(gate, connection);
    let mut reader = Some(reader);
    while let Some(current) = reader.take() {
        reader = session.exchange(current, &mut writer).await;
    }
    // Closing at once with unread bytes would reset the connection and lose the answer.
    let _ = writer.shutdown().await;
}

/// Refuses a connection whose requests nobody has time to read.
pub async fn turn_away(
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    reader: Reader,
    mut writer: Writer,
    refused: Refused,
) {
    let settings = gate.http1_settings();
    let mut session = Session::new(gate, connection);
    session
        .turn_away(reader, &mut writer, refused, &settings)
        .await;
}

struct Session {
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    head: RequestHead,
    scratch: Vec<u8>,
    /// A request was answered.
    served: bool,
}

/// What reading a head gave.
enum Read {
    Head,
    Refused(Refused),
    Closed,
}

impl Session {
    fn new(gate: Arc<Gate>, connection: Arc<Connection>) -> Self {
        Self {
            gate,
            connection,
            head: RequestHead::default(),
            scratch: Vec::with_capacity(1024),
            served: false,
        }
    }

    /// One request and its answer; gives the reader back where the connection goes on.
    async fn exchange(&mut self, mut reader: Reader, writer: &mut Writer) -> Option<Reader> {
        let settings = self.gate.http1_settings();
        // The old head's bytes must go before the buffer can be used again.
        self.head.bytes = Bytes::new();
        let refused = match self.read_head(&mut reader, &settings).await {
            Read::Closed => return None,
            Read::Refused(refused) => refused,
            Read::Head => match request_framing(&self.head) {
                Ok(framing) => {
                    return self.answer(reader, writer, framing, &settings).await;
                }
                Err(cause) => Refused::new(400, "request_framing_ambiguous", cause),
            },
        };
        self.turn_away(reader, writer, refused, &settings).await;
        None
    }

    /// The last answer of a connection.
    async fn turn_away(
        &mut self,
        mut reader: Reader,
        writer: &mut Writer,
        refused: Refused,
        settings: &Settings,
    ) {
        let mut response = self.gate.refuse(&self.connection, &self.head, refused);
        response.close = true;
        let manner = Manner {
            head: false,
            version: 11,
            keep_alive: false,
            trailers: false,
        };
        self.write(writer, response, manner, settings).await;
        linger(&mut reader, writer).await;
    }

    async fn read_head(&mut self, reader: &mut Reader, settings: &Settings) -> Read {
        let mut fresh = reader.buffer.len();
        let idle = tokio::time::sleep(settings.idle_timeout);
        tokio::pin!(idle);
        let mut started = !reader.buffer.is_empty();
        let patience = if self.served {
            Duration::ZERO
        } else {
            FIRST_BYTES
        };
        if started {
            idle.as_mut()
                .reset(tokio::time::Instant::now() + settings.header_timeout);
        }
        loop {
            if fresh > 0 {
                // A head ends with a line, so bytes without one cannot end it; the first bytes
                // are looked at all the same, to refuse what is no HTTP at once.
                let start = reader.buffer.len() - fresh;
                let newline = reader.buffer[start..].contains(&b'\n');
                let full = reader.buffer.len() >= settings.head.header_bytes_max;
                if newline || start == 0 || full {
                    match parse_head(&reader.buffer, &settings.head, &mut self.head) {
                        Ok(Some(len)) => {
                            self.head.bytes = reader.buffer.split_to(len).freeze();
                            self.served = true;
                            return Read::Head;
                        }
                        Ok(None) => {}
                        Err(error) => {
                            self.head.headers.clear();
                            let (status, code) = error.answer();
                            return Read::Refused(Refused::new(status, code, error.to_string()));
                        }
                    }
                }
            }
            tokio::select! {
                biased;
                read = reader.fill() => match read {
                    Ok(0) | Err(_) => return Read::Closed,
                    Ok(read) => fresh = read,
                },
                () = idle.as_mut() => {
                    self.head.headers.clear();
                    return if started {
                        Read::Refused(Refused::new(408, "header_timeout", "the head took too long"))
                    } else {
                        Read::Closed
                    };
                }
                () = self.gate.draining_for(patience), if !started => return Read::Closed,
            }
            if !started {
                started = true;
                idle.as_mut()
                    .reset(tokio::time::Instant::now() + settings.header_timeout);
            }
        }
    }

    async fn answer(
        &mut self,
        reader: Reader,
        writer: &mut Writer,
        framing: Framing,
        settings: &Settings,
    ) -> Option<Reader> {
        let version = self.head.ranges.version;
        let manner = Manner {
            head: self.head.method() == b"HEAD",
            version,
            keep_alive: if version >= 11 {
                !self.head.field_has_token("connection", "close")
            } else {
                self.head.field_has_token("connection", "keep-alive")
            },
            trailers: self.head.field_has_token("te", "trailers"),
        };
        if framing == Framing::None {
            let response = self
                .gate
                .handle(&self.connection, &self.head, RequestBody::Empty)
                .await;
            let mut reader = reader;
            if self.write(writer, response, manner, settings).await {
                return Some(reader);
            }
            linger(&mut reader, writer).await;
            return None;
        }
        let expects = version >= 11 && self.head.field_has_token("expect", "100-continue");
        let (body, mut lease) = Http1Body::new(reader, framing, expects, settings.body_pace);
        let mut response = self
            .respond_while_reading(body, &mut lease, writer, settings)
            .await;
        // A body that nobody wanted is back before the answer is out. Where its rest has not
        // come, the client must be told that the connection ends: it would use it again.
        let mut back = lease.returned.try_recv().ok();
        if let Some(returned) = &mut back {
            returned.discard_arrived(UNWANTED_BYTES_MAX).await;
            response.close |= !returned.ended();
        }
        let reusable = self.write(writer, response, manner, settings).await;
        let mut returned = match back {
            Some(returned) => returned,
            // The body was dropped with the answer, so the reader is on its way.
            None => lease.returned.await.ok()?,
        };
        if reusable {
            // An origin that answered early left this; the client is in the middle of sending.
            let _ = tokio::time::timeout(LINGER, returned.discard(LINGER_BYTES_MAX)).await;
            if returned.ended() {
                return Some(returned.reader);
            }
        }
        linger(&mut returned.reader, writer).await;
        None
    }

    /// Runs the gate, and sends `100 Continue` once it asks for the body (RFC 9110 §10.1.1).
    async fn respond_while_reading(
        &mut self,
        body: Http1Body,
        lease: &mut Lease,
        writer: &mut Writer,
        settings: &Settings,
    ) -> Response {
        let answer = self
            .gate
            .handle(&self.connection, &self.head, RequestBody::Http1(body));
        let Some(asked) = lease.continue_asked.take() else {
            return answer.await;
        };
        tokio::pin!(answer);
        tokio::select! {
            biased;
            asked = asked => {
                if asked.is_ok() {
                    // A client that is gone shows in the body.
                    let _ = send(
                        writer,
                        b"HTTP/1.1 100 Continue\r\n\r\n",
                        settings.send_timeout,
                    ).await;
                }
                answer.await
            }
            response = &mut answer => response,
        }
    }

    /// Writes the response and completes its record; whether the connection can go on.
    async fn write(
        &mut self,
        writer: &mut Writer,
        mut response: Response,
        mut manner: Manner,
        settings: &Settings,
    ) -> bool {
        // The drain may have begun while the request was at work.
        manner.keep_alive &= !self.gate.is_draining();
        let sent = write_response(
            writer,
            &mut self.scratch,
            &mut response,
            manner,
            settings.send_timeout,
        )
        .await;
        if let Some(record) = response.record.take() {
            record.complete(sent.bytes, sent.failure.as_deref());
        }
        sent.reusable
    }
}

/// Ends the sending side and reads what the client still sends for a moment (RFC 9112 §9.6).
async fn linger(reader: &mut Reader, writer: &mut Writer) {
    let _ = writer.shutdown().await;
    let drain = async {
        let mut drained = 0;
        while drained < LINGER_BYTES_MAX {
            reader.buffer.clear();
            match reader.fill().await {
                Ok(read) if read > 0 => drained += read as u64,
                _ => break,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}
