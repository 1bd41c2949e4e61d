//! Requests at which a rule matched, kept in memory for `lockgate explain`: decisions are pure, so the input tells all.
//!
//! Nothing of it is ever written to a file: what matched may be a password. A request at which nothing matched leaves
//! nothing here and costs nothing.

mod replay;
mod ring;

use std::sync::Arc;

use bytes::Bytes;
use lockgate_record::Stage;
use lockgate_wire::{Inspection, NONE, Outcome, Seen, Verdict, write_input};
use parking_lot::Mutex;

use super::decide::facts;
use crate::http::{RequestHead, Response};
use crate::policy::HeldBody;
use crate::record::Pending;
use ring::Ring;

/// A request at which a rule matched.
#[derive(Debug)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// When it came.
    pub time_unix_ms: u64,
    /// The site, empty where none answers.
    pub site: String,
    /// The route, where one was found.
    pub route: Option<String>,
    /// What the policy was asked, the answers of rate-based rules in it.
    pub input: Vec<u8>,
    /// What was read of its body for the rules.
    pub body: Option<KeptBody>,
    /// It had a body that was looked at and is not here: there was no room, or it was gone.
    pub body_dropped: bool,
    /// The policy's verdict.
    pub verdict: Vec<u8>,
    /// What the inspections of request and response found.
    pub inspections: Vec<Vec<u8>>,
    /// The native rule that ended the evaluation, as it was called then.
    pub rule: Option<String>,
    /// The native rules that counted.
    pub counted: Vec<String>,
    /// Whether the first charges of rate-based rules were over their limits.
    pub over: Vec<bool>,
    /// The status of the answer.
    pub status: u16,
    /// The code of the gate's own answer.
    pub code: Option<String>,
    /// Why, as the record says it.
    pub cause: Option<String>,
    /// The stage that answered.
    pub stage: Stage,
    /// SHA-256 of the bundle that decided, hexadecimal.
    pub bundle: String,
}

/// What was read of a body.
#[derive(Debug, Clone)]
pub struct KeptBody {
    /// The bytes.
    pub bytes: Bytes,
    /// There was no more of it.
    pub whole: bool,
    /// So many of the bytes were for the program; `None`: it did not look at this body.
    pub program_bytes: Option<u32>,
}

impl KeptBody {
    /// As an inspection takes it.
    #[must_use]
    pub fn held(&self) -> HeldBody<'_> {
        HeldBody {
            bytes: &self.bytes,
            whole: self.whole,
            program_bytes: self.program_bytes,
        }
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            id: String::new(),
            time_unix_ms: 0,
            site: String::new(),
            route: None,
            input: Vec::new(),
            body: None,
            body_dropped: false,
            verdict: Vec::new(),
            inspections: Vec::new(),
            rule: None,
            counted: Vec::new(),
            over: Vec::new(),
            status: 0,
            code: None,
            cause: None,
            stage: Stage::Respond,
            bundle: String::new(),
        }
    }
}

impl Kept {
    /// A rule refused it.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.code.as_deref() == Some(BLOCKED)
    }

    /// The body as an inspection takes it.
    #[must_use]
    pub fn held(&self) -> Option<HeldBody<'_>> {
        self.body.as_ref().map(KeptBody::held)
    }

    fn drop_body(&mut self) {
        self.body_dropped |= self.body.take().is_some();
    }
}

/// The code of every answer that a rule gives.
const BLOCKED: &str = "blocked";

/// What a request leaves on its way, to be kept in the end.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// A rule matched.
    matched: bool,
    inspections: Vec<Vec<u8>>,
    body: Option<KeptBody>,
    /// The rules looked at its body.
    read_body: bool,
}

impl Found {
    /// Notes what the rules said of the head.
    pub(super) fn head(&mut self, seen: &Seen<'_>) {
        self.matched |= seen.rule != NONE || !seen.counted.as_slice().is_empty();
    }

    /// Notes what an inspection found, and what it looked at.
    pub(super) fn inspected(
        &mut self,
        bytes: &[u8],
        inspection: &Inspection<'_>,
        body: Option<&KeptBody>,
    ) {
        let rules = inspection.rules.as_ref();
        let native =
            rules.is_some_and(|rules| rules.rule != NONE || !rules.counted.as_slice().is_empty());
        self.read_body |= body.is_some();
        let is_clean = inspection.findings.is_empty() && inspection.outcome == Outcome::Pass;
        if is_clean && !native {
            return;
        }
        self.matched = true;
        self.inspections
            .push(without_state(inspection).unwrap_or_else(|| bytes.to_vec()));
        if let Some(body) = body {
            self.body.get_or_insert_with(|| body.clone());
        }
    }
}

/// The state for the response is as large as the request and tells nothing.
fn without_state(inspection: &Inspection<'_>) -> Option<Vec<u8>> {
    if inspection.state.is_empty() {
        return None;
    }
    let told = Inspection {
        state: &[],
        ..inspection.clone()
    };
    Some(told.to_bytes())
}

/// The memory of a gate.
#[derive(Debug)]
pub struct Findings(Mutex<Ring>);

impl Findings {
    /// Room for so many bytes; 0 keeps nothing.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        Self(Mutex::new(Ring::new(size(bytes_max))))
    }

    /// Another bound from now on.
    pub fn resize(&self, bytes_max: u64) {
        self.0.lock().resize(size(bytes_max));
    }

    /// The request with this id, while it is kept.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<Kept>> {
        self.0.lock().get(id)
    }

    /// The newest requests of a site, refused ones first.
    #[must_use]
    pub fn newest(&self, site: &str, most: usize) -> Vec<Arc<Kept>> {
        self.0.lock().newest(site, most)
    }

    /// Bytes and requests that are kept.
    #[must_use]
    pub fn used(&self) -> (usize, usize) {
        let ring = self.0.lock();
        (ring.bytes(), ring.len())
    }

    /// Keeps a request that is answered now, where a rule has matched.
    pub(super) fn keep(&self, head: &RequestHead, response: &mut Response) {
        let Some(pending) = response.record.as_deref_mut() else {
            return;
        };
        if pending.generation.config.record.explain_bytes_max == 0 {
            return;
        }
        let found = std::mem::take(&mut pending.found);
        if found.matched || pending.over.contains(&true) {
            self.0.lock().push(entry(head, pending, found));
        }
    }
}

fn entry(head: &RequestHead, pending: &Pending, found: Found) -> Kept {
    let mut input = Vec::new();
    let facts = facts(&pending.connection, pending, None);
    write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
    let generation = &pending.generation;
    let verdict = Verdict::parse(&pending.verdict).ok();
    let seen = verdict.as_ref().map(|verdict| &verdict.seen);
    let said = pending.rules.or(seen.map(|seen| (seen.rule, seen.counted)));
    let name = |rule: u16| generation.rule_name(rule).map(str::to_owned);
    Kept {
        id: pending.request_id.clone(),
        time_unix_ms: pending.time_unix_ms,
        site: seen
            .and_then(|seen| generation.site_name(seen.site))
            .unwrap_or_default()
            .to_owned(),
        route: seen
            .and_then(|seen| generation.route_name(seen.route))
            .map(str::to_owned),
        input,
        body_dropped: found.read_body && found.body.is_none(),
        // Frames may lie in larger buffers, which would be kept with them.
        body: found.body.map(|body| KeptBody {
            bytes: Bytes::copy_from_slice(&body.bytes),
            ..body
        }),
        verdict: pending.verdict.clone(),
        inspections: found.inspections,
        rule: said.and_then(|(rule, _)| name(rule)),
        counted: said.map_or_else(Vec::new, |(_, counted)| {
            counted
                .as_slice()
                .iter()
                .copied()
                .filter_map(name)
                .collect()
        }),
        over: pending.over.clone(),
        status: pending.status,
        code: pending.code.clone(),
        cause: pending.cause.clone(),
        stage: pending.stage,
        bundle: generation.bundle_digest.clone(),
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_wire::{Finding, RulesSaid};

    fn body() -> KeptBody {
        KeptBody {
            bytes: Bytes::from_static(b"note=x"),
            whole: true,
            program_bytes: Some(6),
        }
    }

    fn found(inspection: &Inspection<'_>) -> Found {
        let mut found = Found::default();
        found.inspected(&inspection.to_bytes(), inspection, Some(&body()));
        found
    }

    #[test]
    fn a_clean_request_leaves_nothing() {
        let state = Inspection {
            state: b"as large as the request",
            ..Inspection::default()
        };
        let found = found(&state);
        assert!(!found.matched && found.inspections.is_empty() && found.body.is_none());
        // Its response may be found to be bad: then the body is gone, and that is said.
        assert!(found.read_body);
    }

    #[test]
    fn what_matched_is_kept_without_the_state_and_with_the_body() {
        let bad = Inspection {
            findings: vec![Finding {
                rule: 942_100,
                ..Finding::default()
            }],
            state: &[7; 10_000],
            ..Inspection::default()
        };
        let found = found(&bad);
        assert!(found.matched && found.body.is_some());
        let kept = Inspection::parse(&found.inspections[0]).unwrap();
        assert_eq!((kept.findings[0].rule, kept.state), (942_100, &[][..]));
        assert!(found.inspections[0].len() < 200);
    }

    #[test]
    fn native_rules_that_waited_for_the_body_count_too() {
        let said = |rule| Inspection {
            rules: Some(RulesSaid {
                rule,
                counted: lockgate_wire::Counted::default(),
                charges: Vec::new(),
                answer: None,
            }),
            ..Inspection::default()
        };
        assert!(found(&said(3)).matched);
        assert!(!found(&said(NONE)).matched);
    }
}
