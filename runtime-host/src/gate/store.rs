//! The answer's head, and its way into the cache while it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use lockgate_http_cache::{
    CacheStatus, Exchange, Forwarded, Freshness, ResponseInfo, Storable, storable,
};
use lockgate_record::CacheState;

use super::Gate;
use super::fetch::Fetched;
use super::lookup::{add_cache_status, request_info, text_fields};
use super::path::Step;
use crate::cache::Stored;
use crate::http::{BodyError, Fields, RequestHead, Response, ResponseBody};

/// Makes the response of what was fetched, and stores it where it may be stored.
pub(super) fn respond(step: Step<'_>, fetched: Fetched, forwarded: Option<Forwarded>) -> Response {
    let lines = answer_lines(&step, &fetched.headers);
    let decision = decide(&step, &fetched, forwarded);
    let stored = matches!(decision, Some(Storable::Yes { .. }));
    let mut fields = step.fields;
    if let Some(forwarded) = forwarded {
        let status = CacheStatus {
            forwarded: Some(forwarded),
            forwarded_status: Some(fetched.status),
            stored,
            collapsed: false,
            ttl_s: None,
            detail: match &decision {
                Some(Storable::No(refusal)) => Some(refusal.as_str()),
                _ => None,
            },
        };
        add_cache_status(&mut fields, &status);
    }
    fields.add(b"x-request-id", step.pending.request_id.as_bytes());
    let mut body = fetched.body;
    let announced_length = match &body {
        ResponseBody::Full(bytes) => Some(bytes.len() as u64),
        ResponseBody::Stream { length, .. } => *length,
    };
    if let (Some(Storable::Yes { freshness, vary }), Some(key)) = (decision, step.plan.cache_key) {
        step.pending.cache = Some(CacheState::Stored);
        let info = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
        let draft = Draft {
            gate: step.gate.clone(),
            key: key.into(),
            vary,
            // Compared again only by the names in Vary.
            head: step.head.clone(),
            status: fetched.status,
            lines: Bytes::copy_from_slice(lines.lines()),
            freshness,
            etag: info.etag.map(Bytes::copy_from_slice),
            last_modified_s: info.last_modified_s,
            date_s: info.date_s.unwrap_or(fetched.received_at_ms / 1000),
        };
        body = keep(body, draft, object_bytes_max(&step.generation.config));
    }
    let mut response = Response::full(fetched.status, fields, Bytes::new());
    response.stored_lines = Bytes::from(lines.into_lines());
    response.announced_length = announced_length;
    response.body = body;
    response
}

fn object_bytes_max(config: &lockgate_config::types::GatewayConfig) -> u64 {
    config.cache.object_bytes_max
}

/// The lines that are the same whenever this answer is sent.
fn answer_lines(step: &Step<'_>, headers: &HeaderMap) -> Fields {
    let mut lines = Fields::with_capacity(512);
    let ours = &step.route.response_fields;
    for (name, value) in headers {
        // The length is announced by whoever sends the body; Age is counted afresh.
        let skip = name == http::header::CONTENT_LENGTH
            || name == http::header::AGE
            || name == "x-request-id"
            || ours.get(name.as_str()).is_some();
        if !skip {
            lines.add(name.as_str().as_bytes(), value.as_bytes());
        }
    }
    if step.route.vary_accept {
        lines.add(b"vary", b"accept");
    }
    lines.add_lines(ours.lines());
    lines
}

/// Whether the answer may be stored; `None` where the route is not cached.
fn decide(step: &Step<'_>, fetched: &Fetched, forwarded: Option<Forwarded>) -> Option<Storable> {
    forwarded?;
    let policy = step.route.cache.as_ref()?;
    let request = request_info(step.head);
    let response = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
    let exchange = Exchange {
        requested_at_ms: fetched.requested_at_ms,
        received_at_ms: fetched.received_at_ms,
    };
    Some(storable(&request, &response, policy, exchange))
}

fn map_fields(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// What is stored once the body has come whole.
struct Draft {
    gate: Arc<Gate>,
    key: Box<[u8]>,
    vary: Vec<String>,
    head: RequestHead,
    status: u16,
    lines: Bytes,
    freshness: Freshness,
    etag: Option<Bytes>,
    last_modified_s: Option<u64>,
    date_s: u64,
}

impl Draft {
    fn store(self, body: Bytes) {
        let stored = Stored {
            status: self.status,
            lines: self.lines,
            body,
            freshness: self.freshness,
            etag: self.etag,
            last_modified_s: self.last_modified_s,
            date_s: self.date_s,
        };
        self.gate
            .cache
            .put(&self.key, self.vary, text_fields(&self.head), stored);
    }
}

/// Stores a body in memory at once, a stream when it has ended.
fn keep(body: ResponseBody, draft: Draft, bytes_max: u64) -> ResponseBody {
    match body {
        ResponseBody::Full(bytes) => {
            if bytes.len() as u64 <= bytes_max {
                draft.store(bytes.clone());
            }
            ResponseBody::Full(bytes)
        }
        ResponseBody::Stream { length, body } if length.is_some_and(|len| len > bytes_max) => {
            ResponseBody::Stream { length, body }
        }
        ResponseBody::Stream { length, body } => {
            let capacity = usize::try_from(length.unwrap_or(0)).unwrap_or(0);
            let keeping = Keeping {
                body,
                length,
                bytes_max,
                kept: Some((draft, BytesMut::with_capacity(capacity))),
            };
            ResponseBody::Stream {
                length,
                body: BoxBody::new(keeping),
            }
        }
    }
}

/// A body that is copied while it passes, and stored only when it came to its end.
struct Keeping {
    body: BoxBody<Bytes, BodyError>,
    length: Option<u64>,
    bytes_max: u64,
    kept: Option<(Draft, BytesMut)>,
}

impl Body for Keeping {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                let data = frame.data_ref().map_or(0, Bytes::len) as u64;
                let fits = self
                    .kept
                    .as_ref()
                    .is_some_and(|(_, kept)| kept.len() as u64 + data <= self.bytes_max);
                // Trailers are not stored, so a body with trailers is not either.
                if frame.is_trailers() || !fits {
                    self.kept = None;
                } else if let (Some((_, kept)), Some(data)) = (&mut self.kept, frame.data_ref()) {
                    kept.extend_from_slice(data);
                }
            }
            Some(Err(_)) => self.kept = None,
            None => {}
        }
        let whole = self.length.is_some_and(|length| {
            self.kept
                .as_ref()
                .is_some_and(|(_, kept)| kept.len() as u64 == length)
        });
        let ended = frame.is_none() && self.length.is_none();
        if (ended || whole)
            && let Some((draft, kept)) = self.kept.take()
        {
            draft.store(kept.freeze());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
