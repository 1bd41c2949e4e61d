//! Checks a tree against the shape of its document: keys, kinds, words, ranges and grammars.

use std::path::Path;

use crate::fault::{Fault, Provenance};
use crate::instead::Instead;
use crate::shape::{self, ArrayShape, Shape, TableShape, TextShape};
use crate::spelling::{nearest, quoted};
use crate::tree::{Entry, Node, Value, push_key};
use crate::types::{Cidr, grammar, image_grammar, rule_grammar};

/// What a walk finds.
#[derive(Default)]
pub(crate) struct Findings {
    /// Names that must stand in another table of the document.
    pub(crate) references: Vec<Reference>,
    /// Files that are named.
    pub(crate) files: Vec<NamedFile>,
}

/// A name that must stand in another table.
pub(crate) struct Reference {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) at: Provenance,
    pub(crate) path: String,
}

/// A file that is named.
pub(crate) struct NamedFile {
    /// The use: `rules`, `certificate`, `private-key`, `jwks`, `ip-list`, `user-agent-list`,
    /// `secret`, `output`, `crs-release`, `seclang`, `rules-folder`, `state` or
    /// `watermark`.
    pub(crate) used_as: String,
    pub(crate) file: std::path::PathBuf,
    pub(crate) at: Provenance,
    pub(crate) path: String,
}

/// Walks the whole document. `whole`: it was understood entirely, so that what is missing is
/// really missing. Paths become relative to the file that names them; `base` stands for the
/// environment. `instead`: files that are read in place of others.
pub(crate) fn walk(
    root: &mut Node,
    shape: &Shape,
    (base, instead): (&Path, Option<&Instead>),
    whole: bool,
    faults: &mut Vec<Fault>,
) -> Findings {
    let mut walk = Walk {
        base,
        instead,
        whole,
        path: String::new(),
        faults,
        findings: Findings::default(),
    };
    let at = root.at.clone();
    walk.node(root, shape, &at);
    walk.findings
}

struct Walk<'a> {
    base: &'a Path,
    instead: Option<&'a Instead>,
    whole: bool,
    path: String,
    faults: &'a mut Vec<Fault>,
    findings: Findings,
}

impl Walk<'_> {
    fn fault(&mut self, at: &Provenance, reason: impl Into<String>) {
        self.faults.push(Fault::new(at, &self.path, reason));
    }

    fn suggest(&mut self, at: &Provenance, reason: impl Into<String>, meant: Option<&str>) {
        let fault = Fault::new(at, &self.path, reason).suggest(meant);
        self.faults.push(fault);
    }

    /// Runs `inner` with a longer path.
    fn under(&mut self, extend: impl FnOnce(&mut String), inner: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        extend(&mut self.path);
        inner(self);
        self.path.truncate(length);
    }

    fn node(&mut self, node: &mut Node, shape: &Shape, key_at: &Provenance) {
        let kind = node.kind();
        let at = node.at.clone();
        match (&mut node.value, shape) {
            (Value::Table(entries), Shape::Table(table)) => self.table(entries, table, key_at),
            (Value::Table(entries), Shape::Map { value, names }) => {
                self.map(entries, value, names.as_deref());
            }
            (Value::Array(items), Shape::Array(array)) => self.array(items, array, &at),
            (Value::Text(text), Shape::Text(shape)) => self.text(text, shape, &at),
            (Value::DateTime(text), Shape::Text(shape))
                if shape.format.as_deref() == Some("date") =>
            {
                self.text(text, shape, &at);
            }
            (_, Shape::Statement) => {
                if let Some(shape) = shape::statement() {
                    self.node(node, shape, key_at);
                }
            }
            (Value::Text(word), Shape::Choice(words)) => self.choice(word, words, &at),
            (Value::Integer(number), Shape::Integer { min, max, only }) => {
                self.integer(*number, (*min, *max), *only, &at);
            }
            (Value::Bool(_), Shape::Bool) => {}
            (_, Shape::Any(shapes)) => match shapes.iter().find(|shape| expected(shape) == kind) {
                Some(shape) => self.node(node, shape, key_at),
                None => {
                    let kinds: Vec<&str> = shapes.iter().map(expected).collect();
                    let reason = format!("expected {}, found {kind}", kinds.join(" or "));
                    self.fault(&at, reason);
                }
            },
            _ => self.fault(&at, format!("expected {}, found {kind}", expected(shape))),
        }
    }

    fn table(
        &mut self,
        entries: &mut std::collections::BTreeMap<String, Entry>,
        shape: &TableShape,
        at: &Provenance,
    ) {
        let mut meant = Vec::new();
        for (name, entry) in entries.iter_mut() {
            let key = shape.keys.get(name);
            self.under(
                |path| push_key(path, name),
                |walk| match key {
                    Some(key) => walk.node(&mut entry.node, &key.shape, &entry.key_at),
                    None => {
                        let near = nearest(name, shape.keys.keys().map(String::as_str));
                        walk.suggest(&entry.key_at, "unknown key", near);
                        meant.extend(near);
                    }
                },
            );
        }
        // A key that is there under a wrong spelling is not missing as well.
        let given = |name: &String| entries.contains_key(name) || meant.contains(&name.as_str());
        let here = |names: &[String]| names.iter().filter(|n| given(n)).count();
        for (name, key) in &shape.keys {
            if key.required && !given(name) && self.whole {
                self.fault(at, format!("needs {name:?}"));
            }
        }
        if self.whole && !shape.at_least_one.is_empty() && here(&shape.at_least_one) == 0 {
            let names = listed(&shape.at_least_one, "or");
            self.fault(at, format!("needs {names}"));
        }
        let needs_none = shape.none_with.as_ref().is_some_and(|(table, key)| {
            let inner = entries.get(table).and_then(|entry| entry.node.get(key));
            inner.is_some_and(|node| matches!(node.value, Value::Bool(true)))
        });
        let needed = self.whole && !needs_none && !shape.exactly_one.is_empty();
        if needed && here(&shape.exactly_one) == 0 {
            let names = listed(&shape.exactly_one, "or");
            self.fault(at, format!("needs {names}"));
        }
        let mut exclusive: Vec<_> = entries
            .iter()
            .filter(|(name, _)| shape.exactly_one.contains(name))
            .map(|(name, entry)| (entry.key_at.clone(), name.clone()))
            .collect();
        exclusive.sort();
        if let [_, .., (last, _)] = exclusive.as_slice() {
            let names: Vec<String> = exclusive.iter().map(|(_, name)| name.clone()).collect();
            let reason = format!("{} exclude each other", listed(&names, "and"));
            let last = last.clone();
            self.fault(&last, reason);
        }
    }

    fn map(
        &mut self,
        entries: &mut std::collections::BTreeMap<String, Entry>,
        shape: &Shape,
        names: Option<&str>,
    ) {
        for (name, entry) in entries {
            self.under(
                |path| push_key(path, name),
                |walk| {
                    if let Some(reason) = names.and_then(|names| misspelt(names, name)) {
                        walk.fault(&entry.key_at, reason);
                    }
                    walk.node(&mut entry.node, shape, &entry.key_at);
                },
            );
        }
    }

    fn array(&mut self, items: &mut [Node], shape: &ArrayShape, at: &Provenance) {
        let length = items.len() as u64;
        if length < shape.min {
            self.fault(at, format!("needs at least {} value", shape.min));
        }
        if length > shape.max {
            self.fault(
                at,
                format!("has {length} values; at most {} are allowed", shape.max),
            );
        }
        let mut seen = std::collections::BTreeSet::new();
        for (i, item) in items.iter_mut().enumerate() {
            let at = item.at.clone();
            self.under(
                |path| path.push_str(&format!("[{i}]")),
                |walk| {
                    if shape.unique
                        && let Value::Text(text) = &item.value
                        && !seen.insert(text.clone())
                    {
                        walk.fault(&at, format!("{} stands here twice", quoted(text)));
                    }
                    walk.node(item, &shape.item, &at);
                },
            );
        }
    }

    fn integer(
        &mut self,
        number: i128,
        (min, max): (i128, i128),
        only: Option<i128>,
        at: &Provenance,
    ) {
        match only {
            Some(only) if number != only => self.fault(at, format!("must be {only}")),
            None if number < min || number > max => {
                self.fault(at, format!("must be from {min} to {max}"));
            }
            _ => {}
        }
    }

    fn choice(&mut self, word: &str, words: &[(String, String)], at: &Provenance) {
        if words.iter().any(|(w, _)| w == word) {
            return;
        }
        let words: Vec<String> = words.iter().map(|(w, _)| w.clone()).collect();
        let near = nearest(word, words.iter().map(String::as_str));
        let mut reason = format!("unknown value {}", quoted(word));
        if near.is_none() {
            reason.push_str(&format!("; expected {}", listed(&words, "or")));
        }
        self.suggest(at, reason, near);
    }

    fn text(&mut self, text: &mut String, shape: &TextShape, at: &Provenance) {
        let length = text.len() as u64;
        if length < shape.min {
            return self.fault(at, "must not be empty");
        }
        if length > shape.max {
            return self.fault(
                at,
                format!("has {length} bytes; at most {} are allowed", shape.max),
            );
        }
        if let Some(format) = &shape.format
            && let Some(reason) = misspelt(format, text)
        {
            let near = meant(format, text);
            return self.suggest(at, reason, near.as_deref());
        }
        if let Some(table) = &shape.refers_to {
            self.findings.references.push(Reference {
                table: table.clone(),
                name: text.clone(),
                at: at.clone(),
                path: self.path.clone(),
            });
        }
        if let Some(used_as) = &shape.path {
            self.file(text, used_as, at);
        }
    }

    fn file(&mut self, text: &mut String, used_as: &str, at: &Provenance) {
        if text.is_empty() || text.contains('\0') {
            return self.fault(at, "is not a path");
        }
        if used_as == "output" && text == "-" {
            return;
        }
        let folder = match at {
            Provenance::File { file, .. } => file.parent().unwrap_or(Path::new("")),
            _ => self.base,
        };
        // Collecting the components drops each `.`, so that a file has one name.
        let file: std::path::PathBuf = match self.instead {
            None => folder.join(&*text).components().collect(),
            Some(instead) => {
                let file: std::path::PathBuf =
                    instead.own(folder).join(&*text).components().collect();
                // The folder that is kept in versions stays what it is called.
                match used_as {
                    "rules-folder" => file,
                    _ => instead.place(&file),
                }
            }
        };
        let Some(name) = file.to_str() else {
            return self.fault(at, "is in a folder whose name is not UTF-8");
        };
        name.clone_into(text);
        self.findings.files.push(NamedFile {
            used_as: used_as.to_owned(),
            file,
            at: at.clone(),
            path: self.path.clone(),
        });
    }
}

/// The kind of value that a shape takes.
fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::Table(_) | Shape::Map { .. } | Shape::Statement => "a table",
        Shape::Array(_) => "an array",
        Shape::Text(_) | Shape::Choice(_) => "a string",
        Shape::Integer { .. } => "an integer",
        Shape::Bool => "a boolean",
        Shape::Any(_) => "a value",
    }
}

/// `"a", "b" or "c"`.
fn listed(names: &[String], last: &str) -> String {
    match names {
        [] => String::new(),
        [only] => format!("{only:?}"),
        [start @ .., end] => {
            let start: Vec<String> = start.iter().map(|name| format!("{name:?}")).collect();
            format!("{} {last} {end:?}", start.join(", "))
        }
    }
}

/// What a text that does not keep to a grammar probably stands for.
fn meant(format: &str, text: &str) -> Option<String> {
    match format {
        "method" => nearest(text, grammar::METHODS.iter().copied()).map(str::to_owned),
        "host" => match grammar::split_port(text) {
            (host, Some(_)) => Some(host.to_owned()),
            _ => None,
        },
        "field" | "rate-key" => near_field(text),
        "image-option" => nearest(text, image_grammar::names()).map(str::to_owned),
        "transformation" => {
            let names = rule_grammar::transformations();
            nearest(text, names.iter().map(String::as_str)).map(str::to_owned)
        }
        _ => None,
    }
}

/// The field that a text probably stands for; a name behind the colon is kept.
pub(crate) fn near_field(text: &str) -> Option<String> {
    let (word, name) = text.split_once(':').unwrap_or((text, ""));
    let spellings = lockgate_firewall::Field::spellings();
    let words = spellings
        .iter()
        .map(|spelling| spelling.trim_end_matches(':'));
    let near = nearest(word, words.chain(rule_grammar::RATE_KEYS))?;
    let takes_name = spellings
        .iter()
        .any(|known| known.strip_suffix(':') == Some(near));
    match (takes_name, name) {
        (true, name) if !name.is_empty() => Some(format!("{near}:{name}")),
        (true, _) if near == word => None,
        (true, _) => Some(format!("{near}:NAME")),
        (false, _) => Some(near.to_owned()),
    }
}

/// Why a text does not keep to a grammar, if it does not.
fn misspelt(format: &str, text: &str) -> Option<String> {
    let canonical = match format {
        "cidr" => return text.parse::<Cidr>().err(),
        "socket-address" => {
            return text.parse::<std::net::SocketAddr>().err().map(|_| {
                format!(
                    "{} is not an address and a port, such as \"127.0.0.1:8080\"",
                    quoted(text)
                )
            });
        }
        "country" => rule_grammar::country(text),
        "date" => rule_grammar::date(text),
        // Read where the names that it may use are known.
        "expression" => Ok(String::new()),
        "field" => rule_grammar::field(text),
        "label" => rule_grammar::label(text),
        "rate-key" => rule_grammar::rate_key(text),
        "regex" => rule_grammar::regex(text),
        "transformation" => rule_grammar::transformation(text),
        "header-name" => grammar::header_name(text),
        "header-value" => grammar::header_value(text),
        "host" => grammar::host_pattern(text),
        "image-folder" => image_grammar::folder(text),
        "image-option" => image_grammar::option(text),
        "image-options" => image_grammar::options(text),
        "image-source" => image_grammar::source(text),
        "method" => grammar::method(text),
        "name" => grammar::name(text),
        "origin-url" => grammar::origin_url(text),
        "path-pattern" => grammar::path_pattern(text),
        "path-prefix" => grammar::path_prefix(text),
        "token-digest" => grammar::token_digest(text),
        "variable" => grammar::variable(text),
        unknown => Err(format!("has the unknown grammar {unknown:?}")),
    };
    canonical.err()
}

#[cfg(test)]
mod tests {
    use super::misspelt;
    use crate::shape::{GATEWAY, RULES, Shape};

    /// Every grammar that the types name.
    fn grammars(shape: &Shape, found: &mut Vec<String>) {
        match shape {
            Shape::Table(table) => {
                for key in table.keys.values() {
                    grammars(&key.shape, found);
                }
            }
            Shape::Map { value, names } => {
                found.extend(names.clone());
                grammars(value, found);
            }
            Shape::Array(array) => grammars(&array.item, found),
            Shape::Text(text) => found.extend(text.format.clone()),
            Shape::Any(shapes) => shapes.iter().for_each(|shape| grammars(shape, found)),
            Shape::Integer { .. } | Shape::Bool | Shape::Choice(_) | Shape::Statement => {}
        }
    }

    #[test]
    fn every_grammar_of_the_types_is_known() {
        let mut found = Vec::new();
        grammars(&GATEWAY, &mut found);
        grammars(&RULES, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for grammar in found {
            let reason = misspelt(&grammar, "\u{7f}").unwrap_or_default();
            assert!(!reason.contains("unknown grammar"), "{reason}");
        }
    }
}
