//! What is known of a request while it runs.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use lockgate_record::{CacheState, Stage};
use lockgate_shell::ids;
use lockgate_shell::inspection::Inspected;
use lockgate_spin_shell::{Peer, has_body, method_name};
use lockgate_wire::Counted;
use spin_sdk::wasip3::http::types::{Method, Request, Scheme};
use spin_sdk::wasip3::random::random;

use super::state::Generation;
use super::{micros_since, monotonic_ns, unix_ms};
use lockgate_shell::spin::{Head, client_address};

/// A request, and what its record will say.
pub(super) struct Call {
    pub(super) head: Head,
    pub(super) method: Method,
    pub(super) peer: SocketAddr,
    pub(super) tls: bool,
    pub(super) started_ns: u64,
    pub(super) now_ms: u64,
    pub(super) request_id: String,
    pub(super) trace: Option<String>,
    pub(super) has_body: bool,
    pub(super) generation: Option<Rc<Generation>>,
    /// The verdict's bytes, empty where the policy was not asked.
    pub(super) verdict: Vec<u8>,
    pub(super) policy_us: u32,
    pub(super) status: u16,
    pub(super) code: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) stage: Stage,
    /// What rules said that waited for the body, in place of what the verdict says of them: the
    /// one that ended the evaluation, and those that count.
    pub(super) rules: Option<(u16, Counted)>,
    /// What the rules found that read more than the head, where some did.
    pub(super) inspected: Option<Inspected>,
    pub(super) limited: Option<u16>,
    pub(super) limits_charged: bool,
    pub(super) cache: Option<CacheState>,
    pub(super) origin: Option<u16>,
    pub(super) origin_ms: Option<u32>,
    /// Of the client's body, counted while it is read.
    pub(super) bytes_in: Rc<Cell<u64>>,
    /// How long it took; `None` while it runs.
    pub(super) duration_us: Option<u64>,
}

impl Call {
    pub(super) fn new(request: &Request) -> Self {
        let started_ns = monotonic_ns();
        let now_ms = unix_ms();
        let fields = request.get_headers().copy_all();
        let method = request.get_method();
        let target = request.get_path_with_query().unwrap_or_default();
        let authority = request.get_authority();
        let head = Head::new(method_name(&method), &target, authority.as_deref(), &fields);
        let entropy = random::get_random_bytes(10);
        let entropy = entropy.first_chunk::<10>().copied().unwrap_or_default();
        let trace = head.field("traceparent").and_then(ids::trace_id);
        let trace = trace.map(str::to_owned);
        Self {
            peer: client_address(&fields),
            tls: matches!(request.get_scheme(), Some(Scheme::Https)),
            started_ns,
            now_ms,
            request_id: ids::new_request_id(now_ms, entropy),
            trace,
            has_body: has_body(&method, &head),
            method,
            generation: None,
            verdict: Vec::new(),
            policy_us: 0,
            status: 0,
            code: None,
            cause: None,
            stage: Stage::Respond,
            rules: None,
            inspected: None,
            limited: None,
            limits_charged: false,
            cache: None,
            origin: None,
            origin_ms: None,
            bytes_in: Rc::default(),
            duration_us: None,
            head,
        }
    }

    /// The last byte of the answer is out.
    pub(super) fn end(&mut self) {
        self.duration_us = Some(micros_since(self.started_ns));
    }

    /// Who sent it.
    pub(super) fn sender(&self) -> Peer {
        Peer {
            address: self.peer,
            tls: self.tls,
        }
    }

    /// The length that the client announced for its body, bytes.
    pub(super) fn content_length(&self) -> Option<u64> {
        let value = self.head.field("content-length")?;
        std::str::from_utf8(value).ok()?.parse().ok()
    }
}
