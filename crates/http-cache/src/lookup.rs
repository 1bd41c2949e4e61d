//! Whether a stored response may answer a request (RFC 9111, section 4).

use crate::cache_status::Forwarded;
use crate::freshness::Freshness;
use crate::message::RequestInfo;

/// What to do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Answer from the store, with this `Age` in seconds (section 5.1).
    Hit {
        /// The value of the `Age` field.
        age_s: u64,
    },
    /// Go on to the origin, and why.
    Forward(Forwarded),
    /// Answer 504: the request says `only-if-cached` and there is nothing to answer with
    /// (section 5.2.1.7).
    GatewayTimeout,
}

/// Decides what to do with a request, given the stored response with its URL, audience and
/// secondary key, if there is one.
///
/// GET and HEAD are answered (a HEAD by the head of a stored GET); ranges may be answered whole
/// (RFC 9110, section 14.2). `no-store` in a request keeps its response from being stored, not a
/// stored one from being used (section 5.2.1.5). A stale response is never used yet, so
/// `max-stale` has no effect. `Pragma` has none either: RFC 9111 deprecates it (section 5.4).
pub fn lookup(stored: Option<&Freshness>, request: &RequestInfo<'_>, now_ms: u64) -> Lookup {
    if !matches!(request.method, "GET" | "HEAD") {
        return Lookup::Forward(Forwarded::Method);
    }
    let directives = &request.cache_control;
    let reason = match stored {
        None => Forwarded::UriMiss,
        Some(_) if request.for_origin || directives.no_cache => Forwarded::Request,
        Some(f) if !f.is_fresh(now_ms) => Forwarded::Stale,
        Some(f) if !is_fresh_enough(f, request, now_ms) => Forwarded::Request,
        Some(f) => {
            return Lookup::Hit {
                age_s: f.age_s(now_ms),
            };
        }
    };
    if directives.only_if_cached {
        Lookup::GatewayTimeout
    } else {
        Lookup::Forward(reason)
    }
}

/// The request's `max-age` (5.2.1.1) and `min-fresh` (5.2.1.3).
fn is_fresh_enough(stored: &Freshness, request: &RequestInfo<'_>, now_ms: u64) -> bool {
    let directives = &request.cache_control;
    let young = |s: u32| stored.age_s(now_ms) <= u64::from(s);
    let lasting = |s: u32| {
        let later_ms = now_ms.saturating_add(u64::from(s).saturating_mul(1_000));
        stored.age_ms(later_ms) <= stored.lifetime_ms
    };
    directives.max_age_s.is_none_or(young) && directives.min_fresh_s.is_none_or(lasting)
}
