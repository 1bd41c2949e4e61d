//! The path of one request, top to bottom; that of `runtime-host/src/gate/path.rs`.
//!
//! ```text
//! push      a new policy, by whoever has the token
//! decide    normalise, site, firewall, route, sign-in, authorize: one call into policy.wasm
//! charge    every limit, or none
//! inspect   rules that read more than the head, where the site has such; a route's own answer
//!           leaves here
//! lookup    a fresh stored response answers
//! fetch     the origin; for pictures the image component makes the answer of it, or of what the
//!           request brings along
//! store     what may be stored is, once it is sent
//! ```
//! Every exit goes through `answer`: a problem body where one is due, and always a record.

use std::rc::Rc;

use lockgate_record::Stage;
use lockgate_shell::{Route, ids};
use lockgate_spin_shell::body::ClientBody;
use lockgate_wire::{Answer, Plan, Seen, Verdict, VerdictBody};
use spin_sdk::wasip3::http::types::{Request, Response};

use super::answer::{self, Body, Reply};
use super::call::Call;
use super::refused::{Fields, Refused, add};
use super::state::{self, Generation};
use super::{charge, decide, fetch, inspect, lookup, picture, push, route_fields, store, upload};

/// What all stages after the decision work on.
pub(super) struct Step<'a> {
    pub(super) generation: &'a Rc<Generation>,
    pub(super) seen: &'a Seen<'a>,
    pub(super) plan: &'a Plan<'a>,
    pub(super) route: &'a Route,
    pub(super) call: &'a mut Call,
    /// Fields that the response will carry whatever answers: limits.
    pub(super) fields: Fields,
}

/// Answers a request.
pub(super) async fn handle(request: Request) -> Response {
    let mut call = Call::new(&request);
    let result = run(&mut call, request).await;
    answer::send(call, result).await
}

async fn run(call: &mut Call, request: Request) -> Result<Reply, Refused> {
    let request = match push::run(call, request).await {
        push::Outcome::Answered(result) => return result,
        push::Outcome::NotOurs(request) => request,
    };
    let generation = state::current(call.now_ms).await.map_err(|cause| {
        Refused::new(503, "policy_not_loaded", cause)
            .at(Stage::Respond)
            .retry_after_s(1)
    })?;
    call.generation = Some(generation.clone());
    let bytes = match decide::decide(call, &generation).await {
        Ok(bytes) => bytes,
        // There is no budget for its signature.
        Err(refused) if Verdict::parse(&call.verdict).is_ok_and(|known| known.seen.waits) => {
            return unread(call, &generation, Fields::new(), refused);
        }
        Err(refused) => return Err(refused),
    };
    let (length, received) = (call.content_length(), call.bytes_in.clone());
    let body = call
        .has_body
        .then(|| ClientBody::new(request, length, received));
    let result = act(call, &generation, body, &bytes).await;
    call.verdict = bytes;
    result
}

async fn act(
    call: &mut Call,
    generation: &Rc<Generation>,
    body: Option<ClientBody>,
    verdict: &[u8],
) -> Result<Reply, Refused> {
    let verdict =
        Verdict::parse(verdict).map_err(|error| Refused::policy_failed(error.to_string()))?;
    let seen = &verdict.seen;
    if seen.trusted_peer
        && let Some(id) = call.head.field("x-request-id")
        && ids::is_request_id(id)
    {
        call.request_id = String::from_utf8_lossy(id).into_owned();
    }
    let route = generation.document.routes.get(usize::from(seen.route));
    let plan = match &verdict.body {
        VerdictBody::Plan(plan) => plan,
        VerdictBody::Answer(answer) => return answered(answer, seen, route, call, Fields::new()),
        VerdictBody::Need(_) => return Err(Refused::policy_failed("the policy asked twice")),
    };
    let Some(route) = route else {
        return Err(Refused::policy_failed("the verdict names no route"));
    };
    let mut step = Step {
        generation,
        seen,
        plan,
        route,
        call,
        fields: Fields::new(),
    };
    if let Err(refused) = charge::charge(&mut step).await {
        return step.unread(refused);
    }
    let body = match inspect::request(&mut step, body).await? {
        inspect::Outcome::Pass(body) => body,
        inspect::Outcome::Answer(reply) => return Ok(reply),
    };
    if let Some(answer) = &plan.answer {
        return answered(answer, seen, Some(route), step.call, step.fields);
    }
    let forwarded = match lookup::lookup(&mut step).await? {
        lookup::Outcome::Answer(reply) => return Ok(reply),
        lookup::Outcome::Forward(forwarded) => forwarded,
    };
    let mut fetched = if upload::is_upload(step.route) {
        upload::take(&mut step, body)?
    } else {
        let fetched = fetch::fetch(&mut step, body).await?;
        inspect::response(&mut step, fetched).await?
    };
    picture::transform(&mut step, &mut fetched).await?;
    Ok(store::respond(step, fetched, forwarded))
}

impl Step<'_> {
    /// The answer to a request that is refused before its body is read.
    pub(super) fn unread(&mut self, refused: Refused) -> Result<Reply, Refused> {
        if !self.seen.waits {
            return Err(refused);
        }
        let fields = std::mem::take(&mut self.fields);
        unread(self.call, self.generation, fields, refused)
    }
}

/// Rules that wait for a body that is not going to be read count as not matching, and the others go on
/// in their order: that of `runtime-host/src/gate/unread.rs`.
fn unread(
    call: &mut Call,
    generation: &Generation,
    fields: Fields,
    refused: Refused,
) -> Result<Reply, Refused> {
    let bytes = decide::without_body(call);
    let Ok(verdict) = Verdict::parse(&bytes) else {
        return Err(refused);
    };
    let seen = &verdict.seen;
    call.rules = Some((seen.rule, seen.counted));
    match &verdict.body {
        VerdictBody::Answer(answer) if seen.stage == lockgate_wire::Stage::Firewall => {
            let route = generation.document.routes.get(usize::from(seen.route));
            answered(answer, seen, route, call, fields)
        }
        _ => Err(refused),
    }
}

/// A route's own answer, or a refusal by the policy. `fields` are those that it has already.
pub(super) fn answered(
    answer: &Answer<'_>,
    seen: &Seen<'_>,
    route: Option<&Route>,
    call: &mut Call,
    mut fields: Fields,
) -> Result<Reply, Refused> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for (name, value) in &answer.headers {
        fields.push((text(name), value.to_vec()));
    }
    if answer.code.is_empty() {
        let replaced = route.is_some_and(|route| route_fields::sets(route, "content-type"));
        if !answer.content_type.is_empty() && !replaced {
            add(&mut fields, "content-type", answer.content_type);
        }
        if seen.stage == lockgate_wire::Stage::Firewall {
            // A rule that blocks with an answer of its own.
            call.stage = Stage::Firewall;
            call.code = Some("blocked".to_owned());
            call.cause = Some(text(answer.cause));
        }
        add(&mut fields, "x-request-id", call.request_id.as_str());
        if let Some(route) = route {
            route_fields::add_all(&mut fields, route);
        }
        return Ok(Reply {
            status: answer.status,
            fields,
            body: Body::Full(answer.body.to_vec()),
        });
    }
    Err(Refused {
        status: answer.status,
        code: text(answer.code).into(),
        detail: (!answer.detail.is_empty()).then(|| text(answer.detail)),
        cause: text(answer.cause),
        fields,
        stage: record_stage(seen.stage),
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
