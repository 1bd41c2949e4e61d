//! Rules that read more than the head: the program of the site, run over request and response.

use std::net::{IpAddr, Ipv6Addr};

use lockgate_bundle::Site;
use lockgate_firewall::Body;
use lockgate_waf::program::Phase;
use lockgate_waf::{
    Endpoint, HeaderField, Matched, Request, Response, Transaction, Verdict as Decided,
};
use lockgate_wire::{
    Counted, Finding, FoundValue, Input, Inspection, NONE, Outcome, RulesSaid, Seen,
};

use crate::call::{Call, Keep};
use crate::coded::Readable;
use crate::exit::Exit;
use crate::policy::{Policy, nothing_seen};
use crate::stages;
use crate::stages::firewall::Said;

/// Bytes of the program's number in front of a response's state.
const NUMBER_BYTES: usize = 2;

/// What is inspected of a response.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The status.
    pub status: u16,
    /// The fields, in their order.
    pub fields: &'a [HeaderField<'a>],
    /// What was read of the body, decoded.
    pub body: &'a [u8],
    /// Since the request came, in microseconds.
    pub duration_us: u64,
}

/// What was read of a request's body.
#[derive(Debug, Clone, Copy)]
pub struct HeldBody<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// There is no more of it.
    pub whole: bool,
    /// So many of the bytes are for the program; `None`: it does not look at this body.
    pub program_bytes: Option<usize>,
}

impl<'a> HeldBody<'a> {
    /// What of it is for the program; `None`: it does not look at this body.
    pub(crate) fn for_program(self) -> Option<&'a [u8]> {
        let bytes = self.program_bytes?;
        Some(self.bytes.get(..bytes).unwrap_or(self.bytes))
    }
}

impl Policy {
    /// Runs the rules that read more than the head over a request that [`Policy::decide`] let
    /// pass: the native rules that waited for the body, then the program. Takes its input, the
    /// request's id, and what was read of the body: `None` where there is none. Gives the bytes of
    /// `lockgate_wire::Inspection`.
    ///
    /// An input that no site answers is denied 500: `decide` would not have let it pass.
    #[must_use]
    pub fn inspect(&self, input: &[u8], request_id: &str, body: Option<HeldBody<'_>>) -> Vec<u8> {
        let Ok(parsed) = Input::parse(input) else {
            return fault();
        };
        let keep = Keep::default();
        let call = Call {
            policy: self,
            bytes: input,
            input: &parsed,
            keep: &keep,
        };
        let found = self.inspect_all(call, request_id, body);
        found.ok().flatten().unwrap_or_else(fault)
    }

    fn inspect_all<'r>(
        &'r self,
        call: Call<'r, '_>,
        request_id: &str,
        body: Option<HeldBody<'_>>,
    ) -> Result<Option<Vec<u8>>, Exit<'r>> {
        let mut seen = nothing_seen();
        let request = stages::normalise::run(call, &mut seen)?;
        let site = stages::site::run(call, &request, &mut seen)?;
        let readable = body.map(|body| Readable::of(self, call, site, body));
        let readable = match readable.transpose() {
            Ok(readable) => readable,
            Err(unreadable) => {
                let said = stages::firewall::ask(call, site, &request, Body::Never)?;
                let mut rules = said.map_or_else(nothing_said, rules_said);
                rules.answer.get_or_insert_with(|| unreadable.answer());
                let inspection = Inspection {
                    rules: Some(rules),
                    ..Inspection::default()
                };
                return Ok(Some(inspection.to_bytes()));
            }
        };
        let body = readable
            .as_ref()
            .zip(body)
            .map(|(readable, body)| readable.held(body));
        let said = match body {
            Some(body) => stages::firewall::ask(call, site, &request, self.native(site, body))?,
            None => None,
        };
        let rules = said.map(rules_said);
        let blocks = rules.as_ref().is_some_and(|rules| rules.answer.is_some());
        let Some(number) = site.program.filter(|_| !blocks) else {
            let inspection = Inspection {
                rules,
                ..Inspection::default()
            };
            return Ok(Some(inspection.to_bytes()));
        };
        let for_program = body.and_then(HeldBody::for_program);
        Ok(self.inspect_request(number, call, &seen, rules, request_id, for_program))
    }

    /// What native rules see of a body.
    pub(crate) fn native<'b>(&self, site: &Site, body: HeldBody<'b>) -> Body<'b> {
        let most = self.native_body_bytes(site);
        Body::Here {
            bytes: body.bytes.get(..most).unwrap_or(body.bytes),
            truncated: !body.whole || body.bytes.len() > most,
        }
    }

    /// Bytes of a body that native rules of a site look at.
    pub(crate) fn native_body_bytes(&self, site: &Site) -> usize {
        let firewall = site
            .firewall
            .and_then(|index| self.firewalls.get(usize::from(index)));
        let most = firewall.and_then(|firewall| firewall.rules.body_bytes_max());
        most.unwrap_or_default() as usize
    }

    fn inspect_request(
        &self,
        number: u16,
        call: Call<'_, '_>,
        seen: &Seen<'_>,
        rules: Option<RulesSaid<'_>>,
        request_id: &str,
        body: Option<&[u8]>,
    ) -> Option<Vec<u8>> {
        let engine = &self.programs.get(usize::from(number))?.engine;
        let workspace = self.take_workspace();
        let fields = fields(call.input);
        let request = request(call.input, seen, &fields, request_id);
        let mut transaction = Transaction::with(engine, workspace, &request);
        run_request(&mut transaction, body);
        let goes_on = transaction.verdict().passes() && engine.reads_responses();
        let state = if goes_on {
            let mut state = number.to_le_bytes().to_vec();
            state.extend_from_slice(&transaction.save());
            state
        } else {
            transaction.run_phase(Phase::Logging);
            Vec::new()
        };
        let inspection = Inspection {
            rules,
            ..told(&transaction, 0, &state)
        };
        let bytes = inspection.to_bytes();
        self.leave_workspace(transaction.finish());
        Some(bytes)
    }

    /// The same for the response to it, with the state that came with the inspection.
    #[must_use]
    pub fn inspect_response(&self, state: &[u8], response: &Answered<'_>) -> Vec<u8> {
        self.inspect_answer(state, response).unwrap_or_else(fault)
    }

    fn inspect_answer(&self, state: &[u8], response: &Answered<'_>) -> Option<Vec<u8>> {
        let (number, saved) = state.split_first_chunk::<NUMBER_BYTES>()?;
        let number = usize::from(u16::from_le_bytes(*number));
        let engine = &self.programs.get(number)?.engine;
        let workspace = self.take_workspace();
        let mut transaction = Transaction::resume(engine, workspace, saved).ok()?;
        let known = transaction.matched().len();
        transaction.set_response(&Response {
            status: response.status,
            protocol: b"HTTP/1.1",
            headers: response.fields,
            duration_us: response.duration_us,
        });
        transaction.run_phase(Phase::ResponseHeaders);
        if transaction.verdict().passes() {
            transaction.set_response_body(response.body);
            transaction.run_phase(Phase::ResponseBody);
        }
        transaction.run_phase(Phase::Logging);
        let bytes = told(&transaction, known, &[]).to_bytes();
        self.leave_workspace(transaction.finish());
        Some(bytes)
    }
}

fn rules_said(said: Said<'_>) -> RulesSaid<'_> {
    RulesSaid {
        rule: said.rule,
        counted: said.counted,
        charges: said.charges,
        answer: said.answer,
    }
}

/// What the rules of a site without rules say.
fn nothing_said<'r>() -> RulesSaid<'r> {
    RulesSaid {
        rule: NONE,
        counted: Counted::default(),
        charges: Vec::new(),
        answer: None,
    }
}

/// Runs the phases of the request.
pub(crate) fn run_request(transaction: &mut Transaction<'_>, body: Option<&[u8]>) {
    transaction.run_phase(Phase::RequestHeaders);
    if transaction.verdict().passes() {
        if let Some(body) = body {
            transaction.set_body(body);
        }
        transaction.run_phase(Phase::RequestBody);
    }
}

/// The fields as they came. HTTP/2 names the host elsewhere; rules look here.
pub(crate) fn fields<'i>(input: &Input<'i>) -> Vec<HeaderField<'i>> {
    let mut fields: Vec<HeaderField<'i>> = Vec::with_capacity(32);
    let has_host = input
        .headers()
        .any(|(name, _)| name.eq_ignore_ascii_case(b"host"));
    if !has_host && let Some(authority) = input.authority() {
        fields.push((b"Host", authority));
    }
    fields.extend(input.headers());
    fields
}

pub(crate) fn request<'a>(
    input: &Input<'a>,
    seen: &Seen<'_>,
    headers: &'a [HeaderField<'a>],
    request_id: &'a str,
) -> Request<'a> {
    Request {
        method: input.method,
        uri: input.target,
        protocol: match input.version {
            10 => b"HTTP/1.0",
            20 => b"HTTP/2.0",
            _ => b"HTTP/1.1",
        },
        headers,
        client: Endpoint {
            ip: IpAddr::V6(Ipv6Addr::from(seen.client)).to_canonical(),
            port: input.peer_port,
        },
        unique_id: request_id.as_bytes(),
        time_us: input.now_ms.saturating_mul(1000),
        ..Request::default()
    }
}

/// What a transaction found from its `first` report on.
fn told<'t>(transaction: &'t Transaction<'_>, first: usize, state: &'t [u8]) -> Inspection<'t> {
    let findings = transaction.matched().iter().skip(first);
    Inspection {
        outcome: match transaction.verdict() {
            Decided::Pass => Outcome::Pass,
            Decided::Deny { status, rule } => Outcome::Deny {
                status: *status,
                rule: *rule,
            },
            Decided::Redirect {
                status,
                location,
                rule,
            } => Outcome::Redirect {
                status: *status,
                rule: *rule,
                location,
            },
            Decided::Drop { rule } => Outcome::Drop { rule: *rule },
        },
        inbound_score: score(transaction, "blocking_inbound_anomaly_score"),
        outbound_score: score(transaction, "blocking_outbound_anomaly_score"),
        findings: findings.map(finding).collect(),
        findings_more: transaction.matched_more(),
        state,
        rules: None,
    }
}

fn finding(matched: &Matched) -> Finding<'_> {
    Finding {
        rule: matched.id,
        severity: matched.severity.map(|severity| severity as u8),
        decided: matched.disruptive,
        message: &matched.msg,
        data: &matched.data,
        values: matched
            .values
            .iter()
            .map(|value| FoundValue {
                variable: &value.variable,
                value: &value.value,
                span: value.span,
            })
            .collect(),
    }
}

/// A score of the Core Rule Set; 0 where the rules keep none.
fn score(transaction: &Transaction<'_>, name: &str) -> u32 {
    let text = transaction.tx(name);
    let text = text.as_deref().and_then(|text| str::from_utf8(text).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The host has handed over what it should not have.
fn fault() -> Vec<u8> {
    let outcome = Outcome::Deny {
        status: 500,
        rule: 0,
    };
    Inspection {
        outcome,
        ..Inspection::default()
    }
    .to_bytes()
}
