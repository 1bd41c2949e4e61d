//! The `Cache-Status` field (RFC 9211).

use std::io::Write as _;

/// Why a request went on to the origin: `fwd` (RFC 9211, section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forwarded {
    /// The route is not cached.
    Bypass,
    /// The method is not one that is answered from the store.
    Method,
    /// Nothing is stored for the URL.
    UriMiss,
    /// Something is, but no variant for this request.
    VaryMiss,
    /// What is stored is stale.
    Stale,
    /// The request's own directives or conditions.
    Request,
}

impl Forwarded {
    /// The token in the field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Stale => "stale",
            Self::Request => "request",
        }
    }
}

/// One cache's member of the `Cache-Status` list. A response that has the field from a cache
/// behind us keeps it: ours goes after it, as another line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStatus<'a> {
    /// `None`: answered from the store (`hit`); else why not (`fwd`).
    pub forwarded: Option<Forwarded>,
    /// `fwd-status`: the origin's status, where it differs from the one sent.
    pub forwarded_status: Option<u16>,
    /// `stored`: the origin's answer was stored.
    pub stored: bool,
    /// `collapsed`: waited for another request's answer.
    pub collapsed: bool,
    /// `ttl`: seconds of freshness left.
    pub ttl_s: Option<i64>,
    /// `detail`: a token of ours, for example [`crate::Refusal::as_str`]; left out if it is none.
    pub detail: Option<&'a str>,
}

impl CacheStatus<'_> {
    /// Appends the member, for example `lockgate;hit;ttl=55` or `lockgate;fwd=uri-miss;stored`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"lockgate");
        match self.forwarded {
            None => out.extend_from_slice(b";hit"),
            Some(reason) => {
                out.extend_from_slice(b";fwd=");
                out.extend_from_slice(reason.as_str().as_bytes());
            }
        }
        // Writing into a Vec cannot fail.
        if let Some(status) = self.forwarded_status {
            let _ = write!(out, ";fwd-status={status}");
        }
        if let Some(ttl_s) = self.ttl_s {
            // A structured-field integer has at most 15 digits (RFC 9651, section 3.3.1).
            const MOST: i64 = 999_999_999_999_999;
            let _ = write!(out, ";ttl={}", ttl_s.clamp(-MOST, MOST));
        }
        if self.stored {
            out.extend_from_slice(b";stored");
        }
        if self.collapsed {
            out.extend_from_slice(b";collapsed");
        }
        if let Some(detail) = self.detail.filter(|d| is_token(d)) {
            out.extend_from_slice(b";detail=");
            out.extend_from_slice(detail.as_bytes());
        }
    }
}

/// An sf-token of letters, digits and a few marks (RFC 9651, section 3.3.4, without the rest).
fn is_token(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_as_in_rfc_9211() {
        let none = CacheStatus {
            forwarded: None,
            forwarded_status: None,
            stored: false,
            collapsed: false,
            ttl_s: None,
            detail: None,
        };
        let miss = CacheStatus {
            forwarded: Some(Forwarded::UriMiss),
            ..none
        };
        for (status, text) in [
            (
                CacheStatus {
                    ttl_s: Some(376),
                    ..none
                },
                "lockgate;hit;ttl=376",
            ),
            (
                CacheStatus {
                    ttl_s: Some(i64::MIN),
                    ..none
                },
                "lockgate;hit;ttl=-999999999999999",
            ),
            (
                CacheStatus {
                    stored: true,
                    collapsed: true,
                    ..miss
                },
                "lockgate;fwd=uri-miss;stored;collapsed",
            ),
            (
                CacheStatus {
                    forwarded: Some(Forwarded::Stale),
                    forwarded_status: Some(304),
                    ..none
                },
                "lockgate;fwd=stale;fwd-status=304",
            ),
            (
                CacheStatus {
                    detail: Some("set-cookie"),
                    ..miss
                },
                "lockgate;fwd=uri-miss;detail=set-cookie",
            ),
            (
                CacheStatus {
                    detail: Some("a b\r\n"),
                    ..miss
                },
                "lockgate;fwd=uri-miss",
            ),
        ] {
            let mut out = Vec::new();
            status.write(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
