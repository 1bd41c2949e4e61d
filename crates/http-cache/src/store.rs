//! Whether a response may be stored (RFC 9111, section 3) and how long it is fresh (4.2.1).

use crate::freshness::{Exchange, Freshness};
use crate::message::{Expires, RequestInfo, ResponseInfo};

/// Who may be given a route's stored answers. The store's key must say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody. A shared cache in the sense of the RFC.
    Shared,
    /// Everybody whom the route's authorization lets through. The one exception that we make
    /// from section 3.5: the gate authorizes every request before it looks into the cache, and
    /// the route's owner states that the answer does not depend on who asks. Then a request's
    /// Authorization does not keep the response from being stored. All else is as for `Shared`.
    SharedAfterAuthorization,
    /// One user, whose identity is part of the key. `private` may be stored and `s-maxage` does
    /// not count, as in a private cache.
    Private,
}

/// What a route says of its caching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutePolicy {
    /// Who may be given a stored answer.
    pub audience: Audience,
    /// The lifetime, seconds, of responses that state none and whose status is cacheable by
    /// default; `None` or 0: they are not stored.
    pub default_ttl_s: Option<u32>,
}

/// The answer to "may it be stored?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storable {
    /// No, and why.
    No(Refusal),
    /// Yes.
    Yes {
        /// Its times, to be kept with it.
        freshness: Freshness,
        /// The request fields that choose among its variants: lower case, sorted, each once;
        /// for [`crate::vary::secondary_key`].
        vary: Vec<String>,
    },
}

/// Why a response is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The method is not GET.
    Method,
    /// The request says `no-store` (5.2.1.5).
    RequestNoStore,
    /// An interim, partial (206), 304 or invalid status, or one that `must-understand` keeps out.
    Status,
    /// It has `Content-Range`, so it is a part.
    Partial,
    /// `no-store` (5.2.2.5).
    NoStore,
    /// `private` (5.2.2.7) on a route with a shared audience.
    Private,
    /// `no-cache` (5.2.2.4): it could be stored for validation, which we do not do yet.
    NoCache,
    /// The request has Authorization and nothing in the response allows sharing it (3.5).
    Authorization,
    /// It sets a cookie: somebody's session, most likely, whatever its directives say.
    SetCookie,
    /// `Vary: *` (4.1).
    VaryAny,
    /// `Vary` nominates more fields than [`crate::vary::NAMES_MAX`], or something that is no
    /// field name.
    VaryTooWide,
    /// It is longer than the store takes: found by whoever holds the store, not by [`storable`].
    TooLarge,
    /// It states no lifetime and the route and its status give it none.
    NoLifetime,
    /// Its lifetime is over already.
    Stale,
}

impl Refusal {
    /// A word for records and for the `detail` of Cache-Status.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::RequestNoStore => "request-no-store",
            Self::Status => "status",
            Self::Partial => "partial",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::NoCache => "no-cache",
            Self::Authorization => "authorization",
            Self::SetCookie => "set-cookie",
            Self::VaryAny => "vary-any",
            Self::VaryTooWide => "vary-too-wide",
            Self::TooLarge => "too-large",
            Self::NoLifetime => "no-lifetime",
            Self::Stale => "stale",
        }
    }
}

/// Statuses that are cacheable without being told so (RFC 9110, section 15.1), without 206,
/// which we do not store.
const HEURISTICALLY_CACHEABLE: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// Statuses whose meaning for caching this crate knows (for `must-understand`): those above and
/// the other final ones of RFC 9110, section 15, that need nothing more from a cache.
const UNDERSTOOD: [u16; 14] = [
    302, 303, 307, 400, 401, 403, 406, 409, 415, 422, 500, 502, 503, 504,
];

/// Decides whether a response may be stored.
pub fn storable(
    request: &RequestInfo<'_>,
    response: &ResponseInfo<'_>,
    policy: &RoutePolicy,
    exchange: Exchange,
) -> Storable {
    match decide(request, response, policy, exchange) {
        Ok(freshness) => Storable::Yes {
            freshness,
            vary: response.vary.names().to_vec(),
        },
        Err(refusal) => Storable::No(refusal),
    }
}

fn decide(
    request: &RequestInfo<'_>,
    response: &ResponseInfo<'_>,
    policy: &RoutePolicy,
    exchange: Exchange,
) -> Result<Freshness, Refusal> {
    let directives = &response.cache_control;
    let refuse_if = |refused: bool, why: Refusal| if refused { Err(why) } else { Ok(()) };
    let is_private = policy.audience == Audience::Private;

    refuse_if(request.method != "GET", Refusal::Method)?;
    refuse_if(request.cache_control.no_store, Refusal::RequestNoStore)?;
    refuse_if(!(200..=599).contains(&response.status), Refusal::Status)?;
    refuse_if(matches!(response.status, 206 | 304), Refusal::Status)?;
    refuse_if(response.content_range, Refusal::Partial)?;

    let by_default = HEURISTICALLY_CACHEABLE.contains(&response.status);
    if directives.must_understand {
        // 5.2.2.3: with it `no-store` is for caches that do not understand the status.
        refuse_if(
            !by_default && !UNDERSTOOD.contains(&response.status),
            Refusal::Status,
        )?;
    } else {
        refuse_if(directives.no_store, Refusal::NoStore)?;
    }
    refuse_if(directives.private && !is_private, Refusal::Private)?;
    refuse_if(directives.no_cache, Refusal::NoCache)?;
    let allows_sharing =
        directives.public || directives.must_revalidate || directives.s_maxage_s.is_some();
    refuse_if(
        request.authorization && policy.audience == Audience::Shared && !allows_sharing,
        Refusal::Authorization,
    )?;
    refuse_if(response.set_cookie, Refusal::SetCookie)?;
    refuse_if(response.vary.is_any(), Refusal::VaryAny)?;
    refuse_if(response.vary.is_too_wide(), Refusal::VaryTooWide)?;

    let stated_s = stated_lifetime_s(response, exchange, is_private);
    // Section 3, last item: without a stated lifetime the status must be cacheable by default,
    // or the response be marked `public`, or, in a private cache, `private`.
    let may_default = by_default || directives.public || (is_private && directives.private);
    let default_s = policy
        .default_ttl_s
        .filter(|&s| may_default && s > 0)
        .map(u64::from);
    let lifetime_s = stated_s.or(default_s).ok_or(Refusal::NoLifetime)?;
    let freshness = Freshness::new(response, exchange, lifetime_s);
    refuse_if(!freshness.is_fresh(exchange.received_at_ms), Refusal::Stale)?;
    Ok(freshness)
}

/// Section 4.2.1, the first that applies: `s-maxage` (shared caches), `max-age`, `Expires` minus
/// `Date` (the time of receipt where there is none, RFC 9110, section 6.6.1).
fn stated_lifetime_s(
    response: &ResponseInfo<'_>,
    exchange: Exchange,
    is_private: bool,
) -> Option<u64> {
    let directives = &response.cache_control;
    let s_maxage = directives.s_maxage_s.filter(|_| !is_private);
    if let Some(seconds) = s_maxage.or(directives.max_age_s) {
        return Some(u64::from(seconds));
    }
    match response.expires {
        Expires::Absent => None,
        Expires::Invalid => Some(0),
        Expires::At(at_s) => {
            let date_s = response.date_s.unwrap_or(exchange.received_at_ms / 1_000);
            Some(at_s.saturating_sub(date_s))
        }
    }
}
