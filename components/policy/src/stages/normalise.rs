//! Normalise: one canonical form of the request, which every later stage looks at.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use lockgate_normalise::{Canonical, Client, NormaliseError, RawHead};
use lockgate_wire::Seen;

use crate::call::Call;
use crate::exit::Exit;

/// A request in canonical form.
#[derive(Clone, Copy)]
pub(crate) struct Request<'r, 'i> {
    pub(crate) canonical: &'r Canonical<'i>,
    /// The canonical path.
    pub(crate) path: &'r str,
    /// The canonical query, without `?`.
    pub(crate) query: Option<&'r str>,
}

pub(crate) fn run<'r, 'i>(
    call: Call<'r, 'i>,
    seen: &mut Seen<'r>,
) -> Result<Request<'r, 'i>, Exit<'r>> {
    let input = call.input;
    let head = RawHead {
        method: input.method,
        target: input.target,
        authority: input.authority(),
        fields: input.headers(),
        tls: input.tls(),
        peer: Ipv6Addr::from(input.peer).to_canonical(),
    };
    let canonical =
        lockgate_normalise::normalise(&head, &call.policy.settings).map_err(|refused| {
            note_client(seen, &refused.client);
            refuse(call, refused.error)
        })?;
    note_client(seen, &canonical.client);
    let canonical = call.keep.canonical(canonical);
    seen.host = canonical.host.name.as_bytes();
    seen.target = match canonical.target.upstream() {
        Cow::Borrowed(target) => target.as_bytes(),
        Cow::Owned(target) => call.keep.bytes(target.into_bytes()),
    };
    Ok(Request {
        canonical,
        path: &canonical.target.path,
        query: canonical.target.query.as_deref(),
    })
}

fn note_client(seen: &mut Seen<'_>, client: &Client) {
    seen.trusted_peer = client.peer_trusted;
    seen.client = mapped(client.address);
}

/// An address as the wire has it, IPv4 mapped.
pub(super) fn mapped(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn refuse<'r>(call: Call<'r, '_>, error: NormaliseError) -> Exit<'r> {
    let detail = call.keep.bytes(error.to_string().into_bytes());
    let text = str::from_utf8(detail).unwrap_or_default();
    Exit::answer(error.status(), error.code(), text).cause(detail)
}
