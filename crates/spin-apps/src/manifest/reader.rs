//! Reading tables key by key: what is not asked for is unknown, and said with its place.

use lockgate_config::document::{Node, Value, nearest};
use lockgate_config::{Fault, Provenance};

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Provenance,
    /// Its key, from the top of the file.
    pub path: String,
}

impl<T> Placed<T> {
    /// A fault at this place.
    #[must_use]
    pub fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(&self.at, &self.path, reason)
    }

    /// Another value at the same place.
    #[must_use]
    pub fn with<U>(&self, value: U) -> Placed<U> {
        Placed {
            value,
            at: self.at.clone(),
            path: self.path.clone(),
        }
    }
}

/// A table that is being read.
pub(super) struct Table<'n> {
    node: &'n Node,
    at: Provenance,
    path: String,
    known: Vec<&'static str>,
}

impl<'n> Table<'n> {
    /// The table at `path`; a fault where the value is none. `key_at` is where its key stands.
    pub(super) fn open(
        value: &Placed<&'n Node>,
        key_at: &Provenance,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        if !matches!(value.value.value, Value::Table(_)) {
            faults.push(expected(value, "a table"));
            return None;
        }
        Some(Self {
            node: value.value,
            at: key_at.clone(),
            path: value.path.clone(),
            known: Vec::new(),
        })
    }

    /// The document itself.
    pub(super) fn root(node: &'n Node) -> Self {
        Self {
            node,
            at: node.at.clone(),
            path: String::new(),
            known: Vec::new(),
        }
    }

    /// A fault of the table as a whole.
    pub(super) fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(&self.at, &self.path, reason)
    }

    /// Where the key of the table stands.
    pub(super) fn at(&self) -> &Provenance {
        &self.at
    }

    /// The value of a key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Placed<&'n Node>> {
        self.known.push(key);
        self.entry(key)
    }

    /// The value of a key whose content nobody looks at.
    pub(super) fn pass(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
    }

    /// A key that Spin knows and this host does not.
    pub(super) fn unsupported(&mut self, key: &'static str, why: &str, faults: &mut Vec<Fault>) {
        if let Some(value) = self.get(key) {
            let empty = match &value.value.value {
                Value::Array(items) => items.is_empty(),
                Value::Table(entries) => entries.is_empty(),
                _ => false,
            };
            if !empty {
                faults.push(value.fault(format!("is not supported by lockgate: {why}")));
            }
        }
    }

    /// All entries of a table whose keys are the user's.
    pub(super) fn all(&self) -> Vec<(&'n str, Placed<&'n Node>)> {
        let names: Vec<&str> = self.node.entries().map(|(name, _)| name).collect();
        names
            .into_iter()
            .filter_map(|name| Some((name, self.entry(name)?)))
            .collect()
    }

    fn entry(&self, key: &str) -> Option<Placed<&'n Node>> {
        let (_, entry) = self.node.entries().find(|(name, _)| *name == key)?;
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        Some(Placed {
            value: &entry.node,
            at: entry.key_at.clone(),
            path,
        })
    }

    /// Texts by key, of a table whose keys are the user's.
    pub(super) fn texts_by_name(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Vec<(String, Placed<String>)> {
        let Some(table) = self.table(key, faults) else {
            return Vec::new();
        };
        table
            .all()
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), text(&value, faults)?)))
            .collect()
    }

    /// The table under a key.
    pub(super) fn table(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<Table<'n>> {
        let value = self.get(key)?;
        Table::open(&value, &value.at, faults)
    }

    /// The text under a key.
    pub(super) fn text(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<Placed<String>> {
        text(&self.get(key)?, faults)
    }

    /// The text under a key that must be there.
    pub(super) fn needs_text(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Option<Placed<String>> {
        if self.entry(key).is_none() {
            self.known.push(key);
            faults.push(self.fault(format!("needs {key:?}")));
            return None;
        }
        self.text(key, faults)
    }

    /// The texts of the array under a key.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Vec<Placed<String>> {
        self.items(key, faults)
            .iter()
            .filter_map(|item| text(item, faults))
            .collect()
    }

    /// The items of the array under a key.
    pub(super) fn items(
        &mut self,
        key: &'static str,
        faults: &mut Vec<Fault>,
    ) -> Vec<Placed<&'n Node>> {
        match self.get(key) {
            Some(value) => items(&value, faults),
            None => Vec::new(),
        }
    }

    /// The boolean under a key.
    pub(super) fn flag(&mut self, key: &'static str, faults: &mut Vec<Fault>) -> Option<bool> {
        let value = self.get(key)?;
        match value.value.value {
            Value::Bool(flag) => Some(flag),
            _ => {
                faults.push(expected(&value, "a boolean"));
                None
            }
        }
    }

    /// The integer under a key, from `min` to `max`.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        (min, max): (u64, u64),
        faults: &mut Vec<Fault>,
    ) -> Option<u64> {
        let value = self.get(key)?;
        let Value::Integer(number) = value.value.value else {
            faults.push(expected(&value, "an integer"));
            return None;
        };
        match u64::try_from(number) {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            _ => {
                faults.push(value.fault(format!("must be from {min} to {max}")));
                None
            }
        }
    }

    /// Says of every key that was not asked for that it is unknown.
    pub(super) fn finish(self, faults: &mut Vec<Fault>) {
        for (name, value) in self.all() {
            if !self.known.contains(&name) {
                let near = nearest(name, self.known.iter().copied());
                faults.push(value.fault("unknown key").suggest(near));
            }
        }
    }
}

/// The text of a value.
pub(super) fn text(value: &Placed<&Node>, faults: &mut Vec<Fault>) -> Option<Placed<String>> {
    match &value.value.value {
        Value::Text(text) => Some(Placed {
            value: text.clone(),
            at: value.value.at.clone(),
            path: value.path.clone(),
        }),
        _ => {
            faults.push(expected(value, "a string"));
            None
        }
    }
}

/// The items of an array.
pub(super) fn items<'n>(
    value: &Placed<&'n Node>,
    faults: &mut Vec<Fault>,
) -> Vec<Placed<&'n Node>> {
    let Value::Array(items) = &value.value.value else {
        faults.push(expected(value, "an array"));
        return Vec::new();
    };
    items
        .iter()
        .enumerate()
        .map(|(i, item)| Placed {
            value: item,
            at: item.at.clone(),
            path: format!("{}[{i}]", value.path),
        })
        .collect()
}

/// The value is of another kind than it must be.
pub(super) fn expected(value: &Placed<&Node>, what: &str) -> Fault {
    let found = value.value.kind();
    Fault::new(
        &value.value.at,
        &value.path,
        format!("expected {what}, found {found}"),
    )
}
