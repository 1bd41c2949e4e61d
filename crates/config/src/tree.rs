//! A TOML document as a tree in which every key and value knows where it comes from.

use std::collections::BTreeMap;

use crate::fault::Provenance;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub at: Provenance,
}

/// A TOML value. Kinds that no key takes have no content.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Text(String),
    /// Wider than TOML's, so that a number out of range is told apart from none.
    Integer(i128),
    /// A boolean.
    Bool(bool),
    /// A float.
    Float,
    /// A date, a time or both, as RFC 3339 writes it.
    DateTime(String),
    /// An array.
    Array(Vec<Node>),
    /// A table.
    Table(BTreeMap<String, Entry>),
}

/// A key of a table: where it stands, and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub key_at: Provenance,
    /// Its value.
    pub node: Node,
}

impl Node {
    pub(crate) fn empty_table(at: Provenance) -> Self {
        Self {
            value: Value::Table(BTreeMap::new()),
            at,
        }
    }

    /// Adds a rule file to those of a site of this name.
    pub(crate) fn push_rules(&mut self, site: &str, file: &std::path::Path, at: &Provenance) {
        let mut node = self;
        for key in ["sites", site] {
            let Value::Table(entries) = &mut node.value else {
                return;
            };
            let entry = entries.entry(key.to_owned()).or_insert_with(|| Entry {
                key_at: at.clone(),
                node: Self::empty_table(at.clone()),
            });
            node = &mut entry.node;
        }
        let Value::Table(entries) = &mut node.value else {
            return;
        };
        let entry = entries.entry("rules".to_owned()).or_insert_with(|| Entry {
            key_at: at.clone(),
            node: Self {
                value: Value::Array(Vec::new()),
                at: at.clone(),
            },
        });
        if let Value::Array(files) = &mut entry.node.value {
            files.push(Self {
                value: Value::Text(file.to_string_lossy().into_owned()),
                at: at.clone(),
            });
        }
    }

    /// The kind of the value, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Bool(_) => "a boolean",
            Value::Float => "a float",
            Value::DateTime(_) => "a date-time",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// The value of a key of a table.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Table(entries) => entries.get(key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The entries of a table; none of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        let entries = match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        };
        entries.into_iter().flatten().map(|(k, v)| (k.as_str(), v))
    }

    /// The entries of the table under `key`.
    pub(crate) fn entries_of(&self, key: &str) -> impl Iterator<Item = (&str, &Entry)> {
        self.get(key).into_iter().flat_map(Node::entries)
    }

    /// The items of the array under `key`; none of anything else.
    pub(crate) fn items_of(&self, key: &str) -> &[Node] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::Array(items)) => items,
            _ => &[],
        }
    }

    /// A string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        match self.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::as_text)
    }

    /// The value for serde. Kinds that no key takes become null.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) | Value::DateTime(text) => text.as_str().into(),
            Value::Integer(number) => i64::try_from(*number).map_or_else(
                |_| u64::try_from(*number).map_or(serde_json::Value::Null, Into::into),
                Into::into,
            ),
            Value::Bool(bit) => (*bit).into(),
            Value::Float => serde_json::Value::Null,
            Value::Array(items) => items.iter().map(Node::to_json).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|(key, entry)| (key.clone(), entry.node.to_json()))
                .collect(),
        }
    }
}

/// Appends a key to the path of a table, quoted where TOML would quote it.
pub(crate) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !key.is_empty() && key.bytes().all(bare) {
        path.push_str(key);
    } else {
        path.push_str(&crate::spelling::quoted(key));
    }
}

/// The path of a key in a table.
pub(crate) fn joined(table: &str, key: &str) -> String {
    let mut path = table.to_owned();
    push_key(&mut path, key);
    path
}
