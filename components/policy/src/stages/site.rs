//! Site: whose request is it? By the canonical host, never by the connection.

use lockgate_bundle::Site;
use lockgate_wire::{Seen, Stage};

use super::normalise::Request;
use crate::call::Call;
use crate::exit::Exit;

pub(crate) fn run<'r>(
    call: Call<'r, '_>,
    request: &Request<'r, '_>,
    seen: &mut Seen<'r>,
) -> Result<&'r Site, Exit<'r>> {
    seen.stage = Stage::Route;
    let routes = &call.policy.routes;
    let host: &str = &request.canonical.host.name;
    let Some((index, site)) = routes.site(host).and_then(|index| {
        let site = call.policy.sites.get(usize::from(index.0))?;
        Some((index, site))
    }) else {
        return Err(Exit::answer(
            421,
            "host_unknown",
            "No site of this gate has that host.",
        ));
    };
    // RFC 9110 section 7.4: the certificate was that of another site, so the client has not made
    // sure that it speaks to this one.
    if let Some(sni) = call.input.sni()
        && sni != host.as_bytes()
        && str::from_utf8(sni).ok().and_then(|sni| routes.site(sni)) != Some(index)
    {
        return Err(Exit::answer(
            421,
            "sni_mismatch",
            "The host belongs to another site than the TLS connection.",
        ));
    }
    seen.site = index.0;
    Ok(site)
}
