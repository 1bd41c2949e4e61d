//! Environment variables over the files: `LOCKGATE__SERVER__BODY_BYTES_MAX` sets
//! `server.body_bytes_max`.

use crate::fault::{Fault, Provenance};
use crate::merge::lay;
use crate::shape::Shape;
use crate::spelling::nearest;
use crate::tree::{Entry, Node, Value, joined};

/// What the name of every such variable starts with.
pub const PREFIX: &str = "LOCKGATE__";

/// Sets each variable's key in the tree. A variable that names no key is a fault.
pub(crate) fn apply(
    root: &mut Node,
    shape: &Shape,
    env: &[(String, String)],
    faults: &mut Vec<Fault>,
) {
    for (variable, value) in env {
        let Some(rest) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        let at = Provenance::Environment {
            variable: variable.as_str().into(),
        };
        let segments: Vec<&str> = rest.split("__").collect();
        match find(root, shape, &segments) {
            Ok((path, leaf)) => {
                let layer = layer(&path, scalar(leaf, value), &at);
                lay(root, layer, Some(shape));
            }
            Err(missing) => faults.push(missing.fault(&at)),
        }
    }
}

/// Why a variable names no key.
struct Missing {
    path: String,
    reason: String,
    suggestion: Option<String>,
}

impl Missing {
    fn fault(self, at: &Provenance) -> Fault {
        Fault::new(at, &self.path, self.reason).suggest(self.suggestion)
    }
}

/// The keys on the way and the shape of the value.
fn find<'a>(
    root: &Node,
    shape: &'a Shape,
    segments: &[&str],
) -> Result<(Vec<String>, &'a Shape), Missing> {
    let mut shape = shape;
    let mut node = Some(root);
    let mut keys: Vec<String> = Vec::new();
    for (depth, segment) in segments.iter().enumerate() {
        let known: Vec<&str> = match shape {
            Shape::Table(table) => table.keys.keys().map(String::as_str).collect(),
            Shape::Map { .. } => node
                .into_iter()
                .flat_map(Node::entries)
                .map(|(name, _)| name)
                .collect(),
            _ => Vec::new(),
        };
        let mut same = known.iter().filter(|key| folded(key) == *segment);
        let key = match (same.next(), same.next()) {
            (Some(key), None) => *key,
            (Some(_), Some(_)) => {
                return Err(Missing {
                    path: path(&keys),
                    reason: format!("several names are written {segment} here"),
                    suggestion: None,
                });
            }
            (None, _) => {
                let spellings: Vec<String> = known.iter().map(|key| folded(key)).collect();
                let meant = nearest(segment, spellings.iter().map(String::as_str));
                return Err(Missing {
                    path: path(&keys),
                    reason: "sets no known key".to_owned(),
                    suggestion: meant.map(|meant| {
                        let mut words = segments.to_vec();
                        if let Some(word) = words.get_mut(depth) {
                            *word = meant;
                        }
                        format!("{PREFIX}{}", words.join("__"))
                    }),
                });
            }
        };
        keys.push(key.to_owned());
        node = node.and_then(|node| node.get(key));
        shape = match shape {
            Shape::Table(table) => match table.keys.get(key) {
                Some(key) => &key.shape,
                None => shape,
            },
            Shape::Map { value, .. } => value,
            _ => shape,
        };
    }
    match shape {
        Shape::Text(_) | Shape::Integer { .. } | Shape::Bool | Shape::Choice(_) => {
            Ok((keys, shape))
        }
        _ => Err(Missing {
            path: path(&keys),
            reason: "is not a single value; the environment sets only those".to_owned(),
            suggestion: None,
        }),
    }
}

/// How a key is written in the name of a variable.
pub(crate) fn folded(key: &str) -> String {
    key.to_ascii_uppercase().replace('-', "_")
}

fn path(keys: &[String]) -> String {
    keys.iter()
        .fold(String::new(), |path, key| joined(&path, key))
}

/// The text as the kind of value that the key takes; text, when it is none.
fn scalar(shape: &Shape, text: &str) -> Value {
    let value = match shape {
        Shape::Integer { .. } => text.trim().parse().ok().map(Value::Integer),
        Shape::Bool => text.trim().parse().ok().map(Value::Bool),
        _ => None,
    };
    value.unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// A document that holds this one value.
fn layer(path: &[String], value: Value, at: &Provenance) -> Node {
    let leaf = Node {
        value,
        at: at.clone(),
    };
    path.iter().rev().fold(leaf, |node, key| {
        let entry = Entry {
            key_at: at.clone(),
            node,
        };
        Node {
            value: Value::Table([(key.clone(), entry)].into()),
            at: at.clone(),
        }
    })
}
