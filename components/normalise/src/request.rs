//! The whole request head in canonical form: what the policy calls first.

use std::net::IpAddr;

use crate::client::LastLines;
use crate::headers::lines;
use crate::host::effective_host;
use crate::target::Scheme;
use crate::{
    Believe, Client, Field, Headers, Host, Limits, NormaliseError, Target, TargetForm,
    TrustedProxies,
};

/// A request head as it came. `F` gives (name, value) pairs in wire order.
#[derive(Debug, Clone)]
pub struct RawHead<'a, F> {
    /// The method.
    pub method: &'a [u8],
    /// The request target; in HTTP/2 `:path`.
    pub target: &'a [u8],
    /// `:authority` in HTTP/2.
    pub authority: Option<&'a [u8]>,
    /// The header fields, without pseudo-headers.
    pub fields: F,
    /// The connection is encrypted.
    pub tls: bool,
    /// The address of the direct peer.
    pub peer: IpAddr,
}

/// What does not change from request to request.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Bounds.
    pub limits: Limits,
    /// Who may speak for others.
    pub proxies: TrustedProxies,
    /// Which field names the client.
    pub believe: Believe,
}

/// A request head in canonical form.
#[derive(Debug, Clone)]
pub struct Canonical<'a> {
    /// Form, path and query.
    pub target: Target<'a>,
    /// The one host.
    pub host: Host<'a>,
    /// The header fields.
    pub headers: Headers<'a>,
    /// Who sends it.
    pub client: Client,
}

/// A refused head and what is known of its sender, for the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Refused {
    /// Why.
    pub error: NormaliseError,
    /// Who sends it; the direct peer where the header fields cannot be read.
    pub client: Client,
}

/// Brings a request head into canonical form: header fields, client, target, host.
///
/// # Errors
/// The first reason to refuse it.
pub fn normalise<'a, F>(
    head: &RawHead<'a, F>,
    settings: &Settings,
) -> Result<Canonical<'a>, Refused>
where
    F: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
{
    let headers =
        Headers::scan(head.fields.clone(), &settings.limits).map_err(|error| Refused {
            error,
            client: Client::peer(head.peer, &settings.proxies),
        })?;
    let client = find_client(head, &headers, settings);
    let refuse = |error| Refused { error, client };
    let target = Target::parse(head.method, head.target, &settings.limits).map_err(refuse)?;
    let host = find_host(head, &target, &headers).map_err(refuse)?;
    Ok(Canonical {
        target,
        host,
        headers,
        client,
    })
}

fn find_client<'a, F>(head: &RawHead<'a, F>, headers: &Headers<'a>, settings: &Settings) -> Client
where
    F: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
{
    let all = |field| -> LastLines<'a> {
        if headers.is_repeated(field) {
            lines(head.fields.clone(), field).collect()
        } else {
            headers.get(field).into_iter().collect()
        }
    };
    Client::find(
        head.peer,
        &settings.proxies,
        settings.believe,
        settings.limits.hops_max,
        all(Field::XForwardedFor).as_slice(),
        all(Field::Forwarded).as_slice(),
    )
}

fn find_host<'a, F>(
    head: &RawHead<'a, F>,
    target: &Target<'a>,
    headers: &Headers<'a>,
) -> Result<Host<'a>, NormaliseError> {
    let scheme = target.scheme.unwrap_or(if head.tls {
        Scheme::Https
    } else {
        Scheme::Http
    });
    let port = scheme.default_port();
    let field = headers.get(Field::Host);
    let host = effective_host(target.authority.or(head.authority), field, port)?;
    if let (Some(_), Some(authority)) = (target.authority, head.authority)
        && !host.same(&Host::parse(authority)?, port)
    {
        return Err(NormaliseError::HostConflict);
    }
    // RFC 9112 §3.2.3: a CONNECT target always has a port.
    if target.form == TargetForm::Authority && host.port.is_none() {
        return Err(NormaliseError::TargetForm);
    }
    Ok(host)
}
