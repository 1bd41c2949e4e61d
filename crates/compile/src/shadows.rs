//! Routes that are signed in, and open ones that take a path beside them.
//!
//! The gate tells `/orders`, `/orders/` and `/Orders` apart; many an origin does not. Where an
//! open route of the same origin takes such a neighbour, the sign-in can be walked around.

use lockgate_bundle::Bundle;
use lockgate_config::Loaded;
use lockgate_config::types::{Route, RouteAction};
use lockgate_route::{RouteMatch, Routes, SiteIndex};

use crate::Fault;

/// What is allowed and yet worth a look: for each signed-in route the open one that takes a
/// neighbour of its path.
#[must_use]
pub fn warnings(loaded: &Loaded, bundle: &Bundle) -> Vec<Fault> {
    let Ok(table) = Routes::load(bundle.routes.clone()) else {
        return Vec::new();
    };
    let all: Vec<&Route> = loaded
        .config
        .sites
        .values()
        .flat_map(|site| &site.routes)
        .collect();
    let mut found = Vec::new();
    for (number, (name, site)) in (0..).zip(&loaded.config.sites) {
        for (place, route) in site.routes.iter().enumerate() {
            let (Some(_), RouteAction::Origin(origin)) = (&route.sign_in, &route.action) else {
                continue;
            };
            let method = route
                .methods
                .first()
                .map_or("GET", |method| method.as_str());
            let open = |path: &str| match table.route(SiteIndex(number), method, path) {
                RouteMatch::Found { route, .. } => all
                    .get(usize::from(route.0))
                    .filter(|other| other.sign_in.is_none())
                    .filter(|other| matches!(&other.action, RouteAction::Origin(o) if o == origin)),
                _ => None,
            };
            let neighbours = neighbours(route.path.as_str());
            if let Some((path, other)) =
                neighbours.iter().find_map(|path| Some((path, open(path)?)))
            {
                let reason = format!(
                    "is signed in, but the open route {:?} takes {path:?}: if the origin reads \
                     both alike, nobody needs to sign in",
                    other.label()
                );
                let key = format!("sites.{name}.routes[{place}].path");
                found.push(Fault::new(key, reason).placed(&loaded.origins));
            }
        }
    }
    found
}

/// Paths that a lenient origin takes for a path of this pattern.
fn neighbours(pattern: &str) -> Vec<String> {
    let sample: Vec<&str> = pattern
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "x"
            } else {
                segment
            }
        })
        .collect();
    let path = sample.join("/");
    let slash = match path.strip_suffix('/') {
        Some("") | None => format!("{path}/"),
        Some(bare) => bare.to_owned(),
    };
    let mut case = path.clone();
    if let Some(letter) = case.find(|c: char| c.is_ascii_lowercase()) {
        let upper = case[letter..=letter].to_ascii_uppercase();
        case.replace_range(letter..=letter, &upper);
    }
    let mut found = vec![slash, case];
    found.retain(|other| *other != path && other != "//");
    found
}

#[cfg(test)]
mod tests {
    use super::neighbours;

    #[test]
    fn a_slash_more_or_less_and_another_case() {
        assert_eq!(neighbours("/orders"), ["/orders/", "/Orders"]);
        assert_eq!(neighbours("/a/{id}"), ["/a/x/", "/A/x"]);
        assert_eq!(neighbours("/a/"), ["/a", "/A/"]);
        assert_eq!(neighbours("/"), Vec::<String>::new());
    }
}
