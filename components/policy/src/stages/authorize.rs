//! Authorize: may they? The scopes and claims that the route requires.

use lockgate_bundle::RoutePlan;
use lockgate_wire::{Seen, Stage};

use super::authenticate::{Identity, refuse};
use crate::call::Call;
use crate::exit::Exit;

pub(crate) fn run<'r>(
    call: Call<'r, '_>,
    route: &'r RoutePlan,
    identity: Option<&Identity<'r>>,
    seen: &mut Seen<'r>,
) -> Result<(), Exit<'r>> {
    let (Some(wanted), Some(identity)) = (&route.sign_in, identity) else {
        return Ok(());
    };
    seen.stage = Stage::Authorize;
    wanted
        .requirements
        .check(&identity.claims)
        .map_err(|error| refuse(call, &error, wanted).remember(identity.remember))
}
