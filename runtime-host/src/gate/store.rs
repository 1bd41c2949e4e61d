//! The answer's head, and its way into the cache while it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use lockgate_http_cache::{
    CacheStatus, Exchange, Forwarded, Freshness, Refusal, ResponseInfo, Storable, storable,
};
use lockgate_record::CacheState;
use lockgate_shell::told::vary_of_client;

use super::Gate;
use super::date;
use super::fetch::Fetched;
use super::lookup::{add_cache_status, request_info};
use super::path::Step;
use crate::cache::Stored;
use crate::http::{BodyError, Fields, RequestHead, Response, ResponseBody};
use crate::origin::end_to_end;

/// Makes the response of what was fetched, and stores it where it may be stored.
pub(super) fn respond(step: Step<'_>, fetched: Fetched, forwarded: Option<Forwarded>) -> Response {
    let lines = Bytes::from(answer_lines(&step, &fetched.headers).into_lines());
    let announced_length = match &fetched.body {
        ResponseBody::Full(bytes) => Some(bytes.len() as u64),
        ResponseBody::Stream { length, .. } => *length,
    };
    let size = Size {
        lines: lines.len(),
        body: announced_length.unwrap_or(0),
    };
    let decision = decide(&step, &fetched, forwarded, size);
    let own = &step.route.response_fields;
    let shown = own.replace_in(&lines);
    let mut fields = step.fields;
    // Those that were stored have their age counted afresh; these are as old as they say.
    for age in fetched.headers.get_all(header::AGE) {
        fields.add(b"age", age.as_bytes());
    }
    if let Some(forwarded) = forwarded {
        let status = CacheStatus {
            forwarded: Some(forwarded),
            forwarded_status: Some(fetched.status),
            stored: matches!(decision, Some(Storable::Yes { .. })),
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
    own.add_to(&mut fields);
    let mut body = fetched.body;
    if let (Some(Storable::Yes { freshness, vary }), Some(key)) = (decision, step.plan.cache_key) {
        step.pending.cache = Some(CacheState::Stored);
        let info = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
        // Copied to their size: the vector that they were made in has room for more.
        let kept = Bytes::copy_from_slice(&lines);
        let draft = Draft {
            gate: step.gate.clone(),
            key: key.into(),
            vary,
            // Compared again only by the names in Vary.
            head: step.head.clone(),
            status: fetched.status,
            shown: own.replace_in(&kept),
            lines: kept,
            replaced: own.names().clone(),
            freshness,
            etag: info.etag.map(Bytes::copy_from_slice),
            last_modified_s: info.last_modified_s,
            date_s: info.date_s.unwrap_or(fetched.received_at_ms / 1000),
        };
        body = keep(body, draft, step.generation.config.cache.object_bytes_max);
    }
    let mut response = Response::full(fetched.status, fields, Bytes::new());
    response.stored_lines = shown;
    response.announced_length = announced_length;
    response.body = body;
    response
}

/// The lines of the answer as the origin, or the picture that was made of it, has them: what may
/// be stored of its head.
fn answer_lines(step: &Step<'_>, headers: &HeaderMap) -> Fields {
    let mut lines = Fields::with_capacity(512);
    for (name, value) in headers {
        // The length is announced by whoever sends the body; Age is counted afresh.
        let skip = name == header::CONTENT_LENGTH || name == header::AGE || name == "x-request-id";
        if !skip {
            lines.add(name.as_str().as_bytes(), value.as_bytes());
        }
    }
    // Whoever receives an answer without a date gives it one (RFC 9110 §6.6.1).
    if !headers.contains_key(header::DATE) {
        date::add(&mut lines);
    }
    if step.plan.negotiated {
        lines.add(b"vary", b"accept");
    }
    lines
}

/// Bytes of an answer, as far as they are known before it has come.
#[derive(Clone, Copy)]
struct Size {
    lines: usize,
    body: u64,
}

/// Whether the answer may be stored; `None` where the route is not cached. A body whose length is
/// not announced is found too long only when it has come.
fn decide(
    step: &Step<'_>,
    fetched: &Fetched,
    forwarded: Option<Forwarded>,
    size: Size,
) -> Option<Storable> {
    if forwarded? == Forwarded::Bypass {
        return None;
    }
    let policy = step.route.cache.as_ref()?;
    let key = step.plan.cache_key?;
    let request = request_info(step.head);
    let response = ResponseInfo::read(fetched.status, map_fields(&fetched.headers));
    let exchange = Exchange {
        requested_at_ms: fetched.requested_at_ms,
        received_at_ms: fetched.received_at_ms,
    };
    Some(match storable(&request, &response, policy, exchange) {
        Storable::Yes { freshness, vary } => {
            let fits = size.body <= step.generation.config.cache.object_bytes_max
                && step.gate.cache.takes(key.len() + size.lines, size.body);
            match vary_of_client(vary, policy.audience, step.plan.image.is_some()) {
                _ if !fits => Storable::No(Refusal::TooLarge),
                None => Storable::No(Refusal::VaryAny),
                Some(vary) => Storable::Yes { freshness, vary },
            }
        }
        no => no,
    })
}

pub(super) fn map_fields(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
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
    shown: Bytes,
    replaced: Arc<[String]>,
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
            shown: self.shown,
            replaced: self.replaced,
            body,
            freshness: self.freshness,
            etag: self.etag,
            last_modified_s: self.last_modified_s,
            date_s: self.date_s,
        };
        let fields = || end_to_end(&self.head);
        self.gate.cache.put(&self.key, self.vary, fields, stored);
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
            draft.store(to_size(kept));
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

/// Bytes that hold no more memory than they need, or an eighth above it: a buffer that grew by
/// doubling may be half empty, and the cache counts only what is in it.
pub(super) fn to_size(kept: BytesMut) -> Bytes {
    let spare = kept.capacity() - kept.len();
    if spare > kept.len() / 8 {
        Bytes::copy_from_slice(&kept)
    } else {
        kept.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_bodies_have_no_room_to_spare() {
        let mut grown = BytesMut::new();
        for _ in 0..9 {
            grown.extend_from_slice(&[7; 1000]);
        }
        let from = grown.as_ptr();
        assert!(grown.capacity() > grown.len() + grown.len() / 8);
        let kept = to_size(grown);
        assert_ne!(kept.as_ptr(), from);
        assert_eq!(kept, [7; 9000][..]);
        let exact = BytesMut::from(&[7; 9000][..]);
        let from = exact.as_ptr();
        assert_eq!(to_size(exact).as_ptr(), from, "not copied twice");
    }
}
