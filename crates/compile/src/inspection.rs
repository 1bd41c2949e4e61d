//! What shells read of bodies for the rules of a site.

use lockgate_config::Loaded;
use lockgate_config::types::{Crs, CrsMode, OversizeHandling, Site};
use lockgate_shell::inspection::{InspectionPlan, Oversize};

use crate::crs_of;

/// How the requests of a site are inspected beyond their heads, where they are.
pub(crate) fn of(loaded: &Loaded, site: &Site) -> Option<InspectionPlan> {
    crs_of(loaded, site).map(|(_, crs)| plan(crs))
}

fn plan(crs: &Crs) -> InspectionPlan {
    InspectionPlan {
        body_bytes_max: crs.body_bytes_max,
        oversize: match (crs.mode, crs.oversize) {
            // Where nothing is refused, this is not either.
            (CrsMode::Detect, OversizeHandling::Match) | (_, OversizeHandling::Continue) => {
                Oversize::Continue
            }
            (CrsMode::Block, OversizeHandling::Match) => Oversize::Match,
            (_, OversizeHandling::NoMatch) => Oversize::NoMatch,
        },
        response_body_bytes_max: crs.response_body_bytes_max,
        responses: crs.inspect_responses,
    }
}
