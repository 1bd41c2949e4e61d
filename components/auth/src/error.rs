//! Why a request is refused: stable codes, HTTP status and the RFC 6750 challenge.

use crate::requirements::{Requirements, is_scope_token};

/// Why a token, or the lack of one, stops a request.
///
/// Nothing of the token stands in these values, so they may be logged and shown.
/// The strings in [`AuthError::ScopeMissing`] and [`AuthError::ClaimMismatch`] come from
/// the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The request has no bearer token.
    #[error("the request has no bearer token")]
    TokenMissing,
    /// The token is longer than `token_bytes_max`.
    #[error("the token is too long")]
    TokenTooLarge,
    /// The token is not a JWS in compact form, or its header cannot be read.
    #[error("the token is malformed: {0}")]
    TokenMalformed(&'static str),
    /// `alg` is `none`, unknown, or not in the list of the sign-in.
    #[error("the token's algorithm is not allowed")]
    TokenAlgorithmNotAllowed,
    /// `typ` names another kind of token (RFC 8725 §3.11).
    #[error("the token's type is not allowed")]
    TokenTypeNotAllowed,
    /// The header has `crit`, and no extension is understood (RFC 7515 §4.1.11).
    #[error("the token has a critical extension that is not understood")]
    TokenCriticalUnknown,
    /// No key of the sign-in fits the token's `kid` and `alg`.
    #[error("no key fits the token")]
    KeyNotFound,
    /// The signature does not belong to this token and key.
    #[error("the token's signature is not valid")]
    TokenSignatureInvalid,
    /// The signature is good, but the payload is not a claims set that can be used.
    #[error("the token's claims are malformed: {0}")]
    TokenClaimsMalformed(&'static str),
    /// The token has no `exp`.
    #[error("the token has no expiry")]
    TokenExpiryMissing,
    /// `exp` has passed.
    #[error("the token has expired")]
    TokenExpired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet")]
    TokenNotYetValid,
    /// `iss` is missing or is not the expected issuer.
    #[error("the token comes from another issuer")]
    TokenIssuerWrong,
    /// `aud` is missing or names none of the expected audiences.
    #[error("the token is for another audience")]
    TokenAudienceWrong,
    /// A required scope was not granted. Holds the first such scope.
    #[error("the token lacks the scope {0:?}")]
    ScopeMissing(Box<str>),
    /// A required claim is missing or has another value. Holds the claim's name.
    #[error("the token's claim {0:?} does not have a required value")]
    ClaimMismatch(Box<str>),
}

impl AuthError {
    /// The stable code for problem bodies, records and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenTooLarge => "token_too_large",
            Self::TokenMalformed(_) => "token_malformed",
            Self::TokenAlgorithmNotAllowed => "token_algorithm_not_allowed",
            Self::TokenTypeNotAllowed => "token_type_not_allowed",
            Self::TokenCriticalUnknown => "token_critical_unknown",
            Self::KeyNotFound => "key_not_found",
            Self::TokenSignatureInvalid => "token_signature_invalid",
            Self::TokenClaimsMalformed(_) => "token_claims_malformed",
            Self::TokenExpiryMissing => "token_expiry_missing",
            Self::TokenExpired => "token_expired",
            Self::TokenNotYetValid => "token_not_yet_valid",
            Self::TokenIssuerWrong => "token_issuer_wrong",
            Self::TokenAudienceWrong => "token_audience_wrong",
            Self::ScopeMissing(_) => "scope_missing",
            Self::ClaimMismatch(_) => "claim_mismatch",
        }
    }

    /// 403 where the token is good but grants too little, 401 otherwise (RFC 6750 §3.1).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::ScopeMissing(_) | Self::ClaimMismatch(_) => 403,
            _ => 401,
        }
    }

    /// The value of `WWW-Authenticate` (RFC 6750 §3). `required` is what the route asks for;
    /// its scopes are told to a client that lacks one of them.
    ///
    /// A request without a token gets the bare challenge, as §3.1 asks.
    #[must_use]
    pub fn www_authenticate(&self, required: &Requirements) -> String {
        match self {
            Self::TokenMissing => "Bearer".to_owned(),
            Self::ScopeMissing(_) => {
                let mut value = String::from(
                    "Bearer error=\"insufficient_scope\", \
                     error_description=\"The token lacks a required scope\", scope=\"",
                );
                let scopes = required.scopes.iter().filter(|scope| is_scope_token(scope));
                for (at, scope) in scopes.enumerate() {
                    if at > 0 {
                        value.push(' ');
                    }
                    value.push_str(scope);
                }
                value.push('"');
                value
            }
            Self::ClaimMismatch(_) => "Bearer error=\"insufficient_scope\", \
                 error_description=\"The token lacks a required claim\""
                .to_owned(),
            other => format!(
                "Bearer error=\"invalid_token\", error_description=\"{}\"",
                other.description()
            ),
        }
    }

    /// Plain words for the holder of the token; no detail that helps to forge one.
    const fn description(&self) -> &'static str {
        match self {
            Self::TokenExpired | Self::TokenExpiryMissing => "The token has expired",
            Self::TokenNotYetValid => "The token is not valid yet",
            Self::TokenIssuerWrong | Self::TokenAudienceWrong => {
                "The token is not for this service"
            }
            Self::TokenTooLarge => "The token is too long",
            _ => "The token is not valid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_follow_rfc_6750() {
        let required = Requirements {
            scopes: vec![
                "orders:read".into(),
                "orders:write".into(),
                "bad\"scope".into(),
            ],
            claims: vec![],
        };
        let missing = AuthError::TokenMissing;
        assert_eq!(
            (missing.status(), missing.www_authenticate(&required)),
            (401, "Bearer".into())
        );

        let expired = AuthError::TokenExpired;
        assert_eq!(
            expired.www_authenticate(&required),
            "Bearer error=\"invalid_token\", error_description=\"The token has expired\""
        );

        let scope = AuthError::ScopeMissing("orders:write".into());
        assert_eq!(scope.status(), 403);
        assert!(scope.www_authenticate(&required).ends_with(
            "error=\"insufficient_scope\", \
             error_description=\"The token lacks a required scope\", \
             scope=\"orders:read orders:write\""
        ));
    }
}
