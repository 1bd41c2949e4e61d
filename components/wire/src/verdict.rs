//! The verdict: what the policy decided, as data that the host acts on.
//!
//! ```text
//! u8  layout version      u8 tag: 0 plan, 1 answer, 2 need      u8 stage
//! u8  flags: 1 the peer is a trusted proxy, 2 rules wait for the body
//! u16 site  u16 route  u16 terminal rule (65535: none)          16 B client address
//! u8  n, counted rules: n times u16
//! u8  n, charges: n times (u16 rule, bytes key)
//! bytes host, bytes target, bytes subject       (bytes: u32 length, then that many)
//! then one of
//!   plan    bytes origin target, u8 has key + bytes cache key, u8 has claims + bytes claims,
//!           u8 n limits: n times (u16 limit, bytes key),
//!           u8 picture: 1 there is one, 2 its format was chosen by Accept; bytes its options,
//!           u8 n headers: n times (bytes name, bytes value), u8 has answer + answer
//!   answer  u16 status, bytes code, bytes detail, bytes cause, bytes body, bytes content type,
//!           u8 n headers: n times (bytes, bytes), bytes to remember, u8 remember briefly
//!   need    u8 kind, bytes state
//! ```

use crate::cursor::{Cursor, put_bytes};
use crate::rules::{self, Counted, RateCharge};
use crate::{LAYOUT_VERSION, WireError};

/// Header fields: (name, value).
pub type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;

/// The stages of a request's path, in order. The number is part of the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Stage {
    /// The canonical form of the request.
    #[default]
    Normalise = 0,
    /// Site and route.
    Route = 1,
    /// Rules.
    Firewall = 2,
    /// Who is it.
    SignIn = 3,
    /// May they.
    Authorize = 4,
    /// How much.
    Limits = 5,
    /// Everything from the cache on: the policy let the request pass.
    Respond = 6,
}

impl Stage {
    /// The name in the decision record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normalise => "normalise",
            Self::Route => "route",
            Self::Firewall => "firewall",
            Self::SignIn => "sign_in",
            Self::Authorize => "authorize",
            Self::Limits => "limits",
            Self::Respond => "respond",
        }
    }

    fn from_tag(tag: u8) -> Result<Self, WireError> {
        Ok(match tag {
            0 => Self::Normalise,
            1 => Self::Route,
            2 => Self::Firewall,
            3 => Self::SignIn,
            4 => Self::Authorize,
            5 => Self::Limits,
            6 => Self::Respond,
            tag => return Err(WireError::Tag { what: "stage", tag }),
        })
    }
}

/// What the policy saw on the way, for the record, whatever it decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The last stage that the request reached.
    pub stage: Stage,
    /// The TCP peer is a trusted proxy: its request id and forwarding headers count.
    pub trusted_peer: bool,
    /// The site's index in the bundle, or [`crate::NONE`].
    pub site: u16,
    /// The route's index in the bundle, or [`crate::NONE`].
    pub route: u16,
    /// The rule that ended the evaluation (block or allow), or [`crate::NONE`].
    pub rule: u16,
    /// The client's address, IPv4 mapped.
    pub client: [u8; 16],
    /// Rules that matched and only count.
    pub counted: Counted,
    /// What the host counts for rate-based rules, in their order, whatever else it does. The verdict
    /// stands while none of them is over its limit; at the first that is, the host asks again with
    /// the answers so far in [`crate::Facts::over`]. A verdict to that begins with the same charges.
    pub charges: Vec<RateCharge<'a>>,
    /// The rules stopped at one that looks at the body: `inspect` goes on, with it.
    pub waits: bool,
    /// The canonical host, without port.
    pub host: &'a [u8],
    /// The canonical path and query.
    pub target: &'a [u8],
    /// The token's subject, or empty.
    pub subject: &'a [u8],
}

/// A whole verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// For the record.
    pub seen: Seen<'a>,
    /// What to do.
    pub body: VerdictBody<'a>,
}

/// What to do with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerdictBody<'a> {
    /// Go on with this plan.
    Plan(Plan<'a>),
    /// Answer this, at once: a refusal.
    Answer(Answer<'a>),
    /// The policy needs this first.
    Need(Need<'a>),
}

/// How the request goes on. What is fixed for a route (origin, cache rules, response headers,
/// body limit) is found by the route's index; only what depends on the request is here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan<'a> {
    /// Path and query for the origin; empty where it is [`Seen::target`].
    pub origin_target: &'a [u8],
    /// The cache key, with site and audience in it; `None` bypasses the cache.
    pub cache_key: Option<&'a [u8]>,
    /// Claims to remember for this token, verified in this call.
    pub remember: Option<&'a [u8]>,
    /// Limits to charge, all or none.
    pub limits: Vec<LimitCharge<'a>>,
    /// The picture to make of the origin's answer: its options as the canonical text of
    /// `lockgate-image-options`, at most [`IMAGE_BYTES_MAX`].
    pub image: Option<&'a str>,
    /// The answer depends on `Accept`: the format of a picture was chosen by it, or was left as it
    /// is.
    pub negotiated: bool,
    /// Header fields to set on the request to the origin, replacing the client's.
    pub set_headers: Fields<'a>,
    /// What answers once the limits are charged, in place of cache and origin.
    pub answer: Option<Answer<'a>>,
}

/// One limit to charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitCharge<'a> {
    /// The limit's index in the bundle.
    pub limit: u16,
    /// Whose: an opaque key that stays the same over bundles.
    pub key: &'a [u8],
}

/// The most bytes of a picture's options.
pub const IMAGE_BYTES_MAX: usize = 2048;

/// A response made without the origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer<'a> {
    /// Status code, 200 to 599.
    pub status: u16,
    /// Stable code; empty for an answer that is no error (a route's own `respond`).
    pub code: &'a [u8],
    /// What the client may read.
    pub detail: &'a [u8],
    /// What only the record says.
    pub cause: &'a [u8],
    /// The body of a route's own answer.
    pub body: &'a [u8],
    /// Its content type.
    pub content_type: &'a [u8],
    /// Further header fields.
    pub headers: Fields<'a>,
    /// What to remember for this token, as [`Plan::remember`]; empty: nothing.
    pub remember: &'a [u8],
    /// It says that the token is refused: to be kept for seconds, and apart from the others.
    pub remember_briefly: bool,
}

/// What the policy needs before it can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need<'a> {
    /// Which need.
    pub kind: NeedKind,
    /// Opaque, to be handed to `resume`.
    pub state: &'a [u8],
}

/// The needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum NeedKind {
    /// A signature not seen before: call `resume` on the inspection pool once its budget allows.
    VerifySignature = 0,
}

impl Verdict<'_> {
    /// Writes the verdict.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let seen = &self.seen;
        let mut out = Vec::with_capacity(160 + seen.target.len() * 2);
        let tag = match self.body {
            VerdictBody::Plan(_) => 0,
            VerdictBody::Answer(_) => 1,
            VerdictBody::Need(_) => 2,
        };
        out.extend_from_slice(&[
            LAYOUT_VERSION,
            tag,
            seen.stage as u8,
            u8::from(seen.trusted_peer) | u8::from(seen.waits) << 1,
        ]);
        for number in [seen.site, seen.route, seen.rule] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&seen.client);
        seen.counted.write(&mut out);
        rules::write_charges(&mut out, &seen.charges);
        for text in [seen.host, seen.target, seen.subject] {
            put_bytes(&mut out, text);
        }
        match &self.body {
            VerdictBody::Plan(plan) => write_plan(&mut out, plan),
            VerdictBody::Answer(answer) => write_answer(&mut out, answer),
            VerdictBody::Need(need) => {
                out.push(need.kind as u8);
                put_bytes(&mut out, need.state);
            }
        }
        out
    }

    /// Reads a verdict.
    ///
    /// # Errors
    /// [`WireError`] where the bytes are not one.
    pub fn parse(bytes: &[u8]) -> Result<Verdict<'_>, WireError> {
        let mut cursor = Cursor::new(bytes);
        let [layout, tag, stage, flags] = cursor.array("head")?;
        if layout != LAYOUT_VERSION {
            return Err(WireError::Version(layout));
        }
        let stage = Stage::from_tag(stage)?;
        let (site, route, rule) = (
            cursor.u16("site")?,
            cursor.u16("route")?,
            cursor.u16("rule")?,
        );
        let client = cursor.array("client")?;
        let seen = Seen {
            stage,
            trusted_peer: flags & 1 != 0,
            site,
            route,
            rule,
            client,
            counted: Counted::read(&mut cursor)?,
            charges: rules::read_charges(&mut cursor)?,
            waits: flags & 2 != 0,
            host: cursor.bytes("host")?,
            target: cursor.bytes("target")?,
            subject: cursor.bytes("subject")?,
        };
        let body = match tag {
            0 => VerdictBody::Plan(read_plan(&mut cursor)?),
            1 => VerdictBody::Answer(read_answer(&mut cursor)?),
            2 => VerdictBody::Need(read_need(&mut cursor)?),
            tag => {
                return Err(WireError::Tag {
                    what: "verdict",
                    tag,
                });
            }
        };
        Ok(Verdict { seen, body })
    }
}

fn write_plan(out: &mut Vec<u8>, plan: &Plan<'_>) {
    put_bytes(out, plan.origin_target);
    for optional in [plan.cache_key, plan.remember] {
        out.push(u8::from(optional.is_some()));
        put_bytes(out, optional.unwrap_or_default());
    }
    put_count(out, plan.limits.len());
    for charge in plan.limits.iter().take(LIST_MAX) {
        out.extend_from_slice(&charge.limit.to_le_bytes());
        put_bytes(out, charge.key);
    }
    out.push(u8::from(plan.image.is_some()) | u8::from(plan.negotiated) << 1);
    put_bytes(out, plan.image.unwrap_or_default().as_bytes());
    write_headers(out, &plan.set_headers);
    out.push(u8::from(plan.answer.is_some()));
    if let Some(answer) = &plan.answer {
        write_answer(out, answer);
    }
}

fn read_plan<'a>(cursor: &mut Cursor<'a>) -> Result<Plan<'a>, WireError> {
    let origin_target = cursor.bytes("origin target")?;
    let mut optional = |what| -> Result<Option<&'a [u8]>, WireError> {
        let present = cursor.u8(what)? != 0;
        let bytes = cursor.bytes(what)?;
        Ok(present.then_some(bytes))
    };
    let (cache_key, remember) = (optional("cache key")?, optional("claims")?);
    let count = cursor.u8("limits")?;
    let mut limits = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        limits.push(LimitCharge {
            limit: cursor.u16("limit")?,
            key: cursor.bytes("limit key")?,
        });
    }
    let picture = cursor.u8("picture")?;
    let options = cursor.bytes("picture")?;
    // The canonical text is ASCII; whatever else it holds is the component's to refuse.
    let plain = options.len() <= IMAGE_BYTES_MAX && options.is_ascii();
    let options = str::from_utf8(options).ok().filter(|_| plain);
    let options = options.ok_or(WireError::Range("the picture"))?;
    let set_headers = read_headers(cursor)?;
    let answer = match cursor.u8("answer")? {
        0 => None,
        _ => Some(read_answer(cursor)?),
    };
    Ok(Plan {
        origin_target,
        cache_key,
        remember,
        limits,
        image: (picture & 1 != 0).then_some(options),
        negotiated: picture & 2 != 0,
        set_headers,
        answer,
    })
}

pub(crate) fn write_answer(out: &mut Vec<u8>, answer: &Answer<'_>) {
    out.extend_from_slice(&answer.status.to_le_bytes());
    for text in [
        answer.code,
        answer.detail,
        answer.cause,
        answer.body,
        answer.content_type,
    ] {
        put_bytes(out, text);
    }
    write_headers(out, &answer.headers);
    put_bytes(out, answer.remember);
    out.push(u8::from(answer.remember_briefly));
}

pub(crate) fn read_answer<'a>(cursor: &mut Cursor<'a>) -> Result<Answer<'a>, WireError> {
    Ok(Answer {
        status: cursor.u16("status")?,
        code: cursor.bytes("code")?,
        detail: cursor.bytes("detail")?,
        cause: cursor.bytes("cause")?,
        body: cursor.bytes("body")?,
        content_type: cursor.bytes("content type")?,
        headers: read_headers(cursor)?,
        remember: cursor.bytes("claims")?,
        remember_briefly: cursor.u8("claims")? != 0,
    })
}

fn read_need<'a>(cursor: &mut Cursor<'a>) -> Result<Need<'a>, WireError> {
    let kind = match cursor.u8("need")? {
        0 => NeedKind::VerifySignature,
        tag => return Err(WireError::Tag { what: "need", tag }),
    };
    Ok(Need {
        kind,
        state: cursor.bytes("state")?,
    })
}

/// The longest list in a verdict; the policy bounds its lists far below.
const LIST_MAX: usize = u8::MAX as usize;

fn put_count(out: &mut Vec<u8>, len: usize) {
    out.push(u8::try_from(len).unwrap_or(u8::MAX));
}

fn write_headers(out: &mut Vec<u8>, headers: &[(&[u8], &[u8])]) {
    put_count(out, headers.len());
    for (name, value) in headers.iter().take(LIST_MAX) {
        put_bytes(out, name);
        put_bytes(out, value);
    }
}

fn read_headers<'a>(cursor: &mut Cursor<'a>) -> Result<Fields<'a>, WireError> {
    let count = cursor.u8("headers")?;
    let mut headers = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        headers.push((cursor.bytes("header name")?, cursor.bytes("header value")?));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NONE;
    use proptest::prelude::*;

    fn seen() -> Seen<'static> {
        let mut counted = Counted::default();
        counted.push(3);
        Seen {
            stage: Stage::Respond,
            trusted_peer: true,
            site: 1,
            route: 2,
            rule: NONE,
            client: [1; 16],
            counted,
            charges: vec![RateCharge { rule: 5, key: b"k" }],
            waits: true,
            host: b"shop.localhost",
            target: b"/products/1?x=y",
            subject: b"alice",
        }
    }

    fn plan() -> Verdict<'static> {
        Verdict {
            seen: seen(),
            body: VerdictBody::Plan(Plan {
                origin_target: b"/1",
                cache_key: Some(b"shop\0/products/1"),
                remember: None,
                limits: vec![LimitCharge {
                    limit: 4,
                    key: b"k",
                }],
                image: Some("w=800,fit=cover,f=webp,q=80"),
                negotiated: true,
                set_headers: vec![(b"x-customer", b"alice")],
                answer: Some(Answer {
                    status: 200,
                    body: b"User-agent: *",
                    ..Answer::default()
                }),
            }),
        }
    }

    #[test]
    fn every_kind_of_verdict_is_read_as_written() {
        let answer = VerdictBody::Answer(Answer {
            status: 403,
            code: b"blocked",
            headers: vec![(b"a", b"b")],
            remember: b"refused",
            remember_briefly: true,
            ..Answer::default()
        });
        let need = VerdictBody::Need(Need {
            kind: NeedKind::VerifySignature,
            state: b"state",
        });
        for body in [plan().body, answer, need] {
            let verdict = Verdict { seen: seen(), body };
            let bytes = verdict.to_bytes();
            assert_eq!(Verdict::parse(&bytes), Ok(verdict));
        }
    }

    #[test]
    fn every_cut_is_refused() {
        let bytes = plan().to_bytes();
        for len in 0..bytes.len() {
            assert!(Verdict::parse(&bytes[..len]).is_err(), "cut at {len}");
        }
    }

    proptest! {
        #[test]
        fn damage_never_panics(at in 0_usize..200, byte in any::<u8>()) {
            let mut bytes = plan().to_bytes();
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            let _ = Verdict::parse(&bytes);
        }
    }
}
