//! The gate: the path of one request, from a head to a response and its record.
//!
//! [`path`] is the list of stages; start reading there.

mod charge;
mod connection;
mod date;
mod decide;
mod fetch;
pub mod findings;
mod generation;
mod inspect;
mod lookup;
#[cfg(feature = "bench")]
mod memo;
mod original;
mod path;
mod picture;
mod problem;
mod rates;
mod route_fields;
mod source;
mod store;
mod unread;
mod upload;
mod watermark;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use lockgate_config::types::Server;
use lockgate_limits::{Cells, Rates};
use lockgate_record::{RecordSink, Stage};
use lockgate_wire::Verdict;
use tokio::sync::Notify;

pub use connection::{Connection, Refused};
pub use findings::Findings;
pub use generation::{Generation, Route};
pub use route_fields::RouteFields;

use crate::cache::MemoryCache;
use crate::http::{Pace, RequestBody, RequestHead, Response};
use crate::image::ImagePool;
use crate::metrics::Metrics;
use crate::policy::{Inspection, Signatures, TokenMemory};
use crate::record::Pending;
use crate::spin::{self, App};
use crate::start::seeds;
use crate::{http1, request_id};

/// Counts of rate-based rules, of 24 bytes each.
const RATE_COUNTS: usize = 1 << 16;

/// What all connections share. The parts that a configuration makes are in its [`Generation`];
/// what must outlive one (counters, cache, remembered tokens) is here.
pub struct Gate {
    generation: ArcSwap<Generation>,
    /// The counters behind all limits.
    pub cells: Arc<Cells>,
    /// The counts behind all rate-based rules.
    pub rates: Rates,
    /// Stored responses.
    pub cache: MemoryCache,
    /// Claims of verified tokens.
    pub tokens: TokenMemory,
    /// Threads for calls that take long.
    pub inspection: Inspection,
    /// The budget for signatures not seen before.
    pub signatures: Signatures,
    /// Requests at which rules matched.
    pub findings: Findings,
    /// Image transforms, where `image.wasm` is there.
    pub images: Option<ImagePool>,
    /// The app whose routes are served. All of them are its own components', without a policy,
    /// but for the one that the gate stands for.
    pub app: Option<Arc<App>>,
    records: RecordSink,
    metrics: Metrics,
    component_tag: [u8; 8],
    subject_key: ahash::RandomState,
    started: Instant,
    requests: AtomicUsize,
    leaving: AtomicBool,
    draining: AtomicBool,
    drain: Notify,
}

/// The parts that a [`Gate`] is made of.
pub struct Parts {
    /// The first configuration.
    pub generation: Generation,
    /// The counters behind all limits.
    pub cells: Arc<Cells>,
    /// Stored responses.
    pub cache: MemoryCache,
    /// Claims of verified tokens.
    pub tokens: TokenMemory,
    /// Threads for calls that take long.
    pub inspection: Inspection,
    /// The budget for signatures not seen before.
    pub signatures: Signatures,
    /// Image transforms.
    pub images: Option<ImagePool>,
    /// Where records go.
    pub records: RecordSink,
    /// What is counted.
    pub metrics: Metrics,
    /// The first eight bytes of the policy component's digest.
    pub component_tag: [u8; 8],
    /// The app whose routes are served. All of them are its own components', without a policy,
    /// but for the one that the gate stands for.
    pub app: Option<Arc<App>>,
}

impl Gate {
    /// A gate over its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let findings = Findings::new(parts.generation.config.record.explain_bytes_max);
        Arc::new(Self {
            findings,
            generation: ArcSwap::from_pointee(parts.generation),
            cells: parts.cells,
            rates: Rates::new(RATE_COUNTS, seeds()),
            cache: parts.cache,
            tokens: parts.tokens,
            inspection: parts.inspection,
            signatures: parts.signatures,
            images: parts.images,
            app: parts.app,
            records: parts.records,
            metrics: parts.metrics,
            component_tag: parts.component_tag,
            subject_key: ahash::RandomState::default(),
            started: Instant::now(),
            requests: AtomicUsize::new(0),
            leaving: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            drain: Notify::new(),
        })
    }

    /// The path of one request, see [`path`].
    pub async fn handle(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        head: &RequestHead,
        body: RequestBody,
    ) -> Response {
        let generation = self.generation();
        let mut pending = self.pending(&generation, connection, head);
        pending.has_body = !matches!(body, RequestBody::Empty);
        pending.received = body.received();
        let limit = generation.server.requests_max as usize;
        if !pending.take_slot(limit) {
            let refused = Refused::new(
                503,
                "too_many_requests_in_flight",
                "requests_max is reached",
            )
            .retry_after_s(1);
            return finish(pending, Err(refused));
        }
        let app = self.app.as_ref();
        let result = match app.filter(|app| !spin::serve::is_for_gate(app, head)) {
            None => path::run(self, &generation, head, body, &mut pending).await,
            Some(app) => {
                pending.by_app = true;
                spin::serve::respond(app, head, body, &mut pending).await
            }
        };
        let mut response = finish(pending, result);
        self.findings.keep(head, &mut response);
        response
    }

    /// The answer to a head that was refused before it could be routed.
    pub fn refuse(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        head: &RequestHead,
        refused: Refused,
    ) -> Response {
        let generation = self.generation();
        let pending = self.pending(&generation, connection, head);
        finish(pending, Err(refused))
    }

    fn pending(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
        connection: &Arc<Connection>,
        head: &RequestHead,
    ) -> Box<Pending> {
        let mut pending = Box::new(Pending {
            gate: self.clone(),
            generation: generation.clone(),
            connection: connection.clone(),
            started: Instant::now(),
            time_unix_ms: unix_ms(),
            request_id: request_id::new(),
            head: head.bytes.clone(),
            method: head.ranges.method,
            target: head.ranges.target,
            user_agent: None,
            version: head.ranges.version,
            has_authorization: false,
            has_cookie: false,
            has_body: false,
            body_unread: false,
            trace: None,
            verdict: Vec::new(),
            answered_by: None,
            by_app: self.app.as_ref().is_some_and(|app| !app.has_gate()),
            policy_us: 0,
            status: 0,
            code: None,
            cause: None,
            stage: Stage::Respond,
            place: lockgate_wire::Place::default(),
            over: Vec::new(),
            rules: None,
            found: findings::Found::default(),
            inspected: None,
            limited: None,
            limits_charged: false,
            cache: None,
            image: None,
            origin: None,
            origin_ms: None,
            received: None,
            in_flight: false,
            done: false,
        });
        for (range, (name, value)) in head.headers.iter().zip(head.fields()) {
            match name.len() {
                6 if name.eq_ignore_ascii_case(b"cookie") => pending.has_cookie = true,
                10 if name.eq_ignore_ascii_case(b"user-agent") => {
                    pending.user_agent = Some((range.value_start, range.value_len));
                }
                11 if name.eq_ignore_ascii_case(b"traceparent") => {
                    pending.trace = request_id::trace_id(value).map(str::to_owned);
                }
                13 if name.eq_ignore_ascii_case(b"authorization") => {
                    pending.has_authorization = true;
                }
                _ => {}
            }
        }
        pending
    }

    /// The configuration in force.
    #[must_use]
    pub fn generation(&self) -> Arc<Generation> {
        self.generation.load_full()
    }

    /// Puts another configuration in force. Requests on their way finish with theirs.
    pub fn replace(&self, generation: Generation) {
        let bytes_max = generation.config.record.explain_bytes_max;
        self.findings.resize(bytes_max);
        self.generation.store(Arc::new(generation));
    }

    /// The settings of HTTP/1 connections.
    #[must_use]
    pub fn http1_settings(&self) -> http1::Settings {
        let generation = self.generation.load();
        let server = &generation.server;
        http1::Settings {
            head: http1::HeadLimits {
                header_bytes_max: server.header_bytes_max as usize,
                headers_max: server.headers_max as usize,
                target_bytes_max: server.target_bytes_max as usize,
            },
            header_timeout: Duration::from_millis(server.header_timeout_ms),
            body_pace: Pace {
                timeout: Duration::from_millis(server.body_timeout_ms),
                bytes_per_s_min: server.body_bytes_per_s_min,
            },
            send_timeout: Duration::from_millis(server.send_timeout_ms),
            idle_timeout: Duration::from_millis(server.idle_timeout_ms),
        }
    }

    /// The `[server]` values in force.
    #[must_use]
    pub fn server(&self) -> Arc<Server> {
        self.generation.load().server.clone()
    }

    /// Tells who asks that the gate will drain, and goes on as before.
    pub fn start_leaving(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    /// Whether new work should go elsewhere.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Starts to drain: connections end after the request that they are at.
    pub fn start_draining(&self) {
        self.start_leaving();
        self.draining.store(true, Ordering::SeqCst);
        self.drain.notify_waiters();
    }

    /// Whether the gate drains.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Waits until the gate drains.
    pub async fn draining(&self) {
        let notified = self.drain.notified();
        tokio::pin!(notified);
        // Registered before the flag is read, so that no start is missed.
        notified.as_mut().enable();
        if !self.is_draining() {
            notified.await;
        }
    }

    /// Waits until the gate has drained for `time`.
    pub async fn draining_for(&self, time: Duration) {
        self.draining().await;
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
    }

    /// Requests on their way: from their head to the last byte of their answer.
    #[must_use]
    pub fn requests_in_flight(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Where records go.
    #[must_use]
    pub fn records(&self) -> &RecordSink {
        &self.records
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Counts one more request on its way; whether there is room for it below `most`.
    pub(crate) fn enter(&self, most: usize) -> bool {
        if self.requests.fetch_add(1, Ordering::Relaxed) < most {
            return true;
        }
        self.leave();
        false
    }

    /// Counts one request less.
    pub(crate) fn leave(&self) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn component_tag(&self) -> [u8; 8] {
        self.component_tag
    }

    /// A keyed digest that ties a user's records together without naming them. The key lives
    /// as long as the process.
    pub(crate) fn subject_digest(&self, subject: &[u8]) -> [u8; 8] {
        self.subject_key.hash_one(subject).to_le_bytes()
    }

    /// The clock of the limits: nanoseconds since the gate was made.
    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Every exit passes here: what happened becomes a response that carries its record.
fn finish(mut pending: Box<Pending>, result: Result<Response, Refused>) -> Response {
    let mut response = match result {
        Ok(response) => response,
        Err(refused) => {
            pending.stage = refused.stage;
            pending.code = Some(refused.code.clone().into_owned());
            if !refused.cause.is_empty() {
                pending.cause = Some(refused.cause.clone());
            }
            let route = decided_route(&pending);
            problem::response(&refused, &pending.request_id, route)
        }
    };
    pending.status = response.status;
    response.record = Some(pending);
    response
}

/// The route of a request that was refused, where the policy has found it.
fn decided_route(pending: &Pending) -> Option<&Route> {
    let verdict = Verdict::parse(&pending.verdict).ok()?;
    pending.generation.route(verdict.seen.route)
}

fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}
