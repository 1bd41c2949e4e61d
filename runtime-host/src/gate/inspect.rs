//! Rules that read more than the head: over the request once its limits are charged, over the
//! response before it is stored.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use lockgate_config::types::OversizeHandling;
use lockgate_record::Stage;
use lockgate_wire::{Inspection, Outcome, write_input};

use super::decide::{facts, on_inspection_pool};
use super::fetch::Fetched;
use super::path::Step;
use super::{InspectionPlan, Refused};
use crate::http::{BodyError, HeldBody, RequestBody, ResponseBody};
use crate::policy::{AnsweredResponse, Instance};
use crate::record::{Inspected, Pending};

/// Inspects the request where its site says so. Gives the body back, whole.
pub(super) async fn request(
    step: &mut Step<'_>,
    body: RequestBody,
) -> Result<RequestBody, Refused> {
    let Some(plan) = step.generation.inspection(step.seen.site) else {
        return Ok(body);
    };
    let plan = plan.clone();
    let begun = Instant::now();
    let (inspected, body) = read_request(step, &plan, body).await?;
    let mut input = Vec::new();
    let head = step.head;
    let facts = facts(&step.pending.connection, step.pending.time_unix_ms, None);
    write_input(&mut input, &facts, &head.ranges, &head.headers, &head.bytes);
    let id = step.pending.request_id.clone();
    let call = move |instance: &mut Instance, budget| {
        instance.inspect(&input, &id, inspected.as_deref(), budget)
    };
    let (bytes, us) = on_inspection_pool(step.gate, step.generation, call)
        .await
        .map_err(|refused| refused.at(Stage::Firewall))?;
    step.pending.policy_us = step.pending.policy_us.saturating_add(us);
    let waited = begun.elapsed();
    act(step.pending, &bytes, waited.as_micros())?;
    Ok(body)
}

/// Reads as much of the body as the rules look at: that, and the body to be sent on.
async fn read_request(
    step: &Step<'_>,
    plan: &InspectionPlan,
    mut body: RequestBody,
) -> Result<(Option<Bytes>, RequestBody), Refused> {
    if matches!(body, RequestBody::Empty) {
        return Ok((None, body));
    }
    // What the origin would be spared is not read here either.
    let route_max = step.route.body_bytes_max;
    if let Some(length) = body.length()
        && length > route_max
    {
        let cause = format!("the body of {length} bytes is longer than {route_max}");
        return Err(Refused::new(413, "body_too_large", cause).at(Stage::Firewall));
    }
    body.limit(route_max);
    let most = plan.body_bytes_max;
    let length = body.length();
    if plan.oversize == OversizeHandling::Match && length.is_some_and(|length| length > most as u64)
    {
        return Err(oversize(most));
    }
    let read = read(&mut body, most).await.map_err(|error| {
        let error = crate::origin::OriginError::from_body(&error);
        Refused::new(error.status(), error.code(), error.cause()).at(Stage::Firewall)
    })?;
    let inspected = if read.whole {
        Some(read.bytes)
    } else {
        match plan.oversize {
            OversizeHandling::Match => return Err(oversize(most)),
            OversizeHandling::Continue => Some(read.bytes),
            OversizeHandling::NoMatch => None,
        }
    };
    let held = HeldBody::new(read.frames, body, length);
    Ok((inspected, RequestBody::Held(Box::new(held))))
}

fn oversize(most: usize) -> Refused {
    let cause = format!("the body is longer than the {most} bytes that rules look at");
    Refused::new(403, "blocked", cause).at(Stage::Firewall)
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
    let mut frames = VecDeque::new();
    let mut length = 0_usize;
    let mut whole = true;
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
        frames.push_back(frame);
        if length > most {
            whole = false;
            break;
        }
    }
    let mut data = frames.iter().filter_map(Frame::data_ref);
    let bytes = match (data.next(), data.next()) {
        (None, _) => Bytes::new(),
        (Some(one), None) => one.clone(),
        (Some(_), Some(_)) => {
            let mut all = BytesMut::with_capacity(length);
            let parts = frames.iter().filter_map(Frame::data_ref);
            parts.for_each(|part| all.extend_from_slice(part));
            all.freeze()
        }
    };
    Ok(Read {
        bytes,
        frames,
        whole,
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
    let state = match &mut step.pending.inspected {
        Some(inspected) if !inspected.state.is_empty() => std::mem::take(&mut inspected.state),
        _ => return Ok(fetched),
    };
    let most = plan.response_body_bytes_max;
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
    act(step.pending, &bytes, begun.elapsed().as_micros())?;
    Ok(fetched)
}

/// Texts without a content coding are looked at; pictures and archives are not held back.
fn is_text(headers: &HeaderMap) -> bool {
    let coded = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map(|kind| kind.as_bytes());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    let kind = kind.trim_ascii();
    !coded
        && (kind.starts_with(b"text/")
            || kind.ends_with(b"/json")
            || kind.ends_with(b"+json")
            || kind.ends_with(b"/xml")
            || kind.ends_with(b"+xml")
            || kind.ends_with(b"/javascript"))
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
            let held = HeldBody::new(read.frames, body, length);
            let body = http_body_util::combinators::BoxBody::new(held);
            Ok((read.bytes, ResponseBody::Stream { body, length }))
        }
    }
}

/// Notes what was found for the record, and does what was decided.
fn act(pending: &mut Pending, bytes: &[u8], waited_us: u128) -> Result<(), Refused> {
    let inspection = Inspection::parse(bytes)
        .map_err(|error| Refused::new(500, "policy_failed", error.to_string()))?;
    let noted = pending.inspected.get_or_insert_with(Inspected::default);
    noted.add(&inspection, waited_us);
    let blocked = |status: u16, rule: u32| {
        let cause = match inspection.findings.iter().find(|finding| finding.decided) {
            Some(finding) => format!("rule {rule}: {}", String::from_utf8_lossy(finding.message)),
            None if rule == 0 => "a limit of the inspection".to_owned(),
            None => format!("rule {rule}"),
        };
        Refused::new(status, "blocked", cause).at(Stage::Firewall)
    };
    match inspection.outcome {
        Outcome::Pass => Ok(()),
        Outcome::Deny { status, rule } => Err(blocked(status, rule)),
        Outcome::Redirect {
            status,
            rule,
            location,
        } => {
            let mut refused = blocked(status, rule);
            refused.fields.add(b"location", location);
            Err(refused)
        }
        Outcome::Drop { rule } => {
            let mut refused = blocked(403, rule);
            refused.close = true;
            Err(refused)
        }
    }
}
