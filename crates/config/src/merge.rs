//! Layers: a later document over an earlier one.

use std::collections::BTreeMap;
use std::collections::btree_map;

use crate::shape::{Shape, TableShape};
use crate::tree::{Entry, Node, Value};

/// Lays `over` on `base`: tables are merged key by key, anything else is replaced. Of keys that
/// exclude each other (`secrets.NAME.file` and `.env`) the later layer's wins.
pub(crate) fn lay(base: &mut Node, over: Node, shape: Option<&Shape>) {
    match (&mut base.value, over.value) {
        (Value::Table(below), Value::Table(above)) => tables(below, above, shape),
        (_, value) => {
            base.value = value;
            base.at = over.at;
        }
    }
}

fn tables(
    below: &mut BTreeMap<String, Entry>,
    above: BTreeMap<String, Entry>,
    shape: Option<&Shape>,
) {
    if let Some(Shape::Table(table)) = shape
        && above.keys().any(|key| table.exactly_one.contains(key))
    {
        below.retain(|key, _| above.contains_key(key) || !table.exactly_one.contains(key));
    }
    for (key, entry) in above {
        let inner = inner(shape, &key);
        match below.entry(key) {
            btree_map::Entry::Vacant(vacant) => {
                vacant.insert(entry);
            }
            btree_map::Entry::Occupied(mut occupied) => {
                let old = occupied.get_mut();
                old.key_at = entry.key_at;
                lay(&mut old.node, entry.node, inner);
            }
        }
    }
}

/// The shape of what stands under `key`.
fn inner<'a>(shape: Option<&'a Shape>, key: &str) -> Option<&'a Shape> {
    match shape? {
        Shape::Table(TableShape { keys, .. }) => keys.get(key).map(|key| &key.shape),
        Shape::Map { value, .. } => Some(value),
        _ => None,
    }
}
