//! Rules that read more than the head: over the request once its limits are charged, over the
//! response before it is stored.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use lockgate_record::Stage;
use lockgate_shell::inspection::{Blocked, Inspected, Reading, TooLong, is_text};
use lockgate_wire::{Inspection, write_input};

use super::decide::{facts, on_inspection_pool};
use super::fetch::Fetched;
use super::findings::KeptBody;
use super::path::{Step, answered};
use super::{Refused, rates};
use crate::http::{self, BodyError, RequestBody, Response, ResponseBody};
use crate::policy::{AnsweredResponse, Instance};
use crate::record::Pending;

/// What becomes of a request.
pub(super) enum Outcome {
    /// It goes on with its body, whole.
    Pass(RequestBody),
    /// A rule blocks it with an answer of its own.
    Answer(Response),
}

/// Inspects the request where its site has a program, and where its own rules wait for the body.
pub(super) async fn request(step: &mut Step<'_>, body: RequestBody) -> Result<Outcome, Refused> {
    let site = step.seen.site;
    let plan = step.generation.inspection(site);
    let rules_bytes = step
        .generation
        .rules_body_bytes(site)
        .filter(|_| step.seen.waits);
    let Some(reading) = Reading::new(plan, rules_bytes) else {
        return Ok(Outcome::Pass(body));
    };
    let begun = Instant::now();
    let (held, body) = match read_request(step, reading, body).await {
        Ok(read) => read,
        Err(refused) => return step.unread(refused).await.map(Outcome::Answer),
    };
    let bytes = loop {
        let bytes = ask(step, held.clone()).await?;
        let inspection = parse(&bytes)?;
        let (gate, generation, over) = (step.gate, step.generation, &mut step.pending.over);
        if let Some(rules) = &inspection.rules
            && rates::charge(gate, generation, site, &rules.charges, over)
        {
            continue;
        }
        let found = &mut step.pending.found;
        found.inspected(&bytes, &inspection, held.as_ref());
        let Some(rules) = &inspection.rules else {
            break bytes;
        };
        step.pending.rules = Some((rules.rule, rules.counted));
        if let Some(answer) = &rules.answer {
            let mut seen = step.seen.clone();
            seen.stage = lockgate_wire::Stage::Firewall;
            let (route, fields) = (Some(step.route), std::mem::take(&mut step.fields));
            return answered(answer, &seen, route, step.pending, fields).map(Outcome::Answer);
        }
        break bytes;
    };
    if plan.is_some() {
        act(step.pending, &parse(&bytes)?, begun)?;
    }
    Ok(Outcome::Pass(body))
}

/// Asks the rules.
async fn ask(step: &mut Step<'_>, held: Option<KeptBody>) -> Result<Vec<u8>, Refused> {
    let mut input = Vec::new();
    let head = step.head;
    let facts = facts(&step.pending.connection, step.pending, None);
    write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
    let id = step.pending.request_id.clone();
    let call = move |instance: &mut Instance, budget| {
        let body = held.as_ref().map(KeptBody::held);
        instance.inspect(&input, &id, body, budget)
    };
    let (bytes, us) = on_inspection_pool(step.gate, step.generation, call)
        .await
        .map_err(|refused| refused.at(Stage::Firewall))?;
    step.pending.policy_us = step.pending.policy_us.saturating_add(us);
    Ok(bytes)
}

/// Reads as much of the body as the rules look at: that, and the body to be sent on.
async fn read_request(
    step: &Step<'_>,
    reading: Reading,
    mut body: RequestBody,
) -> Result<(Option<KeptBody>, RequestBody), Refused> {
    if matches!(body, RequestBody::Empty) {
        return Ok((None, body));
    }
    // What the origin would be spared is not read here either.
    let route_max = step.route.body_bytes_max;
    if let Some(length) = body.length()
        && length > route_max
    {
        let cause = format!("the body of {length} bytes is longer than {route_max}");
        return Err(Refused::new(413, too_large_code(step), cause).at(Stage::Firewall));
    }
    body.limit(route_max);
    let length = body.length();
    reading.announced(length).map_err(too_long)?;
    let read = read(&mut body, reading.most()).await.map_err(|error| {
        if matches!(error, BodyError::TooLarge(_)) {
            return Refused::new(413, too_large_code(step), error.to_string()).at(Stage::Firewall);
        }
        let error = crate::origin::OriginError::from_body(&error);
        Refused::new(error.status(), error.code(), error.cause()).at(Stage::Firewall)
    })?;
    let program_bytes = reading.program_bytes(read.bytes.len(), read.whole);
    let program_bytes = program_bytes.map_err(too_long)?;
    let held = KeptBody {
        bytes: read.bytes,
        whole: read.whole,
        program_bytes,
    };
    let body = http::HeldBody::new(read.frames, body, length);
    Ok((Some(held), RequestBody::Held(Box::new(body))))
}

/// A body that is a picture is too large in the words of pictures, whoever reads it first.
fn too_large_code(step: &Step<'_>) -> &'static str {
    match step.route.is_upload() {
        true => "image_too_large",
        false => "body_too_large",
    }
}

fn too_long(refused: TooLong) -> Refused {
    Refused::new(403, TooLong::CODE, refused.to_string()).at(Stage::Firewall)
}

/// The beginning of a body.
struct Read {
    /// Where there is more, they are more than were asked for: so the rules know.
    bytes: Bytes,
    /// What was read, to be sent on.
    frames: VecDeque<Frame<Bytes>>,
    /// There is no more.
    whole: bool,
}

/// Reads frames until there are more than `most` bytes, or no more.
async fn read<B>(body: &mut B, most: usize) -> Result<Read, BodyError>
where
    B: Body<Data = Bytes, Error = BodyError> + Unpin,
{
    let mut first = Bytes::new();
    let mut joined = BytesMut::new();
    let mut others = VecDeque::new();
    let mut length = 0_usize;
    let mut whole = true;
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => {
                length = length.saturating_add(data.len());
                if first.is_empty() {
                    first = data;
                } else {
                    // Joined at once: a body of tiny frames takes no more room than another.
                    if joined.is_empty() {
                        joined.extend_from_slice(&first);
                    }
                    joined.extend_from_slice(&data);
                }
            }
            Err(frame) => others.push_back(frame),
        }
        if length > most {
            whole = false;
            break;
        }
    }
    let bytes = if joined.is_empty() {
        first
    } else {
        joined.freeze()
    };
    if !bytes.is_empty() {
        others.push_front(Frame::data(bytes.clone()));
    }
    Ok(Read {
        bytes,
        frames: others,
        whole,
    })
}

/// Inspects the response where the request's inspection asked for it.
pub(super) async fn response(
    step: &mut Step<'_>,
    mut fetched: Fetched,
) -> Result<Fetched, Refused> {
    let Some(plan) = step.generation.inspection(step.seen.site).copied() else {
        return Ok(fetched);
    };
    let state = match &mut step.pending.inspected {
        Some(inspected) if !inspected.state.is_empty() => std::mem::take(&mut inspected.state),
        _ => return Ok(fetched),
    };
    let most = plan.response_body_bytes_max as usize;
    let begun = Instant::now();
    let looked_at = if is_text(&fetched.headers) {
        let (bytes, body) = read_response(fetched.body, most).await.map_err(|error| {
            Refused::new(502, "origin_body_failed", error.to_string()).at(Stage::Origin)
        })?;
        fetched.body = body;
        bytes
    } else {
        Bytes::new()
    };
    let fields: Vec<(Vec<u8>, Vec<u8>)> = fetched
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect();
    let answered = AnsweredResponse {
        status: fetched.status,
        fields,
        body: looked_at.to_vec(),
        duration_us: u64::try_from(step.pending.started.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    let call =
        move |instance: &mut Instance, budget| instance.inspect_response(&state, &answered, budget);
    let (bytes, us) = on_inspection_pool(step.gate, step.generation, call)
        .await
        .map_err(|refused| refused.at(Stage::Firewall))?;
    step.pending.policy_us = step.pending.policy_us.saturating_add(us);
    let inspection = parse(&bytes)?;
    step.pending.found.inspected(&bytes, &inspection, None);
    act(step.pending, &inspection, begun)?;
    Ok(fetched)
}

async fn read_response(
    body: ResponseBody,
    most: usize,
) -> Result<(Bytes, ResponseBody), BodyError> {
    match body {
        ResponseBody::Full(bytes) => {
            let looked_at = bytes.slice(..bytes.len().min(most.saturating_add(1)));
            Ok((looked_at, ResponseBody::Full(bytes)))
        }
        ResponseBody::Stream { mut body, length } => {
            let read = read(&mut body, most).await?;
            let held = http::HeldBody::new(read.frames, body, length);
            let body = http_body_util::combinators::BoxBody::new(held);
            Ok((read.bytes, ResponseBody::Stream { body, length }))
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Inspection<'_>, Refused> {
    Inspection::parse(bytes)
        .map_err(|error| Refused::new(500, "policy_failed", error.to_string()).at(Stage::Firewall))
}

/// Notes what was found for the record, and does what was decided.
fn act(pending: &mut Pending, inspection: &Inspection<'_>, begun: Instant) -> Result<(), Refused> {
    let waited_us = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
    let noted = pending.inspected.get_or_insert_with(Inspected::default);
    noted.add(inspection, waited_us);
    let Some(blocked) = Blocked::by(inspection) else {
        return Ok(());
    };
    let mut refused = Refused::new(blocked.status, Blocked::CODE, blocked.cause);
    refused.close = blocked.close;
    if let Some(location) = blocked.location {
        refused.fields.add(b"location", &location);
    }
    Err(refused.at(Stage::Firewall))
}
