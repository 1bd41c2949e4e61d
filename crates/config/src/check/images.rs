//! Pictures: sizes that can be made, sources that can be held.

use crate::fault::Fault;
use crate::tree::{Node, Value, joined};
use crate::types::ImagePool;

/// The largest source that is taken must have room.
pub(super) fn sources(root: &Node, faults: &mut Vec<Fault>) {
    let Some(image) = root.get("image") else {
        return;
    };
    let bytes = |key: &str, default: u64| {
        let node = image.get(key);
        let value = node.map_or(Some(i128::from(default)), Node::as_integer);
        value.map(|value| (node, value))
    };
    let default = ImagePool::default();
    let all = bytes("sources_bytes_max", default.sources_bytes_max);
    let one = bytes("source_bytes_max", default.source_bytes_max);
    if let (Some((all_at, all)), Some((one_at, one))) = (all, one)
        && all < one
    {
        let (node, path, reason) = match (all_at, one_at) {
            (Some(node), _) => (
                node,
                "image.sources_bytes_max",
                format!("is less than image.source_bytes_max, {one}"),
            ),
            (None, Some(node)) => (
                node,
                "image.source_bytes_max",
                format!("is more than image.sources_bytes_max, {all}"),
            ),
            (None, None) => return,
        };
        faults.push(Fault::new(&node.at, path, reason));
    }
}

/// Nobody offers a size that the image component refuses.
pub(super) fn sizes(root: &Node, faults: &mut Vec<Fault>) {
    let max = root
        .get("image")
        .and_then(|image| image.get("dimension_max"))
        .and_then(Node::as_integer)
        .unwrap_or_else(|| i128::from(ImagePool::default().dimension_max));
    let mut named: Vec<(String, &Node)> = Vec::new();
    for (name, entry) in root.entries_of("image_presets") {
        let path = joined("image_presets", name);
        for key in ["width", "height"] {
            if let Some(node) = entry.node.get(key) {
                named.push((format!("{path}.{key}"), node));
            }
        }
    }
    for (path, route) in super::routes(root) {
        let Some(image) = route.get("image") else {
            continue;
        };
        for key in ["widths", "heights"] {
            for (i, node) in image.items_of(key).iter().enumerate() {
                named.push((format!("{path}.image.{key}[{i}]"), node));
            }
        }
    }
    for (path, node) in named {
        if node.as_integer().is_some_and(|pixels| pixels > max) {
            let reason = format!("is more than image.dimension_max, {max}");
            faults.push(Fault::new(&node.at, &path, reason));
        }
    }
}

/// A route that offers presets alone has some, and no list without effect.
pub(super) fn presets_only(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        let Some(image) = route.get("image") else {
            continue;
        };
        let Some(only) = image.get("presets_only") else {
            continue;
        };
        if !matches!(only.value, Value::Bool(true)) {
            continue;
        }
        if image.items_of("presets").is_empty() {
            let path = format!("{path}.image.presets_only");
            faults.push(Fault::new(&only.at, &path, "needs \"presets\""));
        }
        for key in ["widths", "heights", "qualities"] {
            if let Some(node) = image.get(key) {
                let path = format!("{path}.image.{key}");
                let reason = "has no effect with \"presets_only\"";
                faults.push(Fault::new(&node.at, &path, reason));
            }
        }
    }
}
