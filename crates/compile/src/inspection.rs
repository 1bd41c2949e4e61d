//! What shells read of bodies for the rules of a site.

use lockgate_config::Loaded;
use lockgate_config::types::{Crs, CrsMode, OversizeHandling, Site, UnknownCoding};
use lockgate_shell::inspection::{InspectionPlan, Oversize};

use crate::crs_of;

/// How the requests of a site are inspected beyond their heads, where they are.
pub(crate) fn of(loaded: &Loaded, site: &Site) -> Option<InspectionPlan> {
    crs_of(loaded, site).map(|(_, crs)| plan(crs))
}

/// Whether a body whose content coding is not known passes the rules that look at it.
pub(crate) fn unknown_coding_passes(loaded: &Loaded, site: &Site) -> bool {
    let files = site.rules.iter().filter_map(|file| loaded.rules.get(file));
    let mut said = files.filter_map(|rules| rules.unknown_coding).peekable();
    if said.peek().is_some() {
        return said.all(|said| said == UnknownCoding::Continue);
    }
    crs_of(loaded, site).is_some_and(|(_, crs)| crs.mode == CrsMode::Detect)
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
