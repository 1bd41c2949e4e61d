//! The path of one request, top to bottom.
//!
//! ```text
//! decide    normalise, site, firewall, route, sign-in, authorize: one call into policy.wasm
//! charge    every limit, or none
//! inspect   rules that read more than the head, where the site has such; a route's own answer
//!           leaves here
//! lookup    a fresh stored response answers
//! fetch     the origin, streaming; for pictures image.wasm makes the answer of it, or of what the
//!           request brings along
//! store     what may be stored is, while it is sent
//! ```
//! Whatever leaves early is a [`Refused`], and every exit goes through `finish` in the parent:
//! a problem body where one is due, and always a record.

use std::sync::Arc;

use lockgate_record::Stage;
use lockgate_wire::{Answer, Plan, Seen, Verdict, VerdictBody};

use super::{
    Gate, Generation, Refused, Route, charge, date, decide, fetch, inspect, lookup, picture,
    source, store, unread, upload,
};
use crate::http::{Fields, RequestBody, RequestHead, Response};
use crate::record::Pending;
use crate::request_id;

/// What all stages after the decision work on.
pub(super) struct Step<'a> {
    pub(super) gate: &'a Arc<Gate>,
    pub(super) generation: &'a Arc<Generation>,
    pub(super) head: &'a RequestHead,
    pub(super) seen: &'a Seen<'a>,
    pub(super) plan: &'a Plan<'a>,
    pub(super) route: &'a Route,
    pub(super) pending: &'a mut Pending,
    /// Fields that the response will carry whatever answers: limits.
    pub(super) fields: Fields,
}

/// Runs a request through all stages.
pub(super) async fn run(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    head: &RequestHead,
    body: RequestBody,
    pending: &mut Pending,
) -> Result<Response, Refused> {
    let verdict = match decide::decide(gate, generation, head, pending).await {
        Ok(verdict) => verdict,
        // There is no budget for its signature.
        Err(refused) if Verdict::parse(&pending.verdict).is_ok_and(|known| known.seen.waits) => {
            let fields = Fields::with_capacity(128);
            return unread::settle(gate, generation, head, pending, fields, refused).await;
        }
        Err(refused) => return Err(refused),
    };
    let decided = Decided { pending, verdict };
    act(
        gate,
        generation,
        head,
        body,
        decided.pending,
        &decided.verdict,
    )
    .await
}

/// Gives the verdict to the record, also where the request is dropped on the way.
struct Decided<'a> {
    pending: &'a mut Pending,
    verdict: Vec<u8>,
}

impl Drop for Decided<'_> {
    fn drop(&mut self) {
        self.pending.verdict = std::mem::take(&mut self.verdict);
    }
}

async fn act(
    gate: &Arc<Gate>,
    generation: &Arc<Generation>,
    head: &RequestHead,
    body: RequestBody,
    pending: &mut Pending,
    verdict: &[u8],
) -> Result<Response, Refused> {
    let verdict = Verdict::parse(verdict)
        .map_err(|error| Refused::new(500, "policy_failed", error.to_string()))?;
    let seen = &verdict.seen;
    if seen.trusted_peer
        && let Some(id) = request_id::incoming(head)
    {
        pending.request_id = id;
    }
    pending.found.head(seen);
    let route = generation.route(seen.route);
    let plan = match &verdict.body {
        VerdictBody::Plan(plan) => plan,
        VerdictBody::Answer(answer) => {
            pending.body_unread = true;
            let fields = Fields::with_capacity(128);
            return answered(answer, seen, route, pending, fields);
        }
        VerdictBody::Need(_) => {
            return Err(Refused::new(500, "policy_failed", "the policy asked twice"));
        }
    };
    let Some(route) = route else {
        return Err(Refused::new(
            500,
            "policy_failed",
            "the verdict names no route",
        ));
    };
    let mut step = Step {
        gate,
        generation,
        head,
        seen,
        plan,
        route,
        pending,
        fields: Fields::with_capacity(256 + route.response_fields.len()),
    };
    if let Err(refused) = charge::charge(&mut step) {
        return step.unread(refused).await;
    }
    let body = match inspect::request(&mut step, body).await? {
        inspect::Outcome::Pass(body) => body,
        inspect::Outcome::Answer(response) => return Ok(response),
    };
    if let Some(answer) = &plan.answer {
        return answered(answer, seen, Some(route), step.pending, step.fields);
    }
    let looked_up = lookup::lookup(&mut step)?;
    let forwarded = match looked_up {
        lookup::Outcome::Answer(response) => return Ok(response),
        lookup::Outcome::Forward(forwarded) => forwarded,
    };
    let place = picture::room(&step)?;
    let (kept, lead) = source::find(&mut step).await;
    let mut fetched = match kept {
        _ if step.route.is_upload() => upload::take(&mut step, body)?,
        Some(kept) => inspect::response(&mut step, kept).await?,
        None => {
            let fetched = fetch::fetch(&mut step, body).await?;
            inspect::response(&mut step, fetched).await?
        }
    };
    picture::transform(&mut step, &mut fetched, place, lead).await?;
    Ok(store::respond(step, fetched, forwarded))
}

impl Step<'_> {
    /// The answer to a request that is refused before its body is read.
    pub(super) async fn unread(&mut self, refused: Refused) -> Result<Response, Refused> {
        if !self.seen.waits {
            return Err(refused);
        }
        let fields = std::mem::take(&mut self.fields);
        let (gate, generation, head) = (self.gate, self.generation, self.head);
        unread::settle(gate, generation, head, self.pending, fields, refused).await
    }
}

/// A route's own answer, or a refusal by the policy. `fields` are those that it has already.
pub(super) fn answered(
    answer: &Answer<'_>,
    seen: &Seen<'_>,
    route: Option<&Route>,
    pending: &mut Pending,
    mut fields: Fields,
) -> Result<Response, Refused> {
    for (name, value) in &answer.headers {
        fields.add(name, value);
    }
    if answer.code.is_empty() {
        let replaced = route.is_some_and(|route| route.response_fields.sets(b"content-type"));
        if !answer.content_type.is_empty() && !replaced {
            fields.add(b"content-type", answer.content_type);
        }
        if seen.stage == lockgate_wire::Stage::Firewall {
            // A rule that blocks with an answer of its own.
            pending.stage = Stage::Firewall;
            pending.code = Some("blocked".to_owned());
            pending.cause = Some(String::from_utf8_lossy(answer.cause).into_owned());
        }
        date::add(&mut fields);
        fields.add(b"x-request-id", pending.request_id.as_bytes());
        if let Some(route) = route {
            route.response_fields.add_to(&mut fields);
        }
        let body = bytes::Bytes::copy_from_slice(answer.body);
        return Ok(Response::full(answer.status, fields, body));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(Refused {
        status: answer.status,
        code: text(answer.code).into(),
        detail: (!answer.detail.is_empty()).then(|| text(answer.detail)),
        cause: text(answer.cause),
        fields,
        stage: record_stage(seen.stage),
        close: false,
    })
}

fn record_stage(stage: lockgate_wire::Stage) -> Stage {
    match stage {
        lockgate_wire::Stage::Normalise => Stage::Normalise,
        lockgate_wire::Stage::Route => Stage::Route,
        lockgate_wire::Stage::Firewall => Stage::Firewall,
        lockgate_wire::Stage::SignIn | lockgate_wire::Stage::Authorize => Stage::SignIn,
        lockgate_wire::Stage::Limits => Stage::Limits,
        lockgate_wire::Stage::Respond => Stage::Respond,
    }
}
