//! Plan: how the request goes on. Limits, cache key, picture, target and header fields.

pub(crate) mod image;
mod keys;
mod proxied;
mod target;

use lockgate_bundle::{Action, Audience, RoutePlan, Site};
use lockgate_wire::{Answer, LimitCharge, Plan, Seen, Stage};

use super::authenticate::{Identity, write_visible};
use super::normalise::Request;
use crate::call::Call;
use crate::exit::Exit;

/// The header field in which the origin is told who is signed in. The host lets none of the
/// client's own through.
const CUSTOMER: &[u8] = b"x-customer";

pub(crate) fn run<'r>(
    call: Call<'r, '_>,
    site: &'r Site,
    route: &'r RoutePlan,
    request: &Request<'r, '_>,
    identity: Option<&Identity<'r>>,
    seen: &mut Seen<'r>,
) -> Result<Plan<'r>, Exit<'r>> {
    seen.stage = Stage::Respond;
    let reads = matches!(call.input.method, b"GET" | b"HEAD");
    let mut answer = own_answer(route);
    let mut picture = image::Picture::default();
    if let Some(options) = &route.image
        && (reads || options.upload)
    {
        match image::choose(call, options, seen.route, request) {
            Ok(chosen) => picture = chosen,
            // Charged like what it asks for.
            Err(Exit::Answer(refusal)) => answer = Some(*refusal),
            Err(exit) => return Err(exit),
        }
    }
    // All bytes of the plan lie behind each other in one buffer.
    let mut parts = Parts::new(seen.target.len());
    let origin_target = parts.add(|out| target::for_origin(out, route, request, &picture));
    let cache_key = audience(route).filter(|_| reads).map(|audience| {
        parts.add(|out| {
            keys::cache(
                out,
                call,
                (site, route),
                audience,
                identity,
                request,
                &picture,
            )
        })
    });
    let customer = parts.add(|out| {
        if let Some(identity) = identity {
            write_visible(out, identity.subject);
        }
    });
    let limits: Vec<(u16, Part)> = route
        .limits
        .iter()
        .filter_map(|index| Some((*index, call.policy.limits.get(usize::from(*index))?)))
        .map(|(index, limit)| {
            let part = parts.add(|out| {
                keys::limit(out, limit, site, route, &seen.client, identity);
            });
            (index, part)
        })
        .collect();

    let bytes = call.keep.bytes(parts.bytes);
    let of = |part: Part| bytes.get(part.start..part.end).unwrap_or_default();
    Ok(Plan {
        origin_target: of(origin_target),
        // A private answer without a subject belongs to nobody: its key is left empty.
        cache_key: cache_key.map(of).filter(|key| !key.is_empty()),
        remember: identity.and_then(|identity| identity.remember),
        limits: limits
            .into_iter()
            .map(|(limit, part)| LimitCharge {
                limit,
                key: of(part),
            })
            .collect(),
        image: picture.options,
        negotiated: picture.negotiated,
        set_headers: if customer.start < customer.end {
            vec![(CUSTOMER, of(customer))]
        } else {
            Vec::new()
        },
        answer,
    })
}

/// Who may get a stored answer. Pictures are kept without being told so: making them is dear. Of a
/// route with a sign-in they are kept for each subject alone, since nobody has said that they are
/// the same for all. The host's `RoutePolicy` says the same.
fn audience(route: &RoutePlan) -> Option<Audience> {
    match (route.cache, &route.image, &route.sign_in) {
        (Some(audience), _, _) => Some(audience),
        (None, Some(_), Some(_)) => Some(Audience::Private),
        (None, Some(_), None) => Some(Audience::Shared),
        (None, None, _) => None,
    }
}

/// The answer of a route that needs no origin.
fn own_answer(route: &RoutePlan) -> Option<Answer<'_>> {
    match &route.action {
        Action::Respond {
            status,
            body,
            content_type,
        } => Some(Answer {
            status: *status,
            body: body.as_bytes(),
            content_type: content_type.as_bytes(),
            ..Answer::default()
        }),
        _ => None,
    }
}

/// Pieces of one buffer.
struct Parts {
    bytes: Vec<u8>,
}

/// Where a piece lies.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
}

impl Parts {
    fn new(target_len: usize) -> Self {
        let capacity = target_len.saturating_mul(2).saturating_add(384);
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Part {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let end = self.bytes.len();
        Part { start, end }
    }
}
