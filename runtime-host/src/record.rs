//! What a request leaves behind: its record, written when the last byte is out.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use lockgate_record::{CacheState, LimitsState, Record, Stage};
use lockgate_shell::inspection::Inspected;
use lockgate_wire::{Counted, NONE, Place, Verdict};

use crate::gate::findings::Found;
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
    /// It ended before its body was read for rules.
    pub(crate) body_unread: bool,
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
    /// Where the client is, as far as was asked.
    pub(crate) place: Place,
    /// Whether the first charges of rate-based rules are over their limits.
    pub(crate) over: Vec<bool>,
    /// What rules said that waited for the body, in place of what the verdict says of them: the
    /// one that ended the evaluation, and those that count.
    pub(crate) rules: Option<(u16, Counted)>,
    /// What the rules found, for `lockgate explain`.
    pub(crate) found: Found,
    /// What the rules found that read more than the head, where some did.
    pub(crate) inspected: Option<Inspected>,
    pub(crate) limited: Option<u16>,
    pub(crate) limits_charged: bool,
    pub(crate) cache: Option<CacheState>,
    /// What the picture is, where it is not the one that was asked for.
    pub(crate) image: Option<Cow<'static, str>>,
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
        let mut counted = [""; lockgate_wire::COUNTED_MAX];
        let ended = self.rules.map(|(rule, _)| rule);
        let ended = ended.or(seen.map(|seen| seen.rule));
        let rules = self.rules.map(|(_, counted)| counted);
        let rules = rules.or(seen.map(|seen| seen.counted));
        let counted_len = rules.map_or(0, |rules| {
            let rules = rules.as_slice();
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
        let inspection = self.inspected.as_ref().map(recorded);
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
            rule: ended
                .filter(|rule| *rule != NONE)
                .and_then(|rule| generation.rule_name(rule)),
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
            image: self.image.as_deref(),
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

fn recorded(inspected: &Inspected) -> lockgate_record::Inspection<'_> {
    lockgate_record::Inspection {
        rules: &inspected.rules,
        more: inspected.more,
        inbound_score: inspected.inbound_score,
        outbound_score: inspected.outbound_score,
        us: inspected.us,
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
