//! One HTTP/2 connection: its streams, each on a task of its own, and its end.

use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use lockgate_config::types::Server;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::body::{Http2Body, Lease};
use super::head::{self, HeadLimits};
use super::meter::{Allowed, Excess, Meter};
use super::respond;
use super::transport::Transport;
use crate::gate::{Connection, Gate};
use crate::http::{Pace, RequestBody, RequestHead, Response};
use crate::net::{Reader, Writer};

/// How long a connection that has nothing more to do may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a stream stays open for a client that has its answer and sends on.
const LINGER: Duration = Duration::from_secs(1);
/// Streams' windows that a connection may have on their way at once.
const CONNECTION_WINDOWS: u32 = 4;

type Session = h2::server::Connection<Transport, Bytes>;

/// Serves a connection until it ends, is idle for too long or the gate drains.
pub async fn serve(gate: Arc<Gate>, connection: Arc<Connection>, reader: Reader, writer: Writer) {
    let server = gate.server();
    let meter = Meter::new(Allowed {
        control_per_s: server.http2.frames_control_per_s_max,
        resets: server.http2.resets_per_connection_max,
    });
    let send_timeout = Duration::from_millis(server.send_timeout_ms);
    let transport = Transport::new(reader, writer, meter, send_timeout);
    let excess = transport.excess();
    let handshake = builder(&server).handshake::<_, Bytes>(transport);
    let session = match timeout(Duration::from_millis(server.header_timeout_ms), handshake).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => {
            return tracing::debug!(peer = %connection.peer, "HTTP/2 did not begin: {error}");
        }
        Err(_) => return tracing::debug!(peer = %connection.peer, "HTTP/2 did not begin in time"),
    };
    run(gate, connection, server, session, &excess).await;
}

fn builder(server: &Server) -> h2::server::Builder {
    let limits = &server.http2;
    let mut builder = h2::server::Builder::new();
    builder
        .max_concurrent_streams(limits.streams_max)
        .initial_window_size(limits.window_bytes)
        .initial_connection_window_size(
            limits
                .window_bytes
                .saturating_mul(CONNECTION_WINDOWS)
                .min((1 << 31) - 1),
        )
        .max_frame_size(limits.frame_bytes_max)
        // `h2` answers longer lists with a bare 431, and derives its bound on CONTINUATION
        // frames from this. Up to twice the limit the refusal is ours, with problem and record.
        .max_header_list_size(limits.header_list_bytes_max.saturating_mul(2))
        .max_pending_accept_reset_streams(limits.pending_resets_max as usize)
        // Streams that the client makes us reset (CVE-2025-8671).
        .max_local_error_reset_streams(Some(limits.resets_per_connection_max as usize))
        .max_concurrent_reset_streams(limits.pending_resets_max as usize)
        // What one stream may have written ahead of a client that reads slowly.
        .max_send_buffer_size(256 * 1024);
    builder
}

/// What happened on a connection.
#[allow(
    clippy::large_enum_variant,
    reason = "one lives at a time, on the stack"
)]
enum Event {
    Stream(http::Request<RecvStream>, SendResponse<Bytes>),
    Excess(Excess),
    Failed(h2::Error),
    Closed,
}

/// Drives the connection; every read and write of all its streams happens in here.
fn poll_event(
    session: &mut Session,
    excess: &OnceLock<Excess>,
    context: &mut Context<'_>,
) -> Poll<Event> {
    match session.poll_accept(context) {
        Poll::Ready(Some(Ok((request, respond)))) => Poll::Ready(Event::Stream(request, respond)),
        Poll::Ready(Some(Err(error))) => Poll::Ready(Event::Failed(error)),
        Poll::Ready(None) => Poll::Ready(Event::Closed),
        Poll::Pending => excess
            .get()
            .map_or(Poll::Pending, |excess| Poll::Ready(Event::Excess(*excess))),
    }
}

async fn run(
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    server: Arc<Server>,
    mut session: Session,
    excess: &OnceLock<Excess>,
) {
    let idle_timeout = Duration::from_millis(server.idle_timeout_ms);
    let streams_max = server.http2.streams_max as usize + server.http2.pending_resets_max as usize;
    let mut streams: JoinSet<()> = JoinSet::new();
    let idle = sleep(idle_timeout);
    let draining = gate.draining();
    tokio::pin!(idle, draining);
    let mut ending = false;
    loop {
        tokio::select! {
            biased;
            event = poll_fn(|context| poll_event(&mut session, excess, context)) => match event {
                Event::Stream(request, mut respond) => {
                    while streams.try_join_next().is_some() {}
                    // `h2` counts open streams; this counts those whose work goes on as well.
                    if streams.len() >= streams_max {
                        respond.send_reset(Reason::REFUSED_STREAM);
                        continue;
                    }
                    streams.spawn(exchange(gate.clone(), connection.clone(), request, respond));
                }
                Event::Excess(excess) => {
                    tracing::info!(peer = %connection.peer, "HTTP/2 connection ended: {excess}");
                    session.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                    let goodbye = poll_fn(|context| session.poll_closed(context));
                    // A client that does not read it gets none.
                    let _ = timeout(GOODBYE, goodbye).await;
                    break;
                }
                Event::Failed(error) => {
                    tracing::debug!(peer = %connection.peer, "HTTP/2 connection failed: {error}");
                    break;
                }
                Event::Closed => break,
            },
            Some(ended) = streams.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(peer = %connection.peer, "a stream's task failed: {error}");
                }
                if streams.is_empty() {
                    let rest = if ending { GOODBYE } else { idle_timeout };
                    idle.as_mut().reset(Instant::now() + rest);
                }
            }
            () = &mut draining, if !ending => {
                ending = true;
                session.graceful_shutdown();
                idle.as_mut().reset(Instant::now() + GOODBYE);
            }
            () = &mut idle, if streams.is_empty() => {
                if ending {
                    break;
                }
                ending = true;
                session.graceful_shutdown();
                idle.as_mut().reset(Instant::now() + GOODBYE);
            }
        }
    }
    // The streams now find their connection gone and complete their records.
    drop(session);
    let all = async { while streams.join_next().await.is_some() {} };
    let _ = timeout(GOODBYE, all).await;
}

/// One request and its answer.
async fn exchange(
    gate: Arc<Gate>,
    connection: Arc<Connection>,
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let server = gate.server();
    let (parts, stream) = request.into_parts();
    let head = head::join(&parts);
    let limits = HeadLimits {
        list_bytes_max: server.http2.header_list_bytes_max as usize,
        fields_max: server.headers_max as usize,
        target_bytes_max: server.target_bytes_max as usize,
    };
    let mut lease = None;
    let response = match head::check(&parts, &head, &limits) {
        Err(refused) => gate.refuse(&connection, &head, refused),
        Ok(()) => {
            let body = if stream.is_end_stream() {
                RequestBody::Empty
            } else {
                let pace = Pace {
                    timeout: Duration::from_millis(server.body_timeout_ms),
                    bytes_per_s_min: server.body_bytes_per_s_min,
                };
                let (body, ends) = request_body(&head, stream, pace);
                lease = Some(ends);
                RequestBody::Http2(body)
            };
            let asked = lease.as_mut().and_then(|lease| lease.continue_asked.take());
            let answer = gate.handle(&connection, &head, body);
            match unless_reset(answer, asked, &mut respond).await {
                Some(response) => response,
                // The client gave up; the record says so when it is dropped.
                None => return,
            }
        }
    };
    let is_head = head.method() == b"HEAD";
    let stall_timeout = Duration::from_millis(server.http2.stall_timeout_ms);
    let whole = respond::send(&mut respond, response, is_head, stall_timeout).await;
    // Half a window is what a client can surely send without more room.
    let room = u64::from(server.http2.window_bytes / 2);
    let unread = lease
        .and_then(|mut lease| lease.left_unread.try_recv().ok())
        .filter(|unread| unread.left.is_some_and(|left| left <= room));
    if let (true, Some(unread)) = (whole, unread) {
        // Dropping the stream resets it (RFC 9113 §8.1), and some clients that still send forget
        // the answer then. Those that are nearly done may end first; the others (curl 7 would
        // wait for room for ever) are told at once.
        let _ = timeout(LINGER, unread.throw_away()).await;
    }
}

fn request_body(head: &RequestHead, stream: RecvStream, pace: Pace) -> (Http2Body, Lease) {
    let announced = head
        .field("content-length")
        .and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let expects_continue = head.field_has_token("expect", "100-continue");
    Http2Body::new(stream, announced, expects_continue, pace)
}

/// Waits for the gate, and sends `100 Continue` once it asks for the body. `None` where the client
/// resets the stream first, which ends the work.
async fn unless_reset(
    answer: impl Future<Output = Response>,
    mut continue_asked: Option<oneshot::Receiver<()>>,
    respond: &mut SendResponse<Bytes>,
) -> Option<Response> {
    tokio::pin!(answer);
    loop {
        tokio::select! {
            biased;
            response = &mut answer => return Some(response),
            asked = async { continue_asked.as_mut()?.await.ok() }, if continue_asked.is_some() => {
                continue_asked = None;
                if asked.is_some() {
                    let mut head = http::Response::new(());
                    *head.status_mut() = http::StatusCode::CONTINUE;
                    // A client that is gone shows in the body.
                    let _ = respond.send_informational(head);
                }
            }
            _ = poll_fn(|context| respond.poll_reset(context)) => return None,
        }
    }
}
