//! Every value with its origin, defaults included.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::fault::Provenance;
use crate::load::Loaded;
use crate::tree::{Node, Value, joined};

/// Where values come from, by key path: `sites.shop.routes[0].path`. Arrays of plain values have
/// one entry for the whole.
pub type ProvenanceMap = BTreeMap<String, Provenance>;

/// A value as `lockgate config show` lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownValue {
    /// The rule file that it is in. `None`: the gateway's configuration.
    pub rules_file: Option<PathBuf>,
    /// Its key, from the top of the document.
    pub path: String,
    /// The value as TOML writes it; `unset` for a key without value. Never a secret: the
    /// configuration holds only their names.
    pub value: String,
    /// Where it comes from.
    pub origin: Provenance,
}

impl fmt::Display for ShownValue {
    /// `server.threads = 0  # default`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}  # {}", self.path, self.value, self.origin)
    }
}

/// Lists every value: first the gateway's configuration, then each rule file; in each by key.
/// What list files hold is left out.
#[must_use]
pub fn show(loaded: &Loaded) -> Vec<ShownValue> {
    let mut shown = Vec::new();
    document(None, &loaded.config, &loaded.origins, &mut shown);
    for (file, rules) in &loaded.rules {
        if let Some(origins) = loaded.rules_origins.get(file) {
            document(Some(file), rules, origins, &mut shown);
        }
    }
    shown
}

fn document(
    file: Option<&PathBuf>,
    document: &impl Serialize,
    origins: &ProvenanceMap,
    shown: &mut Vec<ShownValue>,
) {
    // The types have only text keys and finite numbers, which JSON always takes.
    let values = serde_json::to_value(document).unwrap_or_default();
    let mut push = |path: &str, value: String| {
        shown.push(ShownValue {
            rules_file: file.cloned(),
            path: path.to_owned(),
            value,
            origin: origins.get(path).cloned().unwrap_or_default(),
        });
    };
    leaves(&values, "", &mut push);
}

fn leaves(value: &serde_json::Value, path: &str, push: &mut impl FnMut(&str, String)) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                leaves(value, &joined(path, key), push);
            }
        }
        serde_json::Value::Array(items) if items.iter().any(serde_json::Value::is_object) => {
            for (i, item) in items.iter().enumerate() {
                leaves(item, &format!("{path}[{i}]"), push);
            }
        }
        serde_json::Value::Null => push(path, "unset".to_owned()),
        value => push(path, value.to_string()),
    }
}

/// Where the values of a tree come from.
pub(crate) fn provenance(root: &Node) -> ProvenanceMap {
    let mut map = ProvenanceMap::new();
    collect(root, "", &mut map);
    map
}

fn collect(node: &Node, path: &str, map: &mut ProvenanceMap) {
    match &node.value {
        Value::Table(_) => {
            for (key, entry) in node.entries() {
                collect(&entry.node, &joined(path, key), map);
            }
        }
        Value::Array(items) if items.iter().any(|i| matches!(i.value, Value::Table(_))) => {
            for (i, item) in items.iter().enumerate() {
                collect(item, &format!("{path}[{i}]"), map);
            }
        }
        _ => {
            map.insert(path.to_owned(), node.at.clone());
        }
    }
}
