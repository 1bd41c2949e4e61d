//! A case as the request that the firewall sees: in canonical form, as the gate hands it over.

use std::borrow::Cow;
use std::net::IpAddr;

use lockgate_firewall::{Body, Firewall, View};
use lockgate_normalise::{Canonical, NormaliseError, RawHead, Settings};

use super::Case;

/// Why a case is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// The client's address is none.
    #[error("`{0}` is not an address")]
    Address(String),
    /// A line is no header field.
    #[error("`{0}` is not a header field such as `Name: value`")]
    Header(String),
    /// The country is none.
    #[error("`{0}` is not a country of two letters")]
    Country(String),
    /// The gate refuses the request before any rule is asked.
    #[error("the gate refuses this request before any rule is asked: {0}")]
    Refused(NormaliseError),
    /// The body is longer than any rule looks at.
    #[error("the body has more than {BODY_BYTES_MAX} bytes")]
    BodyTooLong,
    /// A rule is named that is not there.
    #[error("there is no rule `{0}`")]
    NoRule(String),
    /// A rule is over its limit that has none.
    #[error("rule `{0}` is not rate-based")]
    NoRate(String),
}

/// Longest body of a case, bytes: longer than rules can look at.
const BODY_BYTES_MAX: usize = 4 << 20;

fn repeated(body: &str, times: u32) -> Result<Cow<'_, str>, CaseError> {
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    match body.len().checked_mul(times) {
        _ if times == 1 => Ok(Cow::Borrowed(body)),
        Some(length) if length <= BODY_BYTES_MAX => Ok(Cow::Owned(body.repeat(times))),
        _ => Err(CaseError::BodyTooLong),
    }
}

/// Runs `work` with the request of a case. `over` are the answers to its first charges.
pub(super) fn with_view<T>(
    case: &Case,
    firewall: &Firewall,
    over: &[bool],
    now_s: u64,
    work: impl FnOnce(&View<'_>) -> T,
) -> Result<T, CaseError> {
    let headers = headers(case)?;
    let lines: Vec<(&[u8], &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let client_ip: IpAddr = case
        .client_ip
        .parse()
        .map_err(|_| CaseError::Address(case.client_ip.clone()))?;
    let canonical = canonical(case, &lines, client_ip)?;
    let body = match &case.body {
        Some(body) => Some(repeated(body, case.body_times)?),
        None => None,
    };
    let body = body.as_deref().map(str::as_bytes);
    let most = firewall
        .body_bytes_max()
        .map_or(usize::MAX, |most| most as usize);
    let country = match &case.country {
        None => None,
        Some(text) => {
            let letters = text.to_ascii_uppercase().into_bytes();
            Some(
                letters
                    .try_into()
                    .map_err(|_| CaseError::Country(text.clone()))?,
            )
        }
    };
    let view = View {
        method: case.method.as_bytes(),
        host: canonical.host.name.as_bytes(),
        path: canonical.target.path.as_bytes(),
        target: case.target.as_bytes(),
        query: canonical.target.query.as_deref().map(str::as_bytes),
        headers: &lines,
        client_ip,
        country,
        asn: case.asn,
        tls_fingerprint: case.tls_fingerprint.as_deref().map(str::as_bytes),
        now_s,
        body: match body {
            None => Body::Absent,
            Some(bytes) => Body::Here {
                bytes: bytes.get(..most).unwrap_or(bytes),
                truncated: bytes.len() > most,
            },
        },
        over,
    };
    Ok(work(&view))
}

/// The header fields in order, `Host` first.
fn headers(case: &Case) -> Result<Vec<(String, String)>, CaseError> {
    let mut headers = vec![("Host".to_owned(), case.host.clone())];
    let own = [
        ("User-Agent", &case.user_agent),
        ("Content-Type", &case.content_type),
    ];
    for (name, value) in own {
        if let Some(value) = value {
            headers.push((name.to_owned(), value.clone()));
        }
    }
    for line in &case.headers {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| CaseError::Header(line.clone()))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(headers)
}

fn canonical<'a>(
    case: &'a Case,
    lines: &'a [(&'a [u8], &'a [u8])],
    peer: IpAddr,
) -> Result<Canonical<'a>, CaseError> {
    let head = RawHead {
        method: case.method.as_bytes(),
        target: case.target.as_bytes(),
        authority: None,
        fields: lines.iter().copied(),
        tls: true,
        peer,
    };
    lockgate_normalise::normalise(&head, &Settings::default())
        .map_err(|refused| CaseError::Refused(refused.error))
}
