//! Route: what does the site do with this path and method?

use lockgate_bundle::{RoutePlan, Site};
use lockgate_route::{RouteMatch, SiteIndex};
use lockgate_wire::{Seen, Stage};

use super::normalise::Request;
use crate::call::Call;
use crate::exit::Exit;

pub(crate) fn run<'r>(
    call: Call<'r, '_>,
    site: &Site,
    request: &Request<'r, '_>,
    seen: &mut Seen<'r>,
) -> Result<&'r RoutePlan, Exit<'r>> {
    seen.stage = Stage::Route;
    // An origin that cuts them off would see the path of another route. `%3B` is data to all.
    if !site.path_parameters && request.path.contains(';') {
        let detail = "The path has a parameter (;).";
        return Err(Exit::answer(400, "path_parameter", detail));
    }
    // A method is a token, so it is ASCII.
    let method = str::from_utf8(call.input.method).unwrap_or_default();
    let site = SiteIndex(seen.site);
    match call.policy.routes.route(site, method, request.path) {
        RouteMatch::Found { route, .. } => {
            seen.route = route.0;
            let plan = call.policy.plans.get(usize::from(route.0));
            plan.ok_or_else(not_found)
        }
        RouteMatch::MethodNotAllowed { allow } => {
            let allow = call.keep.bytes(allow.to_string().into_bytes());
            let detail = "The path does not have that method.";
            Err(Exit::answer(405, "method_not_allowed", detail).header("allow", allow))
        }
        RouteMatch::NotFound => Err(not_found()),
    }
}

fn not_found<'r>() -> Exit<'r> {
    Exit::answer(404, "route_not_found", "There is nothing at this path.")
}
