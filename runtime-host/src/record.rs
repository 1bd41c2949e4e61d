//! What a request leaves behind: its record, written when the last byte is out.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use lockgate_record::{CacheState, LimitsState, Record, Stage};
use lockgate_wire::{Inspection, NONE, Verdict};

use crate::gate::{Connection, Gate, Generation};
use crate::spin::serve::AnsweredBy;

/// What is known of a request while it runs. One is made per request, whatever its exit.
pub struct Pending {
    pub(crate) gate: Arc<Gate>,
    pub(crate) generation: Arc<Generation>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) started: Instant,
    pub(crate) time_unix_ms: u64,
    pub(crate) request_id: String,
    /// The raw head and where method, target and User-Agent lie in it.
    pub(crate) head: Bytes,
    pub(crate) method: (u32, u32),
    pub(crate) target: (u32, u32),
    pub(crate) user_agent: Option<(u32, u32)>,
    pub(crate) version: u8,
    pub(crate) has_authorization: bool,
    pub(crate) has_cookie: bool,
    pub(crate) has_body: bool,
    pub(crate) trace: Option<String>,
    /// The verdict's bytes, empty where the policy was not asked.
    pub(crate) verdict: Vec<u8>,
    pub(crate) policy_us: u32,
    /// Who answered for an app that is served directly.
    pub(crate) answered_by: Option<AnsweredBy>,
    /// An app answers directly; the policy is not asked.
    pub(crate) by_app: bool,
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) cause: Option<String>,
    pub(crate) stage: Stage,
    /// What the rules found that read more than the head, where some did.
    pub(crate) inspected: Option<Inspected>,
    pub(crate) limited: Option<u16>,
    pub(crate) limits_charged: bool,
    pub(crate) cache: Option<CacheState>,
    pub(crate) origin: Option<u16>,
    pub(crate) origin_ms: Option<u32>,
    /// The bytes of the request's body that came.
    pub(crate) received: Option<Arc<AtomicU64>>,
    /// The request is one of those on their way, which are counted.
    pub(crate) in_flight: bool,
    pub(crate) done: bool,
}

impl Pending {
    /// Takes one of the `most` places of requests on their way, given back when the record is
    /// complete; whether there was one.
    pub(crate) fn take_slot(&mut self, most: usize) -> bool {
        self.in_flight = self.gate.enter(most);
        self.in_flight
    }

    /// Writes the record: `bytes_out` of the body left, and `failure` says why it ended early.
    pub fn complete(mut self: Box<Self>, bytes_out: u64, failure: Option<&str>) {
        self.write(bytes_out, failure);
    }

    fn slice(&self, (start, len): (u32, u32)) -> &[u8] {
        let start = start as usize;
        self.head
            .get(start..start.saturating_add(len as usize))
            .unwrap_or_default()
    }

    fn write(&mut self, bytes_out: u64, failure: Option<&str>) {
        self.done = true;
        let verdict = Verdict::parse(&self.verdict).ok();
        let seen = verdict.as_ref().map(|verdict| &verdict.seen);
        let generation = &self.generation;
        let mut counted = [""; lockgate_wire::verdict::COUNTED_MAX];
        let counted_len = seen.map_or(0, |seen| {
            let rules = seen.counted.as_slice();
            for (slot, rule) in counted.iter_mut().zip(rules) {
                *slot = generation.rule_name(*rule).unwrap_or("?");
            }
            rules.len()
        });
        let (path, query) = match seen {
            Some(seen) if !seen.target.is_empty() => split_target(seen.target),
            _ => split_target(self.slice(self.target)),
        };
        let peer = self.connection.peer.ip().to_canonical();
        let client = seen.map_or(peer, |seen| client_address(seen.client));
        let mut omitted = [""; 3];
        let mut omitted_len = 0;
        for (left_out, name) in [
            (self.has_authorization, "authorization"),
            (self.has_cookie, "cookie"),
            (self.has_body, "body"),
        ] {
            if left_out {
                omitted[omitted_len] = name;
                omitted_len += 1;
            }
        }
        let cause = match (&self.cause, failure) {
            (Some(cause), None) => Some(cause.as_str()),
            (_, failure) => failure,
        };
        let duration_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let component = self
            .answered_by
            .as_ref()
            .and_then(|by| by.component.as_ref());
        let app = self.gate.app.as_ref().filter(|_| self.by_app);
        let inspection = self.inspected.as_ref().map(Inspected::recorded);
        let record = Record {
            time_unix_ms: self.time_unix_ms,
            id: &self.request_id,
            trace: self.trace.as_deref(),
            site: match app {
                Some(app) => Some(&app.name),
                None => seen.and_then(|seen| generation.site_name(seen.site)),
            },
            route: match &self.answered_by {
                Some(by) => Some(&by.route),
                None => seen.and_then(|seen| generation.route_name(seen.route)),
            },
            client: Some(client),
            peer: Some(peer),
            address_mask: generation.address_mask,
            tls: self.connection.tls,
            http: match self.version {
                20 => "2",
                10 => "1.0",
                _ => "1.1",
            },
            method: self.slice(self.method),
            host: seen.map(|seen| seen.host).filter(|host| !host.is_empty()),
            path,
            query,
            user_agent: self.user_agent.map(|range| self.slice(range)),
            status: self.status,
            code: self.code.as_deref(),
            cause,
            stage: self.stage,
            rule: seen
                .filter(|seen| seen.rule != NONE)
                .and_then(|seen| generation.rule_name(seen.rule)),
            counted: counted.get(..counted_len).unwrap_or_default(),
            subject: seen
                .filter(|seen| !seen.subject.is_empty())
                .map(|seen| self.gate.subject_digest(seen.subject)),
            inspection,
            limits: match self.limited {
                Some(limit) => generation.limit_name(limit).map(LimitsState::Limited),
                None => self.limits_charged.then_some(LimitsState::Allowed),
            },
            cache: self.cache,
            origin: match component {
                Some(component) => Some(&component.id),
                None => self.origin.and_then(|route| generation.origin_name(route)),
            },
            origin_ms: self.origin_ms,
            bytes_in: self
                .received
                .as_ref()
                .map_or(0, |received| received.load(Ordering::Relaxed)),
            bytes_out,
            duration_us,
            policy_us: self.policy_us,
            bundle: app.is_none().then_some(generation.bundle_tag),
            component: match app {
                Some(_) => component.map(|component| component.tag),
                None => Some(self.gate.component_tag()),
            },
            omitted: omitted.get(..omitted_len).unwrap_or_default(),
        };
        self.gate.records().append(&record);
        self.gate.metrics().count(&record);
    }
}

/// What inspections of a request and its response found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inspected {
    inbound_score: u32,
    outbound_score: u32,
    rules: Vec<u32>,
    more: u32,
    us: u32,
    /// For the inspection of the response; empty where there is none to come.
    pub(crate) state: Vec<u8>,
}

impl Inspected {
    /// Adds what one inspection found; the request waited so many microseconds for it.
    pub(crate) fn add(&mut self, inspection: &Inspection<'_>, waited_us: u128) {
        self.inbound_score = self.inbound_score.max(inspection.inbound_score);
        self.outbound_score = self.outbound_score.max(inspection.outbound_score);
        let rules = inspection.findings.iter().map(|finding| finding.rule);
        self.rules.extend(rules);
        self.more = self.more.saturating_add(inspection.findings_more);
        let us = u32::try_from(waited_us).unwrap_or(u32::MAX);
        self.us = self.us.saturating_add(us);
        self.state = inspection.state.to_vec();
    }

    fn recorded(&self) -> lockgate_record::Inspection<'_> {
        lockgate_record::Inspection {
            rules: &self.rules,
            more: self.more,
            inbound_score: self.inbound_score,
            outbound_score: self.outbound_score,
            us: self.us,
        }
    }
}

impl Drop for Pending {
    /// A request that was dropped on the way (its client left, its task was stopped) is still
    /// recorded.
    fn drop(&mut self) {
        if !self.done {
            self.write(0, Some("the request was abandoned"));
        }
        if self.in_flight {
            self.gate.leave();
        }
    }
}

/// An address of the wire's 16 bytes.
pub(crate) fn client_address(bytes: [u8; 16]) -> IpAddr {
    std::net::Ipv6Addr::from(bytes).to_canonical()
}

fn split_target(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    match target.iter().position(|byte| *byte == b'?') {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    }
}
