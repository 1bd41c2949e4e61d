//! The sources of pictures, kept for the other widths that a page asks for.
//!
//! A source is kept where its answer may be stored (RFC 9111, as the route's cache has it), by the
//! key of that answer without the options of the picture, and never longer than it is fresh: what
//! says `no-store` is not kept, and what is private serves its own subject alone. Who asks for a
//! source that somebody else fetches waits for it, and goes on alone where it is not to be kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use lockgate_http_cache::{
    Exchange, Lookup, ResponseInfo, Storable, lookup as may_answer, storable,
};
use lockgate_shell::told::vary_of_client;

use super::fetch::Fetched;
use super::lookup::request_info;
use super::path::Step;
use super::store::map_fields;
use crate::http::ResponseBody;
use crate::image::memory::{Digest, Kept, Key, Lead, Of, Source, Turn};

/// The source of the picture that is asked for, where it is kept or is just being fetched; or who
/// is to fetch it for all.
pub(super) async fn find(step: &mut Step<'_>) -> (Option<Fetched>, Option<Lead>) {
    let Some((memory, key)) = key(step) else {
        return (None, None);
    };
    match memory.turn(key) {
        Turn::Kept(kept) => (answer(step, kept), None),
        Turn::Lead(lead) => (None, Some(lead)),
        Turn::Wait(wait) => {
            let kept = wait.wait().await;
            (kept.and_then(|kept| answer(step, kept)), None)
        }
    }
}

/// Keeps a source that was fetched, where that is allowed; those who wait are told either way.
pub(super) fn keep(step: &Step<'_>, fetched: &Fetched, source: &Bytes, digest: Digest, lead: Lead) {
    let Some(policy) = &step.route.cache else {
        return;
    };
    let request = request_info(step.head);
    let response = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
    let exchange = Exchange {
        requested_at_ms: fetched.requested_at_ms,
        received_at_ms: fetched.received_at_ms,
    };
    let Storable::Yes { freshness, vary } = storable(&request, &response, policy, exchange) else {
        return;
    };
    // One that depends on what a client says is not kept: there is one key for all clients.
    if vary_of_client(vary, policy.audience, true).is_none_or(|vary| !vary.is_empty()) {
        return;
    }
    let time = Duration::from_secs(
        freshness
            .ttl_s(step.pending.time_unix_ms)
            .max(0)
            .unsigned_abs(),
    );
    let kept = Kept {
        bytes: source.clone(),
        source: Some(Arc::new(Source {
            digest,
            headers: fetched.headers.clone(),
            freshness,
        })),
    };
    lead.keep(kept, time);
}

/// Where the source of this request is kept; `None` where nothing is.
fn key<'a>(step: &Step<'a>) -> Option<(&'a Arc<crate::image::Memory>, Key)> {
    let options = step.plan.image?;
    let memory = step.gate.images.as_ref()?.memory();
    if !memory.is_on() || step.head.method() != b"GET" || step.pending.has_body {
        return None;
    }
    // The key of a picture ends with its options.
    let of = step.plan.cache_key?.strip_suffix(options.as_bytes())?;
    let site = step.generation.site_name(step.seen.site)?;
    let key = Key {
        site: site.into(),
        of: Of::Source(of.into()),
    };
    Some((memory, key))
}

/// A kept source as if it was just fetched, as old as it is; `None` where the request does not
/// want it.
fn answer(step: &Step<'_>, kept: Kept) -> Option<Fetched> {
    let source = kept.source?;
    let now_ms = super::unix_ms();
    let request = request_info(step.head);
    let Lookup::Hit { age_s } = may_answer(Some(&source.freshness), &request, now_ms) else {
        return None;
    };
    let mut headers: HeaderMap = source.headers.clone();
    headers.insert(header::AGE, HeaderValue::from(age_s));
    Some(Fetched {
        status: 200,
        headers,
        body: ResponseBody::Full(kept.bytes),
        requested_at_ms: now_ms,
        received_at_ms: now_ms,
        digest: Some(source.digest),
    })
}
