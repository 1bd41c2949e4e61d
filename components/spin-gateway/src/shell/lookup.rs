//! A fresh stored response answers (RFC 9111 §4).

use lockgate_http_cache::{
    Answer, CacheStatus, Forwarded, Lookup, RequestInfo, Validators, conditional, lookup as decide,
};
use lockgate_record::{CacheState, Stage};

use super::answer::{Body, Reply};
use super::path::Step;
use super::refused::{Fields, Refused, add};
use super::{route_fields, state};
use crate::entry::{self, Entry, Kept, Slots, Stored};
use lockgate_shell::spin::Head;
use lockgate_shell::told::end_to_end;

/// What the look-up led to.
pub(super) enum Outcome {
    /// The cache answered.
    Answer(Reply),
    /// The origin is asked; `None` where the route is not cached at all, `Bypass` where this
    /// request is not.
    Forward(Option<Forwarded>),
}

/// Answers from the cache where it may. A store that does not answer is a miss.
pub(super) async fn lookup(step: &mut Step<'_>) -> Result<Outcome, Refused> {
    let (Some(key), true) = (step.plan.cache_key, step.route.cache.is_some()) else {
        return Ok(Outcome::Forward(None));
    };
    // What an origin answers to a GET with a body may depend on the body, which no key holds
    // (RFC 9110 §9.3.1).
    if step.call.has_body {
        step.call.cache = Some(CacheState::Bypass);
        return Ok(Outcome::Forward(Some(Forwarded::Bypass)));
    }
    let (stored, miss) = match step.generation.slots {
        Some(slots) => find(slots, key, &step.call.head).await,
        None => (None, Forwarded::UriMiss),
    };
    let request = request_info(&step.call.head);
    let freshness = stored.as_ref().map(|(stored, _)| stored.freshness());
    let decision = decide(freshness.as_ref(), &request, step.call.now_ms);
    step.call.stage = Stage::Cache;
    match decision {
        Lookup::Hit { age_s } => {
            let Some((stored, body)) = stored else {
                return Ok(Outcome::Forward(Some(miss)));
            };
            let not_modified = not_modified(&request, &stored);
            step.call.cache = Some(CacheState::Hit);
            Ok(Outcome::Answer(hit(
                step,
                stored,
                body,
                not_modified,
                age_s,
            )))
        }
        Lookup::GatewayTimeout => {
            step.call.cache = Some(CacheState::Miss);
            let cause = "the request asked for a stored answer";
            Err(Refused::new(504, "only_if_cached", cause).at(Stage::Cache))
        }
        Lookup::Forward(reason) => {
            let reason = if stored.is_none() { miss } else { reason };
            step.call.cache = Some(CacheState::Miss);
            Ok(Outcome::Forward(Some(reason)))
        }
    }
}

/// The response for this very request; without one, why.
async fn find(slots: Slots, key: &[u8], head: &Head) -> (Option<(Stored, Vec<u8>)>, Forwarded) {
    let names = match get(slots, key).await {
        None => return (None, Forwarded::UriMiss),
        Some((Kept::Stored(stored), body)) => return (Some((stored, body)), Forwarded::UriMiss),
        Some((Kept::Vary(names), _)) => names,
    };
    let Some(key) = entry::secondary_key(key, &names, end_to_end(head.fields())) else {
        return (None, Forwarded::VaryMiss);
    };
    match get(slots, &key).await {
        Some((Kept::Stored(stored), body)) => (Some((stored, body)), Forwarded::VaryMiss),
        _ => (None, Forwarded::VaryMiss),
    }
}

async fn get(slots: Slots, key: &[u8]) -> Option<(Kept, Vec<u8>)> {
    let store = state::store().await.ok()?;
    let value = store.get(slots.entry(key)).await.ok()??;
    let (entry, body) = Entry::from_bytes(value, key)?;
    let apart = match &entry.kept {
        Kept::Stored(stored) => stored.apart,
        Kept::Vary(_) => None,
    };
    let body = match apart {
        None => body,
        Some(tag) => entry::body_from_bytes(store.get(slots.body(key)).await.ok()??, &tag)?,
    };
    Some((entry.kept, body))
}

fn not_modified(request: &RequestInfo<'_>, stored: &Stored) -> bool {
    let validators = Validators {
        status: stored.status,
        etag: stored.etag.as_deref(),
        last_modified_s: stored.last_modified_s,
        date_s: stored.date_s,
    };
    conditional(request, &validators) == Answer::NotModified
}

fn hit(
    step: &mut Step<'_>,
    stored: Stored,
    body: Vec<u8>,
    not_modified: bool,
    age_s: u64,
) -> Reply {
    let mut fields = std::mem::take(&mut step.fields);
    add(&mut fields, "age", age_s.to_string());
    let status = CacheStatus {
        forwarded: None,
        forwarded_status: None,
        stored: false,
        collapsed: false,
        ttl_s: Some(stored.freshness().ttl_s(step.call.now_ms)),
        detail: None,
    };
    add_cache_status(&mut fields, &status);
    add(&mut fields, "x-request-id", step.call.request_id.as_str());
    let status = if not_modified { 304 } else { stored.status };
    route_fields::add_replacing(&mut fields, step.route, stored.fields);
    let body = if not_modified {
        Body::None
    } else {
        Body::Full(body)
    };
    Reply {
        status,
        fields,
        body,
    }
}

/// Adds `Cache-Status` (RFC 9211).
pub(super) fn add_cache_status(fields: &mut Fields, status: &CacheStatus<'_>) {
    let mut value = Vec::with_capacity(64);
    status.write(&mut value);
    add(fields, "cache-status", value);
}

/// The request as the cache's decisions read it.
pub(super) fn request_info(head: &Head) -> RequestInfo<'_> {
    let method = std::str::from_utf8(head.method()).unwrap_or_default();
    RequestInfo::read(method, head.text_fields())
}
