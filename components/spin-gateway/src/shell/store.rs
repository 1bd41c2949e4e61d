//! The answer's head, and its way into the cache once it is sent.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};
use lockgate_http_cache::{
    CacheStatus, Exchange, Forwarded, Freshness, Refusal, ResponseInfo, Storable, storable,
};
use lockgate_record::CacheState;
use lockgate_shell::told::{end_to_end, vary_of_client};
use spin_sdk::wasip3::random::random;

use super::answer::{Body, Reply, Streamed};
use super::fetch::{Fetched, FetchedBody};
use super::lookup::{add_cache_status, request_info};
use super::path::Step;
use super::refused::{Fields, add};
use super::{route_fields, state};
use crate::entry::{self, Entry, Kept, SMALL_BYTES_MAX, Slots, Stored};

/// Makes the response of what was fetched; it brings along how it is stored, where it may be.
pub(super) fn respond(step: Step<'_>, fetched: Fetched, forwarded: Option<Forwarded>) -> Reply {
    let lines = answer_lines(&step, &fetched);
    let decision = decide(&step, &fetched, forwarded);
    let draft = match (&decision, step.plan.cache_key) {
        (Some(Storable::Yes { freshness, vary }), Some(key)) => {
            Draft::new(&step, &fetched, &lines, *freshness, vary.clone(), key)
        }
        _ => None,
    };
    let mut fields = step.fields;
    // Those that were stored have their age counted afresh; these are as old as they say.
    for age in fetched.headers.get_all(header::AGE) {
        add(&mut fields, "age", age.as_bytes());
    }
    if let Some(forwarded) = forwarded {
        let status = CacheStatus {
            forwarded: Some(forwarded),
            forwarded_status: Some(fetched.status),
            stored: draft.is_some(),
            collapsed: false,
            ttl_s: None,
            detail: match &decision {
                Some(Storable::No(refusal)) => Some(refusal.as_str()),
                _ => None,
            },
        };
        add_cache_status(&mut fields, &status);
    }
    if draft.is_some() {
        step.call.cache = Some(CacheState::Stored);
    }
    add(&mut fields, "x-request-id", step.call.request_id.as_str());
    route_fields::add_replacing(&mut fields, step.route, lines);
    let body = match fetched.body {
        FetchedBody::Full(bytes) if step.call.head.method() == b"HEAD" && bytes.is_empty() => {
            Body::None
        }
        FetchedBody::Full(bytes) => Body::Kept(bytes, draft.map(Box::new)),
        FetchedBody::Stream(body, length) => Body::Stream(Box::new(Streamed {
            body,
            length,
            draft,
        })),
    };
    Reply {
        status: fetched.status,
        fields,
        body,
    }
}

/// The lines of the answer as the origin, or the picture that was made of it, has them: what may be
/// stored of its head.
fn answer_lines(step: &Step<'_>, fetched: &Fetched) -> Fields {
    let headers = &fetched.headers;
    let mut lines = Fields::with_capacity(headers.len() + 2);
    for (name, value) in headers {
        // The length is announced by whoever sends the body; Age is counted afresh.
        let skip = name == header::CONTENT_LENGTH || name == header::AGE || name == "x-request-id";
        if !skip {
            add(&mut lines, name.as_str(), value.as_bytes());
        }
    }
    // Whoever receives an answer without a date gives it one (RFC 9110 §6.6.1).
    if !headers.contains_key(header::DATE) {
        let received = Duration::from_millis(fetched.received_at_ms);
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + received);
        add(&mut lines, "date", date);
    }
    if step.plan.negotiated {
        add(&mut lines, "vary", "accept");
    }
    lines
}

/// Whether the answer may be stored; `None` where the route is not cached. A body whose length is
/// not announced is found too long only when it has come.
fn decide(step: &Step<'_>, fetched: &Fetched, forwarded: Option<Forwarded>) -> Option<Storable> {
    if forwarded? == Forwarded::Bypass {
        return None;
    }
    let policy = step.route.cache.as_ref()?.policy();
    let request = request_info(&step.call.head);
    let response = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
    let exchange = Exchange {
        requested_at_ms: fetched.requested_at_ms,
        received_at_ms: fetched.received_at_ms,
    };
    let announced = match &fetched.body {
        FetchedBody::Full(bytes) => bytes.len() as u64,
        FetchedBody::Stream(_, length) => length.unwrap_or(0),
    };
    let fits = step
        .generation
        .slots
        .is_some_and(|slots| slots.takes(announced));
    Some(match storable(&request, &response, &policy, exchange) {
        Storable::Yes { freshness, vary } => {
            match vary_of_client(vary, policy.audience, step.plan.image.is_some()) {
                _ if !fits => Storable::No(Refusal::TooLarge),
                None => Storable::No(Refusal::VaryAny),
                Some(vary) => Storable::Yes { freshness, vary },
            }
        }
        no => no,
    })
}

fn map_fields(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// What is stored once the body has come whole.
pub(super) struct Draft {
    slots: Slots,
    key: Vec<u8>,
    /// The names in `Vary`, and the key of this request's variant.
    variant: Option<(Vec<String>, Vec<u8>)>,
    stored: Stored,
    bytes_max: u64,
}

impl Draft {
    fn new(
        step: &Step<'_>,
        fetched: &Fetched,
        lines: &Fields,
        freshness: Freshness,
        vary: Vec<String>,
        key: &[u8],
    ) -> Option<Self> {
        let slots = step.generation.slots?;
        let bytes_max = step.generation.document.cache.object_bytes_max;
        let variant = if vary.is_empty() {
            None
        } else {
            let secondary = entry::secondary_key(key, &vary, end_to_end(step.call.head.fields()))?;
            Some((vary, secondary))
        };
        let info = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
        let stored = Stored {
            status: fetched.status,
            fields: lines.clone(),
            received_at_ms: freshness.received_at_ms,
            initial_age_ms: freshness.initial_age_ms,
            lifetime_ms: freshness.lifetime_ms,
            etag: info.etag.map(<[u8]>::to_vec),
            last_modified_s: info.last_modified_s,
            date_s: info.date_s.unwrap_or(fetched.received_at_ms / 1_000),
            apart: None,
        };
        Some(Self {
            slots,
            key: key.to_vec(),
            variant,
            stored,
            bytes_max,
        })
    }

    /// The longest body that is kept, bytes.
    pub(super) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Stores it. What fails leaves a miss behind.
    pub(super) async fn store(mut self, body: Vec<u8>) {
        let Ok(store) = state::store().await else {
            return;
        };
        if !self.slots.takes(body.len() as u64) {
            return;
        }
        let mut key = self.key;
        if let Some((names, secondary)) = self.variant.take() {
            let index = Entry {
                key: key.clone(),
                kept: Kept::Vary(names),
            };
            let Some(value) = index.to_bytes(&[]) else {
                return;
            };
            if store.set(self.slots.entry(&key), value).await.is_err() {
                return;
            }
            key = secondary;
        }
        let mut with_head = body;
        if with_head.len() > SMALL_BYTES_MAX {
            let tag = random::get_random_bytes(16);
            let tag = tag.first_chunk::<16>().copied().unwrap_or_default();
            let value = entry::body_to_bytes(&tag, &with_head);
            if store.set(self.slots.body(&key), value).await.is_err() {
                return;
            }
            self.stored.apart = Some(tag);
            with_head = Vec::new();
        }
        let slot = self.slots.entry(&key);
        let kept = Kept::Stored(self.stored);
        if let Some(value) = (Entry { key, kept }).to_bytes(&with_head) {
            let _ = store.set(slot, value).await;
        }
    }
}
