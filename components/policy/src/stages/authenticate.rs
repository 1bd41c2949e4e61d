//! Authenticate: who sends this request? JWT as bearer token.
//!
//! Claims that the host remembers of this very token are only checked; a token not seen before is
//! looked at first (microseconds) and verified (up to milliseconds) when the host grants it.
//!
//! What the host remembers is the index of the sign-in (`u16`) and the claims, or a mark that the
//! signature was found wrong.

use lockgate_auth::{AuthError, ClaimsRef, Requirements, SignIn, bearer_token};
use lockgate_bundle::{RoutePlan, RouteSignIn};
use lockgate_normalise::Field;
use lockgate_wire::{Need, NeedKind, Seen, Stage};

use super::normalise::Request;
use crate::call::Call;
use crate::exit::Exit;

/// The longest subject, in bytes of its visible form: it goes into a header field and into keys.
const SUBJECT_BYTES_MAX: usize = 256;

/// Stands in place of claims for a token whose signature is wrong.
const WRONG_SIGNATURE: &[u8] = b"wrong signature";

/// Who is signed in.
pub(crate) struct Identity<'r> {
    /// The claims; times, issuer and audience are good.
    pub(crate) claims: ClaimsRef<'r>,
    /// `sub`; empty where the token has none.
    pub(crate) subject: &'r str,
    /// The name of the sign-in, without which a subject means nothing.
    pub(crate) sign_in: &'r str,
    /// What the host may remember of this token, verified in this call.
    pub(crate) remember: Option<&'r [u8]>,
}

/// `None` where the route wants no sign-in.
pub(crate) fn run<'r>(
    call: Call<'r, '_>,
    route: &'r RoutePlan,
    request: &Request<'r, '_>,
    seen: &mut Seen<'r>,
) -> Result<Option<Identity<'r>>, Exit<'r>> {
    let Some(wanted) = &route.sign_in else {
        return Ok(None);
    };
    seen.stage = Stage::SignIn;
    let Some(named) = call.policy.sign_ins.get(usize::from(wanted.index)) else {
        return Err(Exit::answer(
            500,
            "policy_fault",
            "The gate is misconfigured.",
        ));
    };
    let authorization = request.canonical.headers.get(Field::Authorization);
    let token = authorization
        .and_then(bearer_token)
        .ok_or_else(|| refuse(call, &AuthError::TokenMissing, wanted))?;
    let memory = remembered(call, wanted.index);
    let (claims, remember) = match memory {
        Memory::Verified(claims) => (claims, None),
        _ => verify(call, &named.sign_in, token, wanted, memory)?,
    };
    let now_unix_s = i64::try_from(call.input.now_ms / 1000).unwrap_or(i64::MAX);
    // What the route requires comes in the next stage.
    named
        .sign_in
        .check(&claims, now_unix_s, &Requirements::default())
        .map_err(|error| refuse(call, &error, wanted).remember(remember))?;
    let subject = claims.subject().unwrap_or_default();
    if visible_len(subject) > SUBJECT_BYTES_MAX {
        // Cut short, two customers could become one.
        let exit = Exit::answer(403, "subject_too_long", "The token's subject is too long.");
        return Err(exit.remember(remember));
    }
    seen.subject = subject.as_bytes();
    Ok(Some(Identity {
        claims,
        subject,
        sign_in: &named.name,
        remember,
    }))
}

/// What the host remembers of the token under this sign-in.
enum Memory<'r> {
    Nothing,
    Verified(ClaimsRef<'r>),
    WrongSignature,
}

fn remembered<'r>(call: Call<'r, '_>, sign_in: u16) -> Memory<'r> {
    let split = |bytes: &'r [u8]| bytes.split_first_chunk::<2>();
    match call.input.remembered().and_then(split) {
        Some((index, claims)) if u16::from_le_bytes(*index) == sign_in => {
            if claims == WRONG_SIGNATURE {
                return Memory::WrongSignature;
            }
            ClaimsRef::from_bytes(claims).map_or(Memory::Nothing, Memory::Verified)
        }
        _ => Memory::Nothing,
    }
}

type Verified<'r> = (ClaimsRef<'r>, Option<&'r [u8]>);

/// The claims of a token not seen before, and what is to be remembered of it.
fn verify<'r>(
    call: Call<'r, '_>,
    sign_in: &SignIn,
    token: &[u8],
    wanted: &'r RouteSignIn,
    memory: Memory<'r>,
) -> Result<Verified<'r>, Exit<'r>> {
    let refused = |error: AuthError| refuse(call, &error, wanted);
    let unverified = sign_in.inspect(token).map_err(refused)?;
    if matches!(memory, Memory::WrongSignature) {
        return Err(refused(AuthError::TokenSignatureInvalid));
    }
    if !call.input.signature_granted() {
        let mut state = Vec::with_capacity(call.policy.tag.len().saturating_add(call.bytes.len()));
        state.extend_from_slice(&call.policy.tag);
        state.extend_from_slice(call.bytes);
        return Err(Exit::Need(Need {
            kind: NeedKind::VerifySignature,
            state: call.keep.bytes(state),
        }));
    }
    let verified = sign_in.verify(&unverified).map_err(|error| {
        let wrong = error == AuthError::TokenSignatureInvalid;
        let exit = refused(error);
        if wrong {
            let index = wanted.index.to_le_bytes();
            exit.remember_wrong(call.keep.bytes([&index, WRONG_SIGNATURE].concat()))
        } else {
            exit
        }
    })?;
    let mut remember = wanted.index.to_le_bytes().to_vec();
    remember.extend_from_slice(verified.to_bytes());
    let remember = call.keep.bytes(remember);
    let claims = remember.get(2..).unwrap_or_default();
    let claims = ClaimsRef::from_bytes(claims)
        .map_err(|_| refused(AuthError::TokenClaimsMalformed("they cannot be read back")))?;
    Ok((claims, Some(remember)))
}

/// 401 or 403, with the challenge of RFC 6750 section 3.
pub(crate) fn refuse<'r>(call: Call<'r, '_>, error: &AuthError, wanted: &RouteSignIn) -> Exit<'r> {
    let challenge = error.www_authenticate(&wanted.requirements);
    let challenge = call.keep.bytes(challenge.into_bytes());
    let cause = call.keep.bytes(error.to_string().into_bytes());
    let detail = match (error, error.status()) {
        (AuthError::TokenMissing, _) => "This needs a bearer token.",
        (_, 403) => "The token does not permit this.",
        _ => "The token is not valid.",
    };
    Exit::answer(error.status(), error.code(), detail)
        .cause(cause)
        .header("www-authenticate", challenge)
}

/// Whether a byte of a subject may stand in a header field as it is. `%` introduces the others.
fn is_visible(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7E) && byte != b'%'
}

fn visible_len(subject: &str) -> usize {
    let len = |byte: u8| if is_visible(byte) { 1 } else { 3 };
    subject.bytes().map(len).sum()
}

/// Writes a subject for a header field: visible ASCII as it is, all else as percent triplets.
pub(crate) fn write_visible(out: &mut Vec<u8>, subject: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
    for byte in subject.bytes() {
        if is_visible(byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}
