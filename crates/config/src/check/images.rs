//! Sizes of pictures.

use crate::fault::Fault;
use crate::tree::{Node, joined};
use crate::types::ImagePool;

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
        for (i, node) in image.items_of("widths").iter().enumerate() {
            named.push((format!("{path}.image.widths[{i}]"), node));
        }
    }
    for (path, node) in named {
        if node.as_integer().is_some_and(|pixels| pixels > max) {
            let reason = format!("is more than image.dimension_max, {max}");
            faults.push(Fault::new(&node.at, &path, reason));
        }
    }
}
