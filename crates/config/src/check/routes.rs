//! Routes: no two alike, and no key without effect.

use std::collections::BTreeSet;

use lockgate_route::{RouteError, RouteTableBuilder};

use crate::fault::Fault;
use crate::tree::{Node, joined};
use crate::types::UPLOAD_METHOD;
use crate::types::grammar::METHODS;

/// No two routes of a site take the same path with the same method: the table that serves the
/// site must take each of them.
pub(super) fn duplicates(root: &Node, faults: &mut Vec<Fault>) {
    for (site_path, site) in super::sites(root) {
        let mut table = RouteTableBuilder::new();
        let Ok(index) = table.add_site("", &["localhost"]) else {
            continue;
        };
        for (path, route) in super::routes_of(&site_path, site) {
            let Some((pattern, text)) = route.get("path").and_then(|p| Some((p, p.as_text()?)))
            else {
                continue;
            };
            let methods = route.items_of("methods").iter().filter_map(Node::as_text);
            // Said once more of a method that stands there twice or is none, this would confuse.
            let methods: BTreeSet<&str> = methods.filter(|m| METHODS.contains(m)).collect();
            let mut methods: Vec<&str> = methods.into_iter().collect();
            if super::uploads::is_upload(route) && methods.is_empty() {
                methods.push(UPLOAD_METHOD);
            }
            if methods.is_empty() && !route.items_of("methods").is_empty() {
                continue;
            }
            match table.add_route(index, &methods, text) {
                // A pattern that is none is reported by the grammar of its key.
                Ok(_) | Err(RouteError::Pattern { .. }) => {}
                Err(error) => {
                    let path = format!("{path}.path");
                    faults.push(Fault::new(&pattern.at, &path, error.to_string()));
                }
            }
        }
    }
}

/// What asks about a signed-in subject needs a sign-in.
pub(super) fn sign_in(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        if route.get("sign_in").is_some() {
            continue;
        }
        for key in ["scopes", "claims"] {
            if let Some(node) = route.get(key) {
                let reason = "needs \"sign_in\" on the route";
                faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
            }
        }
        if let Some(node) = route.get("cache").and_then(|cache| cache.get("audience"))
            && node.as_text() == Some("private")
        {
            let path = format!("{path}.cache.audience");
            let reason = "\"private\" needs \"sign_in\" on the route";
            faults.push(Fault::new(&node.at, &path, reason));
        }
    }
}

/// Keys that only work with an origin; a prefix that the path has.
pub(super) fn actions(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        if route.get("respond").is_some() && route.get("origin").is_none() {
            for key in [
                "strip_prefix",
                "add_prefix",
                "body_bytes_max",
                "cache",
                "image",
            ] {
                if let Some(node) = route.get(key) {
                    let reason = "has no effect with \"respond\"";
                    faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
                }
            }
        }
        let Some(node) = route.get("strip_prefix") else {
            continue;
        };
        if let (Some(prefix), Some(pattern)) = (node.as_text(), route.text_of("path"))
            && !starts_with(pattern, prefix)
        {
            let reason = format!("the path {pattern:?} does not start with it");
            faults.push(Fault::new(
                &node.at,
                &format!("{path}.strip_prefix"),
                reason,
            ));
        }
    }
}

/// Whether a prefix is whole segments of a path.
fn starts_with(pattern: &str, prefix: &str) -> bool {
    match pattern.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Header fields that belong to the server and its connection (RFC 9110, sections 7.6.1 and 8.6),
/// and those in which the gate says what it did.
const OWN_FIELDS: &[&str] = &[
    "age",
    "cache-status",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "lockgate-image",
    "proxy-connection",
    "ratelimit",
    "ratelimit-policy",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

/// Routes do not set the header fields that the server sets.
pub(super) fn response_headers(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        for (name, entry) in route.entries_of("response_headers") {
            if OWN_FIELDS.contains(&name.to_ascii_lowercase().as_str()) {
                let path = joined(&format!("{path}.response_headers"), name);
                faults.push(Fault::new(
                    &entry.key_at,
                    &path,
                    "is set by the server alone",
                ));
            }
        }
    }
}
