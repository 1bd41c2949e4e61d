//! Rules that read more than the head: over the request once its limits are charged, over the
//! response before it is stored. That of `runtime-host/src/gate/inspect.rs`; no pool guards the
//! call here, since nothing under Spin could stop it.

use lockgate_record::Stage;
use lockgate_shell::inspection::{Blocked, Inspected, Reading, is_text};
use lockgate_spin_shell::body::ClientBody;
use lockgate_spin_shell::inspection::{self, Held};
use lockgate_wire::Inspection;

use super::answer::Reply;
use super::bindings::lockgate::policy::decisions;
use super::call::Call;
use super::decide::{input, timed};
use super::fetch::{Fetched, FetchedBody};
use super::path::{Step, answered};
use super::refused::{Refused, add};
use super::{micros_since, monotonic_ns, upload};

/// What becomes of a request.
pub(super) enum Outcome {
    /// It goes on with its body, whole.
    Pass(Option<ClientBody>),
    /// A rule blocks it with an answer of its own.
    Answer(Reply),
}

/// Inspects the request where its site has a program, and where its own rules wait for the body.
pub(super) async fn request(
    step: &mut Step<'_>,
    body: Option<ClientBody>,
) -> Result<Outcome, Refused> {
    let generation = step.generation;
    let plan = generation.inspection(step.seen.site);
    let rules_bytes = generation.rules_body_bytes(step.seen.site);
    let Some(reading) = Reading::new(plan, rules_bytes.filter(|_| step.seen.waits)) else {
        return Ok(Outcome::Pass(body));
    };
    let begun_ns = monotonic_ns();
    let held = match body {
        Some(body) => {
            let (bytes_max, pace) = (step.route.body_bytes_max, generation.document.body_pace);
            match inspection::hold(body, reading, bytes_max, pace).await {
                Ok(held) => held,
                Err(fault) => {
                    let mut refused = Refused::from(fault).at(Stage::Firewall);
                    // In the words of pictures, whoever reads it first.
                    if upload::is_upload(step.route) && refused.code == "body_too_large" {
                        refused.code = "image_too_large".into();
                    }
                    return step.unread(refused).map(Outcome::Answer);
                }
            }
        }
        None => None,
    };
    let bytes = ask(step.call, held.as_ref(), step.seen.waits);
    let found = Inspection::parse(&bytes);
    let found = found.map_err(|error| Refused::policy_failed(error.to_string()))?;
    if let Some(rules) = &found.rules {
        step.call.rules = Some((rules.rule, rules.counted));
        if let Some(answer) = &rules.answer {
            let mut seen = step.seen.clone();
            seen.stage = lockgate_wire::Stage::Firewall;
            let (route, fields) = (Some(step.route), std::mem::take(&mut step.fields));
            return answered(answer, &seen, route, step.call, fields).map(Outcome::Answer);
        }
    }
    if plan.is_some() {
        act(step.call, &found, begun_ns)?;
    }
    Ok(Outcome::Pass(held.map(|held| held.body)))
}

/// Asks the rules. A body that is waited for and has no bytes is one of none.
fn ask(call: &mut Call, held: Option<&Held>, waits: bool) -> Vec<u8> {
    let input = input(call, None);
    let id = call.request_id.clone();
    let body = held.map(|held| held.body.held());
    let body = body.or(waits.then_some(&[]));
    let whole = held.is_none_or(|held| held.whole);
    let program_bytes = held.and_then(|held| held.program_bytes);
    timed(call, || {
        decisions::inspect(&input, &id, body, whole, program_bytes)
    })
}

/// Inspects the response where the request's inspection asked for it.
pub(super) async fn response(
    step: &mut Step<'_>,
    mut fetched: Fetched,
) -> Result<Fetched, Refused> {
    let Some(plan) = step.generation.inspection(step.seen.site) else {
        return Ok(fetched);
    };
    let state = match &mut step.call.inspected {
        Some(inspected) if !inspected.state.is_empty() => std::mem::take(&mut inspected.state),
        _ => return Ok(fetched),
    };
    let begun_ns = monotonic_ns();
    let most = usize::try_from(plan.response_body_bytes_max).unwrap_or(usize::MAX);
    let mut looked_at = Vec::new();
    fetched.body = match fetched.body {
        FetchedBody::Stream(begun, length) if is_text(&fetched.headers) => {
            let held = inspection::hold_response(begun.into_flow(), most).await;
            let (seen, begun) = held.map_err(|cause| {
                Refused::new(502, "origin_body_failed", cause).at(Stage::Origin)
            })?;
            looked_at = seen;
            FetchedBody::Stream(begun, length)
        }
        body => body,
    };
    let lines = fetched.headers.iter();
    let response = decisions::Response {
        status: fetched.status,
        fields: lines
            .map(|(name, value)| (name.as_str().into(), value.as_bytes().to_vec()))
            .collect(),
        body: looked_at,
        duration_us: micros_since(step.call.started_ns),
    };
    let bytes = timed(step.call, || decisions::inspect_response(&state, &response));
    let found = Inspection::parse(&bytes);
    let found = found.map_err(|error| Refused::policy_failed(error.to_string()))?;
    act(step.call, &found, begun_ns)?;
    Ok(fetched)
}

/// Notes what was found for the record, and does what was decided.
fn act(call: &mut Call, found: &Inspection<'_>, begun_ns: u64) -> Result<(), Refused> {
    let waited_us = u32::try_from(micros_since(begun_ns)).unwrap_or(u32::MAX);
    let noted = call.inspected.get_or_insert_with(Inspected::default);
    noted.add(found, waited_us);
    Blocked::by(found).map_or(Ok(()), |blocked| Err(refused(blocked)))
}

/// Spin does not let a component end a connection: `close` is not heard.
fn refused(blocked: Blocked) -> Refused {
    let mut refused =
        Refused::new(blocked.status, Blocked::CODE, blocked.cause).at(Stage::Firewall);
    if let Some(location) = blocked.location {
        add(&mut refused.fields, "location", location);
    }
    refused
}
