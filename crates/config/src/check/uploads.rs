//! Routes whose requests bring the picture along: what such a route cannot have.

use crate::fault::Fault;
use crate::tree::{Node, Value};
use crate::types::UPLOAD_METHOD;

/// Whether the requests of a route bring the picture along.
pub(super) fn is_upload(route: &Node) -> bool {
    let upload = route.get("image").and_then(|image| image.get("upload"));
    upload.is_some_and(|node| matches!(node.value, Value::Bool(true)))
}

/// There is nobody to fetch from, nothing to keep, and one method.
pub(super) fn routes(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        let Some(image) = route.get("image").filter(|_| is_upload(route)) else {
            continue;
        };
        let mut say = |node: &Node, key: &str, reason: &str| {
            faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
        };
        let no_effect = "has no effect with \"image.upload\"";
        for key in ["origin", "strip_prefix", "add_prefix", "cache"] {
            if let Some(node) = route.get(key) {
                say(node, key, no_effect);
            }
        }
        if let Some(node) = route.get("body_bytes_max") {
            let reason = "has no effect with \"image.upload\"; \"image.source_bytes_max\" has";
            say(node, "body_bytes_max", reason);
        }
        for (i, node) in route.items_of("methods").iter().enumerate() {
            if node.as_text().is_some_and(|method| method != UPLOAD_METHOD) {
                let reason = "\"image.upload\" takes POST alone";
                say(node, &format!("methods[{i}]"), reason);
            }
        }
        if let Some(node) = image.get("fallback") {
            say(node, "image.fallback", no_effect);
        }
        let address = image.get("address");
        if let Some(node) = address.filter(|node| node.as_text() != Some("lockgate")) {
            let reason = "names sources, and with \"image.upload\" the body is the source";
            say(node, "image.address", reason);
        }
        for (i, node) in image.items_of("watermarks").iter().enumerate() {
            let marks = root.get("image_watermarks");
            let mark = node.as_text().and_then(|name| marks?.get(name));
            if mark.is_some_and(|mark| mark.get("path").is_some()) {
                let reason = "is at a path of an origin, and a route with \"image.upload\" has \
                              none; a \"file\" can be used";
                say(node, &format!("image.watermarks[{i}]"), reason);
            }
        }
    }
}
