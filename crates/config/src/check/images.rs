//! Pictures: sizes that can be made, sources that can be held.

use lockgate_image_options::Options;

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
    let max = dimension_max(root);
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

/// A preset is one text, or keys; its sides can be made and its watermark is there.
pub(super) fn preset_options(root: &Node, faults: &mut Vec<Fault>) {
    let max = dimension_max(root);
    for (name, entry) in root.entries_of("image_presets") {
        let path = joined("image_presets", name);
        let Some(node) = entry.node.get("options") else {
            continue;
        };
        for key in ["width", "height", "fit", "quality", "format"] {
            if let Some(node) = entry.node.get(key) {
                let reason = "has no effect beside \"options\"";
                faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
            }
        }
        // What is wrong with the text itself is said by the grammar of its key.
        let Some(options) = node.as_text().and_then(|text| Options::parse(text).ok()) else {
            continue;
        };
        let path = format!("{path}.options");
        for (name, side) in [("w", options.width), ("h", options.height)] {
            if side.is_some_and(|side| i128::from(side) > max) {
                let reason = format!("{name} is more than image.dimension_max, {max}");
                faults.push(Fault::new(&node.at, &path, reason));
            }
        }
        if let Some(mark) = options.watermark {
            let mut names = root.entries_of("image_watermarks").map(|(name, _)| name);
            if !names.any(|name| *name == mark.source) {
                let reason = format!("there is no image_watermarks.{}", mark.source);
                faults.push(Fault::new(&node.at, &path, reason));
            }
        }
    }
}

/// Signatures have keys, and keys sign something.
pub(super) fn signatures(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        let Some(image) = route.get("image") else {
            continue;
        };
        let path = format!("{path}.image");
        let signed = image.get("signed").filter(|node| {
            let word = node.as_text();
            matches!(word, Some("optional" | "required"))
        });
        let keys = image.items_of("keys");
        match signed {
            Some(node) if keys.is_empty() => {
                let path = format!("{path}.signed");
                faults.push(Fault::new(&node.at, &path, "needs \"keys\""));
            }
            None => {
                for key in ["keys", "salts"] {
                    if let Some(node) = image.get(key) {
                        let reason = "has no effect without \"signed\"";
                        faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
                    }
                }
            }
            Some(_) => {}
        }
        let Some(salts) = image.get("salts") else {
            continue;
        };
        let path = format!("{path}.salts");
        if image.text_of("address") != Some("imgproxy") {
            let reason = "has no effect without address = \"imgproxy\"";
            faults.push(Fault::new(&salts.at, &path, reason));
        } else if image.items_of("salts").len() != keys.len() {
            let reason = "has not as many values as \"keys\"";
            faults.push(Fault::new(&salts.at, &path, reason));
        }
    }
}

/// Another service's addresses are all that follows in a path; Lockgate's own have their place.
pub(super) fn addresses(root: &Node, faults: &mut Vec<Fault>) {
    for (path, route) in super::routes(root) {
        let (Some(image), Some(pattern)) = (route.get("image"), route.text_of("path")) else {
            continue;
        };
        let address = image.get("address");
        let theirs = address.filter(|node| {
            let word = node.as_text();
            matches!(word, Some("aws" | "thumbor" | "imgproxy"))
        });
        let mut say = |node: &Node, key: &str, reason: &str| {
            faults.push(Fault::new(&node.at, &format!("{path}.{key}"), reason));
        };
        let Some(theirs) = theirs else {
            if let Some(node) = image.get("sources") {
                let reason = "has no effect without \"address\" of another service";
                say(node, "image.sources", reason);
            }
            // Behind them is the path of the source, of which an upload has none.
            if pattern.ends_with("/{options}")
                && !super::uploads::is_upload(route)
                && let Some(node) = route.get("path")
            {
                say(node, "path", "has nothing behind {options}");
            }
            continue;
        };
        let parameters: Vec<&str> = pattern.split('{').skip(1).collect();
        let whole = matches!(parameters.as_slice(), [one] if one.starts_with('*'));
        if !whole {
            let reason = "needs a path that ends in {*address} and has no other parameter";
            say(theirs, "image.address", reason);
        }
        for key in ["strip_prefix", "add_prefix"] {
            if let Some(node) = route.get(key) {
                let reason = "has no effect with \"image.address\"; \"image.sources\" has";
                say(node, key, reason);
            }
        }
    }
}

fn dimension_max(root: &Node) -> i128 {
    root.get("image")
        .and_then(|image| image.get("dimension_max"))
        .and_then(Node::as_integer)
        .unwrap_or_else(|| i128::from(ImagePool::default().dimension_max))
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
        for key in ["widths", "heights", "qualities", "round_up"] {
            if let Some(node) = image.get(key) {
                let path = format!("{path}.image.{key}");
                let reason = "has no effect with \"presets_only\"";
                faults.push(Fault::new(&node.at, &path, reason));
            }
        }
    }
}
