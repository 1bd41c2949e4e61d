//! Keys that the host stores under. They hold names, never indexes, so that they stay the same
//! when the configuration changes elsewhere.
//!
//! Pieces that may hold any byte stand behind their length, so that no two keys of different
//! meaning are the same bytes.

use std::io::Write as _;
use std::net::Ipv6Addr;

use lockgate_bundle::{Audience, KeyPart, Limit, RoutePlan, Site};
use lockgate_normalise::Host;

use super::image::Picture;
use super::{proxied, target};
use crate::call::Call;
use crate::stages::authenticate::Identity;
use crate::stages::normalise::Request;

/// Writes a cache key: site, audience, what a trusted proxy says of the request, scheme, host and
/// port, canonical target, whether Accept chose the picture, its options, NUL between them. The
/// method is not in it: HEAD may be answered by what GET has stored.
///
/// The origin is told scheme, host and port, and redirects and links are made of them: what one
/// host of a site was given is not for another.
///
/// A private answer without a subject has no key: nothing is written.
pub(super) fn cache(
    out: &mut Vec<u8>,
    call: Call<'_, '_>,
    (site, route): (&Site, &RoutePlan),
    audience: Audience,
    identity: Option<&Identity<'_>>,
    request: &Request<'_, '_>,
    picture: &Picture<'_>,
) {
    let owner = identity.filter(|identity| !identity.subject.is_empty());
    if audience == Audience::Private && owner.is_none() {
        return;
    }
    out.extend_from_slice(site.name.as_bytes());
    out.push(0);
    match (audience, owner) {
        (Audience::Private, Some(identity)) => {
            out.extend_from_slice(b"private");
            text(out, identity.sign_in);
            text(out, identity.subject);
        }
        _ => out.extend_from_slice(b"shared"),
    }
    out.push(0);
    proxied::write(out, call, request);
    out.push(0);
    write_authority(out, call.input.tls(), &request.canonical.host);
    target::canonical(out, route, request, picture);
    out.push(0);
    // What Accept has chosen says so (`Vary`), and the same picture by its name does not.
    if picture.negotiated {
        out.extend_from_slice(b"auto\0");
    }
    // At the end: the host takes them off to know the source.
    out.extend_from_slice(picture.options.unwrap_or_default().as_bytes());
}

/// Scheme, canonical host, and the port where it is not that of the scheme. The scheme is the
/// connection's, as the origin is told it, whatever an absolute-form target says.
fn write_authority(out: &mut Vec<u8>, tls: bool, host: &Host<'_>) {
    let (scheme, default_port) = if tls {
        (&b"https://"[..], 443)
    } else {
        (&b"http://"[..], 80)
    };
    out.extend_from_slice(scheme);
    out.extend_from_slice(host.name.as_bytes());
    if let Some(port) = host.port.filter(|port| *port != default_port) {
        // Writing to a vector does not fail.
        let _ = write!(out, ":{port}");
    }
}

/// Writes the key of a limit: site and name, then a tag and bytes for each part.
pub(super) fn limit(
    out: &mut Vec<u8>,
    limit: &Limit,
    site: &Site,
    route: &RoutePlan,
    client: &[u8; 16],
    identity: Option<&Identity<'_>>,
) {
    text(out, &site.name);
    text(out, &limit.name);
    for part in &limit.key {
        match (part, identity) {
            (KeyPart::Token, Some(identity)) if !identity.subject.is_empty() => {
                out.push(b't');
                text(out, identity.sign_in);
                text(out, identity.subject);
            }
            (KeyPart::Client | KeyPart::Token, _) => write_client(out, client),
            (KeyPart::Route, _) => {
                out.push(b'r');
                text(out, &route.name);
            }
            (KeyPart::Site, _) => out.push(b's'),
        }
    }
}

/// IPv4 in full; of IPv6 the first 64 bits, since one customer has them all.
fn write_client(out: &mut Vec<u8>, client: &[u8; 16]) {
    match Ipv6Addr::from(*client).to_ipv4_mapped() {
        Some(v4) => {
            out.push(b'4');
            out.extend_from_slice(&v4.octets());
        }
        None => {
            out.push(b'6');
            out.extend(client.iter().take(8));
        }
    }
}

/// A text behind its length. Names and subjects are bounded far below 64 KiB.
fn text(out: &mut Vec<u8>, text: &str) {
    let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}
