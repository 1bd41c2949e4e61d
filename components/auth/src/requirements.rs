//! What a route asks of a token: scopes and claims.

use serde::{Deserialize, Serialize};

use crate::claims::{Claim, ClaimsRef};
use crate::error::AuthError;

/// What a route asks of a token that its sign-in has accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// Scopes of which every one must be granted (RFC 6749 §3.3).
    pub scopes: Vec<String>,
    /// Claims of which every one must hold.
    pub claims: Vec<ClaimRequirement>,
}

/// One claim that must have one of several values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequirement {
    /// The claim's name at the top level of the claims set, such as `tenant` or `sub`.
    pub name: String,
    /// The values that will do. A claim that is an array of strings must hold one of them.
    /// When the list is empty the claim must be there with any value but `null`.
    pub one_of: Vec<ClaimValue>,
}

/// A value that a claim is compared with. The type must match as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimValue {
    /// A JSON string, compared byte by byte.
    Text(String),
    /// A JSON number without a fraction.
    Integer(i64),
    /// A JSON boolean.
    Boolean(bool),
}

impl Requirements {
    /// Holds the token's claims against these requirements.
    ///
    /// # Errors
    ///
    /// [`AuthError::ScopeMissing`] or [`AuthError::ClaimMismatch`], for the first that fails.
    pub fn check(&self, claims: &ClaimsRef<'_>) -> Result<(), AuthError> {
        for scope in &self.scopes {
            if !claims.scopes().any(|granted| granted == scope) {
                return Err(AuthError::ScopeMissing(scope.as_str().into()));
            }
        }
        for required in &self.claims {
            if !required.holds(claims) {
                return Err(AuthError::ClaimMismatch(required.name.as_str().into()));
            }
        }
        Ok(())
    }
}

impl ClaimRequirement {
    fn holds(&self, claims: &ClaimsRef<'_>) -> bool {
        match claims.claim(&self.name) {
            None | Some(Claim::Null) => false,
            Some(_) if self.one_of.is_empty() => true,
            Some(claim) => self.one_of.iter().any(|wanted| wanted.fits(claim)),
        }
    }
}

impl ClaimValue {
    fn fits(&self, claim: Claim<'_>) -> bool {
        match (self, claim) {
            (Self::Text(wanted), Claim::Text(text)) => wanted == text,
            (Self::Text(wanted), Claim::TextList(mut items)) => items.any(|item| item == wanted),
            (Self::Integer(wanted), Claim::Integer(number)) => *wanted == number,
            (Self::Boolean(wanted), Claim::Boolean(value)) => *wanted == value,
            _ => false,
        }
    }
}

/// True for a scope-token of RFC 6749 §3.3, the only text that may stand in a challenge.
pub(crate) fn is_scope_token(scope: &str) -> bool {
    let fits = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    !scope.is_empty() && scope.bytes().all(fits)
}
