//! Rules that read more than the head: the program of the site, run over request and response.

use std::net::{IpAddr, Ipv6Addr};

use lockgate_waf::program::Phase;
use lockgate_waf::{
    Endpoint, HeaderField, Matched, Request, Response, Transaction, Verdict as Decided,
};
use lockgate_wire::{Finding, FoundValue, Input, Inspection, Outcome, Seen};

use crate::call::{Call, Keep};
use crate::exit::Exit;
use crate::policy::{Policy, nothing_seen};
use crate::stages;

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

impl Policy {
    /// Runs the rules that read more than the head over a request that [`Policy::decide`] let
    /// pass. Takes its input, the request's id, and what was read of the body: `None` where there
    /// is none. Gives the bytes of `lockgate_wire::Inspection`.
    ///
    /// An input that no site answers is denied 500: `decide` would not have let it pass.
    #[must_use]
    pub fn inspect(&self, input: &[u8], request_id: &str, body: Option<&[u8]>) -> Vec<u8> {
        let found = Input::parse(input).ok().and_then(|parsed| {
            let keep = Keep::default();
            let call = Call {
                policy: self,
                bytes: input,
                input: &parsed,
                keep: &keep,
            };
            let mut seen = nothing_seen();
            let number = program_of(call, &mut seen).ok()?;
            match number {
                Some(number) => self.inspect_request(number, call, &seen, request_id, body),
                None => Some(Inspection::default().to_bytes()),
            }
        });
        found.unwrap_or_else(fault)
    }

    fn inspect_request(
        &self,
        number: u16,
        call: Call<'_, '_>,
        seen: &Seen<'_>,
        request_id: &str,
        body: Option<&[u8]>,
    ) -> Option<Vec<u8>> {
        let engine = self.programs.get(usize::from(number))?;
        let workspace = self.take_workspace();
        let fields = fields(call.input);
        let request = request(call.input, seen, &fields, request_id);
        let mut transaction = Transaction::with(engine, workspace, &request);
        transaction.run_phase(Phase::RequestHeaders);
        if transaction.verdict().passes() {
            if let Some(body) = body {
                transaction.set_body(body);
            }
            transaction.run_phase(Phase::RequestBody);
        }
        let goes_on = transaction.verdict().passes() && engine.reads_responses();
        let state = if goes_on {
            let mut state = number.to_le_bytes().to_vec();
            state.extend_from_slice(&transaction.save());
            state
        } else {
            transaction.run_phase(Phase::Logging);
            Vec::new()
        };
        let bytes = told(&transaction, 0, &state).to_bytes();
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
        let engine = self
            .programs
            .get(usize::from(u16::from_le_bytes(*number)))?;
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

/// The program of the site that a request is for.
fn program_of<'r>(call: Call<'r, '_>, seen: &mut Seen<'r>) -> Result<Option<u16>, Exit<'r>> {
    let request = stages::normalise::run(call, seen)?;
    let site = stages::site::run(call, &request, seen)?;
    Ok(site.program)
}

/// The fields as they came. HTTP/2 names the host elsewhere; rules look here.
fn fields<'i>(input: &Input<'i>) -> Vec<HeaderField<'i>> {
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

fn request<'a>(
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
