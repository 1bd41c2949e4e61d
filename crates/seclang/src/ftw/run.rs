//! Runs cases against the engine, in the same process.
use super::backend;
use super::case::{Case, Kind, Stage};
use super::message::{self, Message};
use lockgate_waf::program::Phase;
use lockgate_waf::{
    Endpoint, Engine, HeaderField, Matched, Request, Response, Transaction, Verdict,
};
use regex::bytes::Regex;
use std::net::{IpAddr, Ipv4Addr};

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The case.
    pub name: String,
    /// What it asks for.
    pub kind: Kind,
    /// What was missing or too much, for each stage that failed.
    pub faults: Vec<String>,
}

impl Outcome {
    /// Whether all that was asked for is so.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What the engine said of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The ids that were reported, in order.
    pub ids: Vec<u32>,
    /// The reports.
    pub matched: Vec<Matched>,
    /// The reports in the form of ModSecurity's error log.
    pub log: Vec<u8>,
    /// What was decided.
    pub verdict: Verdict,
}

/// Runs a case. The status that a case asks for is a server's business and not looked at.
#[must_use]
pub fn case(engine: &Engine, case: &Case) -> Outcome {
    let mut faults = Vec::new();
    for (number, stage) in case.stages.iter().enumerate() {
        let seen = request(engine, &message::read(&message::bytes(stage)));
        if let Some(fault) = fault(stage, &seen) {
            faults.push(format!("stage {}: {fault}", number + 1));
        }
    }
    Outcome {
        name: case.name.clone(),
        kind: case.kind(),
        faults,
    }
}

/// What is wrong with what was seen.
#[must_use]
pub fn fault(stage: &Stage, seen: &Seen) -> Option<String> {
    let has = |id: &&u32| seen.ids.contains(id);
    if let Some(id) = stage.expect.iter().find(|id| !has(id)) {
        return Some(format!("expected {id}, got {:?}", seen.ids));
    }
    if let Some(id) = stage.forbid.iter().find(has) {
        return Some(format!("did not expect {id}, got {:?}", seen.ids));
    }
    let logged = |pattern: &String| Regex::new(pattern).is_ok_and(|r| r.is_match(&seen.log));
    if let Some(pattern) = stage.log_has.as_ref().filter(|pattern| !logged(pattern)) {
        return Some(format!("`{pattern}` is not in the log, got {:?}", seen.ids));
    }
    if let Some(pattern) = stage.log_lacks.as_ref().filter(|pattern| logged(pattern)) {
        return Some(format!("`{pattern}` is in the log"));
    }
    None
}

/// Takes a request and the backend's answer through all phases.
#[must_use]
pub fn request(engine: &Engine, message: &Message) -> Seen {
    let headers: Vec<HeaderField<'_>> = message
        .headers
        .iter()
        .map(|(name, value)| (name.as_slice(), value.as_slice()))
        .collect();
    let local = |port| Endpoint {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port,
    };
    let request = Request {
        method: &message.method,
        uri: &message.uri,
        protocol: &message.protocol,
        line: Some(&message.line),
        headers: &headers,
        client: local(50_000),
        server: local(80),
        unique_id: b"case",
        ..Request::default()
    };
    let mut transaction = Transaction::new(engine, &request);
    transaction.run_phase(Phase::RequestHeaders);
    transaction.set_body(&message.body);
    transaction.run_phase(Phase::RequestBody);
    if transaction.verdict().passes() {
        respond(&mut transaction, message);
    }
    transaction.run_phase(Phase::Logging);
    Seen {
        ids: transaction
            .matched()
            .iter()
            .map(|matched| matched.id)
            .collect(),
        matched: transaction.matched().to_vec(),
        log: transaction.matched().iter().flat_map(line).collect(),
        verdict: transaction.verdict().clone(),
    }
}

fn respond(transaction: &mut Transaction<'_>, message: &Message) {
    let answer = backend::answer(&message.uri, &message.body);
    let headers: Vec<HeaderField<'_>> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    transaction.set_response(&Response {
        status: answer.status,
        protocol: b"HTTP/1.1",
        headers: &headers,
        duration_us: 0,
    });
    transaction.run_phase(Phase::ResponseHeaders);
    transaction.set_response_body(&answer.body);
    transaction.run_phase(Phase::ResponseBody);
}

/// A report as a line of the log.
fn line(matched: &Matched) -> Vec<u8> {
    let mut line = format!("[id \"{}\"] [msg \"", matched.id).into_bytes();
    line.extend_from_slice(&matched.msg);
    line.extend_from_slice(b"\"] [data \"");
    line.extend_from_slice(&matched.data);
    line.extend_from_slice(b"\"]\n");
    line
}
