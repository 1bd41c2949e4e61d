//! Header field values: `RateLimit`, `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10,
//! structured fields of RFC 9651) and `Retry-After` (RFC 9110, section 10.2.3).
//!
//! Values are appended to a buffer of the caller's; with room in it nothing allocates.

use std::time::Duration;

use crate::limiter::Standing;
use crate::spec::LimitSpec;

/// Limits that know their names: [`crate::Limiter`] and [`crate::StoredLimits`].
pub trait Names {
    /// The `RateLimit-Policy` items of a limit, ready to write; empty for an unknown one.
    fn policy(&self, limit: u16) -> &[u8];

    /// A window's name as a structured-field string; empty for an unknown one.
    fn label(&self, limit: u16, window: u8) -> &[u8];
}

/// Appends a `RateLimit` value: for each standing its policy's name, `r` (units left) and `t`
/// (seconds, rounded up, until the window is whole again, or until the refused cost fits).
/// Writes nothing for an empty list.
///
/// `"per-client";r=9;t=1, "per-route";r=99;t=6`
pub fn write_rate_limit(limiter: &impl Names, standings: &[Standing], out: &mut Vec<u8>) {
    for (i, standing) in standings.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(limiter.label(standing.limit, standing.window));
        out.extend_from_slice(b";r=");
        write_decimal(u64::from(standing.remaining), out);
        out.extend_from_slice(b";t=");
        write_decimal(seconds_up(standing.reset_ns), out);
    }
}

/// Appends a `RateLimit-Policy` value: every window of the limits given, with `q` (requests) and
/// `w` (seconds, rounded up). A burst that differs from `q` is not announced: the draft has no
/// word for it.
///
/// `"per-client";q=10;w=1`; a limit of several windows names each:
/// `"per-client/1s";q=10;w=1, "per-client/60s";q=300;w=60`
pub fn write_rate_limit_policy(
    limiter: &impl Names,
    limits: impl IntoIterator<Item = u16>,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    for limit in limits {
        let policy = limiter.policy(limit);
        if !policy.is_empty() && out.len() > start {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(policy);
    }
}

/// Appends a `Retry-After` value: whole seconds, rounded up, at least 1.
pub fn write_retry_after(after: Duration, out: &mut Vec<u8>) {
    let seconds = after
        .as_secs()
        .saturating_add(u64::from(after.subsec_nanos() > 0));
    write_decimal(seconds.max(1), out);
}

/// The name of a limit's window as a structured-field string (RFC 9651, section 3.3.3). The
/// characters that would need escaping are refused in names.
pub(crate) fn label(spec: &LimitSpec, window: usize) -> Vec<u8> {
    if spec.windows.len() == 1 {
        format!("\"{}\"", spec.name).into_bytes()
    } else {
        format!("\"{}/{:?}\"", spec.name, spec.windows[window].per)
            .replace('µ', "u")
            .into_bytes()
    }
}

/// The `RateLimit-Policy` items of a limit.
pub(crate) fn policy(spec: &LimitSpec) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, window) in spec.windows.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(&label(spec, i));
        out.extend_from_slice(b";q=");
        write_decimal(u64::from(window.requests), &mut out);
        out.extend_from_slice(b";w=");
        let ns = u64::try_from(window.per.as_nanos()).unwrap_or(u64::MAX);
        write_decimal(seconds_up(ns), &mut out);
    }
    out
}

fn seconds_up(ns: u64) -> u64 {
    ns.div_ceil(1_000_000_000)
}

/// A structured-field integer has at most 15 digits (RFC 9651, section 3.3.1); seconds of a
/// `u64` of nanoseconds have at most 11.
fn write_decimal(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Cells, Charge, Decision, Limiter, Window};

    fn spec(name: &str, windows: &[(u32, u64)]) -> LimitSpec {
        let window = |&(requests, per_ms): &(u32, u64)| Window {
            requests,
            per: Duration::from_millis(per_ms),
            burst: None,
        };
        LimitSpec {
            scope: "shop".into(),
            name: name.into(),
            windows: windows.iter().map(window).collect(),
        }
    }

    #[test]
    fn values_are_as_in_the_draft() {
        let specs = [
            spec("per-client", &[(10, 1_000), (300, 60_000)]),
            spec("route", &[(5, 500)]),
        ];
        let limiter = Limiter::new(&specs, Arc::new(Cells::new(64, [1, 2, 3, 4]))).unwrap();
        let charges = [0, 1].map(|limit| Charge {
            limit,
            key: b"k",
            cost: 1,
        });
        let mut out = Vec::new();

        write_rate_limit_policy(&limiter, [0, 7, 1], &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            r#""per-client/1s";q=10;w=1, "per-client/60s";q=300;w=60, "route";q=5;w=1"#
        );

        for _ in 0..4 {
            limiter.charge(1, &charges).unwrap();
        }
        let Ok(Decision::Allowed(standings)) = limiter.charge(1, &charges) else {
            panic!("five fit")
        };
        out.clear();
        write_rate_limit(&limiter, &standings, &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            r#""per-client/1s";r=5;t=1, "route";r=0;t=1"#
        );

        let Ok(Decision::Limited(limited)) = limiter.charge(1, &charges) else {
            panic!("the sixth does not")
        };
        out.clear();
        write_rate_limit(&limiter, &[limited.standing], &mut out);
        out.push(b' ');
        write_retry_after(limited.retry_after.unwrap(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), r#""route";r=0;t=1 1"#);
    }

    #[test]
    fn retry_after_rounds_up() {
        for (ms, text) in [
            (0, "1"),
            (1, "1"),
            (1_000, "1"),
            (1_001, "2"),
            (86_400_000, "86400"),
        ] {
            let mut out = Vec::new();
            write_retry_after(Duration::from_millis(ms), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }
}
