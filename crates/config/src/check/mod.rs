//! What the schema cannot say: conditions between keys. Each works on the tree, so that it
//! reports what it can even when other parts are broken.

mod expressions;
mod files;
mod images;
mod listeners;
mod routes;
mod rules;
mod sign_in;
mod sites;
mod uploads;
mod versions;

use crate::fault::Fault;
use crate::tree::Node;

pub(crate) use expressions::{expressions, names};
pub(crate) use files::{folder, jwks, pem};
pub(crate) use rules::{rules, statements};

/// Checks the conditions between the keys of `gateway.toml`.
pub(crate) fn gateway(root: &Node, faults: &mut Vec<Fault>) {
    listeners::addresses(root, faults);
    listeners::tls(root, faults);
    sites::hosts(root, faults);
    sites::certificates(root, faults);
    routes::duplicates(root, faults);
    routes::sign_in(root, faults);
    routes::actions(root, faults);
    routes::response_headers(root, faults);
    sign_in::keys(root, faults);
    images::sizes(root, faults);
    images::sources(root, faults);
    images::presets_only(root, faults);
    images::preset_options(root, faults);
    images::signatures(root, faults);
    images::addresses(root, faults);
    uploads::routes(root, faults);
    versions::folders(root, faults);
    versions::tokens(root, faults);
}

/// `sites.NAME` of each site, with its table.
fn sites(root: &Node) -> impl Iterator<Item = (String, &Node)> {
    root.entries_of("sites")
        .map(|(name, entry)| (crate::tree::joined("sites", name), &entry.node))
}

/// `sites.NAME.routes[N]` of each route of a site, with its table.
fn routes_of<'a>(path: &str, site: &'a Node) -> Vec<(String, &'a Node)> {
    let items = site.items_of("routes").iter().enumerate();
    items
        .map(|(i, route)| (format!("{path}.routes[{i}]"), route))
        .collect()
}

/// The routes of all sites.
fn routes(root: &Node) -> impl Iterator<Item = (String, &Node)> {
    sites(root).flat_map(|(path, site)| routes_of(&path, site))
}
