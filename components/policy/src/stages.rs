//! The path of a request, top to bottom: one file a stage, of the same name.
//!
//! Each stage either hands on what it found or leaves the path with an `Exit`. What was seen on
//! the way is written into [`Seen`] as it becomes known, so that the record of every exit is as
//! full as it can be.

mod authenticate;
mod authorize;
pub(crate) mod firewall;
pub(crate) mod normalise;
pub(crate) mod plan;
mod route;
pub(crate) mod site;

use lockgate_bundle::Site;
use lockgate_wire::{Plan, Seen};

use crate::call::Call;
use crate::exit::Exit;
use normalise::Request;

/// Decides on one request.
pub(crate) fn run<'r>(call: Call<'r, '_>, seen: &mut Seen<'r>) -> Result<Plan<'r>, Exit<'r>> {
    let request = normalise::run(call, seen)?;
    let site = site::run(call, &request, seen)?;
    // Before the route: who is blocked learns neither paths nor methods.
    firewall::run(call, site, &request, seen)?;
    let planned = behind_the_rules(call, site, &request, seen);
    // Rules that wait for a body that nobody reads now.
    planned.map_err(|exit| firewall::settle(call, site, &request, exit, seen))
}

fn behind_the_rules<'r, 'i>(
    call: Call<'r, 'i>,
    site: &'r Site,
    request: &Request<'r, 'i>,
    seen: &mut Seen<'r>,
) -> Result<Plan<'r>, Exit<'r>> {
    let route = route::run(call, site, request, seen)?;
    let identity = authenticate::run(call, route, request, seen)?;
    authorize::run(call, route, identity.as_ref(), seen)?;
    plan::run(call, site, route, request, identity.as_ref(), seen)
}
