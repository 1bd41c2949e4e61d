//! Header fields that a route sets on its responses: added to each as it leaves, never stored. A
//! field of the same name that the origin sent gives way; one that the gate made for this very
//! answer stays.

use lockgate_shell::Route;

use super::refused::{Fields, add};

/// Whether the route sets a field of this name.
pub(super) fn sets(route: &Route, name: &str) -> bool {
    let mut ours = route.response_headers.iter();
    ours.any(|(own, _)| own.eq_ignore_ascii_case(name))
}

/// Puts an answer's lines but for those that the route sets before the gate's own, which are of
/// the last that had it in hand (`Cache-Status`, RFC 9211 §2), and adds those of the route.
pub(super) fn add_replacing(fields: &mut Fields, route: &Route, mut lines: Fields) {
    lines.retain(|(name, _)| !sets(route, name));
    lines.append(fields);
    *fields = lines;
    add_all(fields, route);
}

/// Adds those of the route.
pub(super) fn add_all(fields: &mut Fields, route: &Route) {
    for (name, value) in &route.response_headers {
        add(fields, name, value.as_str());
    }
}

/// Adds those of the route that are not there.
pub(super) fn add_missing(fields: &mut Fields, route: &Route) {
    for (name, value) in &route.response_headers {
        if !fields
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            add(fields, name, value.as_str());
        }
    }
}
