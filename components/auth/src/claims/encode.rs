//! From the payload of a verified token to the bytes that are remembered.

use super::{
    CLAIMS_BYTES_MAX, HAS_EXP, HAS_IAT, HAS_ISS, HAS_NBF, HAS_SUB, TAG_FALSE, TAG_INTEGER,
    TAG_NULL, TAG_NUMBER, TAG_OTHER, TAG_TEXT, TAG_TEXT_LIST, TAG_TRUE, VERSION, VerifiedClaims,
};
use crate::error::AuthError;
use crate::json::{Json, Limits, parse_object};

const LIMITS: Limits = Limits {
    bytes_max: 24 * 1024,
    depth_max: 8,
    values_max: 512,
};

/// Where f64 stops counting every second.
const SECONDS_MAX: f64 = 9_007_199_254_740_992.0;

/// Reads a claims set (RFC 7519 §4) and keeps what later checks can ask for.
pub(crate) fn from_payload(payload: &[u8]) -> Result<VerifiedClaims, AuthError> {
    let members = parse_object(payload, &LIMITS)
        .map_err(|error| AuthError::TokenClaimsMalformed(error.reason()))?;
    let mut claims = Claims::default();
    for (name, value) in &members {
        claims.take(name, value)?;
    }
    claims
        .encode()
        .ok_or(AuthError::TokenClaimsMalformed("the claims are too long"))
}

#[derive(Default)]
struct Claims<'a> {
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
    sub: Option<&'a str>,
    iss: Option<&'a str>,
    aud: Vec<&'a str>,
    scopes: Vec<&'a str>,
    others: Vec<(&'a str, &'a Json)>,
}

impl<'a> Claims<'a> {
    fn take(&mut self, name: &'a str, value: &'a Json) -> Result<(), AuthError> {
        match name {
            "exp" => self.exp = Some(seconds(value, f64::floor)?),
            "nbf" => self.nbf = Some(seconds(value, f64::ceil)?),
            "iat" => self.iat = Some(seconds(value, f64::ceil)?),
            "sub" => self.sub = Some(text(value, "sub is not a string")?),
            "iss" => self.iss = Some(text(value, "iss is not a string")?),
            "aud" => self.aud = one_or_many(value).ok_or(AUD_FAULT)?,
            "scope" | "scp" | "scopes" => {
                let entries = one_or_many(value).ok_or(SCOPE_FAULT)?;
                let scopes = entries.iter().flat_map(|entry| entry.split(' '));
                self.scopes.extend(scopes.filter(|scope| !scope.is_empty()));
            }
            _ => self.others.push((name, value)),
        }
        Ok(())
    }

    /// `None` when a length does not fit or the whole is longer than [`CLAIMS_BYTES_MAX`].
    fn encode(&self) -> Option<VerifiedClaims> {
        let flag = |there: bool, bit: u8| if there { bit } else { 0 };
        let flags = flag(self.exp.is_some(), HAS_EXP)
            | flag(self.nbf.is_some(), HAS_NBF)
            | flag(self.iat.is_some(), HAS_IAT)
            | flag(self.sub.is_some(), HAS_SUB)
            | flag(self.iss.is_some(), HAS_ISS);
        let mut out = vec![VERSION, flags];
        for time in [self.exp, self.nbf, self.iat] {
            out.extend_from_slice(&time.unwrap_or_default().to_le_bytes());
        }
        put_text(&mut out, self.sub.unwrap_or_default())?;
        put_text(&mut out, self.iss.unwrap_or_default())?;
        put_texts(&mut out, &self.aud)?;
        put_texts(&mut out, &self.scopes)?;
        put_count(&mut out, self.others.len())?;
        for (name, value) in &self.others {
            put_text(&mut out, name)?;
            put_value(&mut out, value)?;
        }
        (out.len() <= CLAIMS_BYTES_MAX).then_some(VerifiedClaims { bytes: out })
    }
}

const AUD_FAULT: AuthError =
    AuthError::TokenClaimsMalformed("aud is neither a string nor an array of strings");
const SCOPE_FAULT: AuthError =
    AuthError::TokenClaimsMalformed("the scopes are neither a string nor an array of strings");
const TIME_FAULT: AuthError = AuthError::TokenClaimsMalformed("a time is not a number of seconds");

/// A NumericDate (RFC 7519 §2). A fraction is rounded towards the stricter side.
fn seconds(value: &Json, round: fn(f64) -> f64) -> Result<i64, AuthError> {
    match value {
        Json::Int(seconds) => Ok(*seconds),
        Json::Float(seconds) if seconds.abs() < SECONDS_MAX => Ok(round(*seconds) as i64),
        _ => Err(TIME_FAULT),
    }
}

fn text<'a>(value: &'a Json, fault: &'static str) -> Result<&'a str, AuthError> {
    value.as_str().ok_or(AuthError::TokenClaimsMalformed(fault))
}

fn one_or_many(value: &Json) -> Option<Vec<&str>> {
    match value {
        Json::String(text) => Some(vec![text]),
        Json::Array(items) => items.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) -> Option<()> {
    out.extend_from_slice(&u16::try_from(count).ok()?.to_le_bytes());
    Some(())
}

fn put_text(out: &mut Vec<u8>, text: &str) -> Option<()> {
    put_count(out, text.len())?;
    out.extend_from_slice(text.as_bytes());
    Some(())
}

fn put_texts(out: &mut Vec<u8>, texts: &[&str]) -> Option<()> {
    put_count(out, texts.len())?;
    texts.iter().try_for_each(|text| put_text(out, text))
}

fn put_value(out: &mut Vec<u8>, value: &Json) -> Option<()> {
    match value {
        Json::Null => out.push(TAG_NULL),
        Json::Bool(false) => out.push(TAG_FALSE),
        Json::Bool(true) => out.push(TAG_TRUE),
        Json::Int(number) => {
            out.push(TAG_INTEGER);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Json::Float(number) => {
            out.push(TAG_NUMBER);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Json::String(text) => {
            out.push(TAG_TEXT);
            put_text(out, text)?;
        }
        Json::Array(_) => match one_or_many(value) {
            Some(texts) => {
                out.push(TAG_TEXT_LIST);
                put_texts(out, &texts)?;
            }
            None => out.push(TAG_OTHER),
        },
        Json::Object(_) => out.push(TAG_OTHER),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::{Claim, ClaimsRef};
    use super::*;

    fn texts<'a>(list: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        list.collect()
    }

    #[test]
    fn claims_come_back_as_they_were() {
        let claims = from_payload(
            br#"{"sub":"u1","iss":"https://id.example","aud":["shop","api"],"exp":100.9,
                "nbf":10.1,"iat":9,"scope":"a b","scp":["c"],"tenant":"t7","level":3,
                "ratio":0.5,"staff":true,"gone":null,"roles":["x","y"],"deep":{"k":[1]}}"#,
        )
        .unwrap();
        let view = ClaimsRef::from_bytes(claims.to_bytes()).unwrap();
        assert_eq!(view.subject(), Some("u1"));
        assert_eq!(view.issuer(), Some("https://id.example"));
        assert_eq!(texts(view.audiences()), ["shop", "api"]);
        assert_eq!(texts(view.scopes()), ["a", "b", "c"]);
        let times = (view.expires_at(), view.not_before(), view.issued_at());
        assert_eq!(times, (Some(100), Some(11), Some(9)));
        assert!(matches!(view.claim("tenant"), Some(Claim::Text("t7"))));
        assert!(matches!(view.claim("level"), Some(Claim::Integer(3))));
        assert!(matches!(view.claim("ratio"), Some(Claim::Number(r)) if r == 0.5));
        assert!(matches!(view.claim("staff"), Some(Claim::Boolean(true))));
        assert!(matches!(view.claim("gone"), Some(Claim::Null)));
        assert!(matches!(view.claim("deep"), Some(Claim::Other)));
        let Some(Claim::TextList(roles)) = view.claim("roles") else {
            panic!("roles is a list");
        };
        assert_eq!(texts(roles), ["x", "y"]);
        assert!(view.claim("absent").is_none());
        assert_eq!(VerifiedClaims::from_bytes(claims.to_bytes()), Ok(claims));
    }

    #[test]
    fn claims_of_a_wrong_type_are_refused() {
        for payload in [
            r#"{"exp":"soon"}"#,
            r#"{"exp":null}"#,
            r#"{"exp":1e300}"#,
            r#"{"exp":18446744073709551615}"#,
            r#"{"nbf":[1]}"#,
            r#"{"sub":1}"#,
            r#"{"iss":{}}"#,
            r#"{"aud":["a",1]}"#,
            r#"{"scope":7}"#,
            r#"{"scp":[["a"]]}"#,
            r#"{"exp":1,"exp":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"[]"#,
            "",
        ] {
            let result = from_payload(payload.as_bytes());
            assert!(
                matches!(result, Err(AuthError::TokenClaimsMalformed(_))),
                "{payload}"
            );
        }
    }

    #[test]
    fn truncated_bytes_and_trailing_bytes_are_errors() {
        let claims = from_payload(br#"{"sub":"u","aud":"a","scope":"s","n":1,"l":["x"]}"#).unwrap();
        let bytes = claims.into_bytes();
        for end in 0..bytes.len() {
            assert!(ClaimsRef::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(ClaimsRef::from_bytes(&longer).is_err());
        let mut other_version = bytes;
        other_version[0] = 2;
        assert!(ClaimsRef::from_bytes(&other_version).is_err());
    }
}
