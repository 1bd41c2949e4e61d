//! The JOSE header of a token, read before anything is trusted (RFC 7515 §4, RFC 8725 §3).

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::compiled::plain_type;
use crate::error::AuthError;
use crate::json::{Json, Limits, member, parse_object};

const LIMITS: Limits = Limits {
    bytes_max: 4096,
    depth_max: 4,
    values_max: 64,
};

/// The longest header as it stands in the token, so that none is decoded in vain.
const PART_BYTES_MAX: usize = LIMITS.bytes_max.div_ceil(3) * 4;

/// What the header says that matters. `jku`, `jwk`, `x5u` and `x5c` do not: a token cannot
/// bring its own key.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
}

/// Reads the first part of a token.
pub(crate) fn read(
    part: &[u8],
    allowed: &[Algorithm],
    token_types: &[String],
) -> Result<Header, AuthError> {
    if part.len() > PART_BYTES_MAX {
        return Err(AuthError::TokenMalformed("the header is too long"));
    }
    let json = base64url::decode(part)
        .map_err(|_| AuthError::TokenMalformed("the header is not base64url"))?;
    let members =
        parse_object(&json, &LIMITS).map_err(|error| AuthError::TokenMalformed(error.reason()))?;
    let text = |name: &str, fault: &'static str| match member(&members, name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(AuthError::TokenMalformed(fault)),
    };
    let algorithm = text("alg", "alg is not a string")?
        .ok_or(AuthError::TokenMalformed("the header has no alg"))?
        .parse::<Algorithm>()
        .map_err(|_| AuthError::TokenAlgorithmNotAllowed)?;
    if !allowed.contains(&algorithm) {
        return Err(AuthError::TokenAlgorithmNotAllowed);
    }
    // No extension is understood. `b64` changes what is signed and must stand in `crit`
    // (RFC 7797 §6); without it the token contradicts itself.
    if member(&members, "crit").is_some() || member(&members, "b64").is_some() {
        return Err(AuthError::TokenCriticalUnknown);
    }
    let typ = text("typ", "typ is not a string")?;
    if !is_accepted_type(typ, token_types) {
        return Err(AuthError::TokenTypeNotAllowed);
    }
    let kid = text("kid", "kid is not a string")?.map(str::to_owned);
    Ok(Header { algorithm, kid })
}

fn is_accepted_type(typ: Option<&str>, token_types: &[String]) -> bool {
    let typ = typ.map(plain_type);
    if token_types.is_empty() {
        return matches!(typ.as_deref(), None | Some("jwt" | "at+jwt"));
    }
    typ.is_some_and(|typ| token_types.contains(&typ))
}
