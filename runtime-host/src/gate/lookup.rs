//! A fresh stored response answers (RFC 9111 §4).

use lockgate_http_cache::{
    Answer, CacheStatus, Forwarded, Lookup, RequestInfo, Validators, conditional, lookup as decide,
};
use lockgate_record::{CacheState, Stage};

use super::Refused;
use super::path::Step;
use crate::cache::{Found, Stored};
use crate::http::{Fields, RequestHead, Response};
use crate::origin::end_to_end;

/// What the look-up led to.
pub(super) enum Outcome {
    /// The cache answered.
    Answer(Response),
    /// The origin is asked; `None` where the route is not cached at all, `Bypass` where this
    /// request is not.
    Forward(Option<Forwarded>),
}

/// Answers from the cache where it may.
pub(super) fn lookup(step: &mut Step<'_>) -> Result<Outcome, Refused> {
    let (Some(key), true) = (step.plan.cache_key, step.route.cache.is_some()) else {
        return Ok(Outcome::Forward(None));
    };
    // What an origin answers to a GET with a body may depend on the body, which no key holds
    // (RFC 9110 §9.3.1).
    if step.pending.has_body {
        step.pending.cache = Some(CacheState::Bypass);
        return Ok(Outcome::Forward(Some(Forwarded::Bypass)));
    }
    let request = request_info(step.head);
    let now_ms = step.pending.time_unix_ms;
    let (stored, miss) = match step.gate.cache.find(key, || end_to_end(step.head)) {
        Found::Stored(stored) => (Some(stored), Forwarded::UriMiss),
        Found::OtherVariant => (None, Forwarded::VaryMiss),
        Found::Nothing => (None, Forwarded::UriMiss),
    };
    step.pending.stage = Stage::Cache;
    match decide(
        stored.as_ref().map(|stored| &stored.freshness),
        &request,
        now_ms,
    ) {
        Lookup::Hit { age_s } => {
            step.pending.cache = Some(CacheState::Hit);
            let Some(stored) = stored else {
                return Ok(Outcome::Forward(Some(miss)));
            };
            Ok(Outcome::Answer(hit(step, &stored, &request, age_s)))
        }
        Lookup::GatewayTimeout => {
            step.pending.cache = Some(CacheState::Miss);
            Err(Refused::new(
                504,
                "only_if_cached",
                "the request asked for a stored answer",
            )
            .at(Stage::Cache))
        }
        Lookup::Forward(reason) => {
            let reason = if stored.is_none() { miss } else { reason };
            step.pending.cache = Some(CacheState::Miss);
            Ok(Outcome::Forward(Some(reason)))
        }
    }
}

fn hit(step: &mut Step<'_>, stored: &Stored, request: &RequestInfo<'_>, age_s: u64) -> Response {
    let validators = Validators {
        status: stored.status,
        etag: stored.etag.as_deref(),
        last_modified_s: stored.last_modified_s,
        date_s: stored.date_s,
    };
    let mut fields = std::mem::take(&mut step.fields);
    fields.add_number("age", age_s);
    let status = CacheStatus {
        forwarded: None,
        forwarded_status: None,
        stored: false,
        collapsed: false,
        ttl_s: Some(stored.freshness.ttl_s(step.pending.time_unix_ms)),
        detail: None,
    };
    add_cache_status(&mut fields, &status);
    fields.add(b"x-request-id", step.pending.request_id.as_bytes());
    let own = &step.route.response_fields;
    own.add_to(&mut fields);
    let not_modified = conditional(request, &validators) == Answer::NotModified;
    let (status, body) = if not_modified {
        (304, bytes::Bytes::new())
    } else {
        (stored.status, stored.body.clone())
    };
    let mut response = Response::full(status, fields, body);
    // Nearly always stored for this very route, as it is configured.
    response.stored_lines = if stored.replaced == *own.names() {
        stored.shown.clone()
    } else {
        own.replace_in(&stored.lines)
    };
    response.announced_length = Some(stored.body.len() as u64);
    response
}

/// Adds `Cache-Status` (RFC 9211).
pub(super) fn add_cache_status(fields: &mut Fields, status: &CacheStatus<'_>) {
    let mut value = Vec::with_capacity(64);
    status.write(&mut value);
    fields.add(b"cache-status", &value);
}

/// The request as the cache's decisions read it.
pub(super) fn request_info(head: &RequestHead) -> RequestInfo<'_> {
    let method = std::str::from_utf8(head.method()).unwrap_or_default();
    let fields = head.fields();
    // HTTP/1 and 2 let no other names through than text.
    let fields = fields.map(|(name, value)| (std::str::from_utf8(name).unwrap_or_default(), value));
    RequestInfo::read(method, fields)
}
