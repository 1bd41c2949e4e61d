//! TOML text to a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::fault::{FAULTS_MAX, Fault, Provenance};
use crate::nesting::{DEPTH_MAX, too_deep};
use crate::tree::{Entry, Node, Value, joined};

/// Reads a document. The tree holds what could be understood; `false` says that some of it could
/// not, for each of which there is a fault.
pub(crate) fn parse(file: &Arc<Path>, text: &str, faults: &mut Vec<Fault>) -> (Node, bool) {
    let lines = Lines::new(file, text);
    if let Some(offset) = too_deep(text) {
        let reason = format!("nested more than {DEPTH_MAX} levels deep");
        faults.push(Fault::new(&lines.at(offset), "", reason));
        return (Node::empty_table(lines.at(0)), false);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let before = faults.len();
    // What follows the first error of a line is confusion.
    let mut broken = BTreeSet::new();
    for error in errors.into_iter().take(FAULTS_MAX) {
        let at = lines.at(error.span().map_or(0, |span| span.start));
        let fault = Fault::new(&at, "", syntax(error.message()));
        if broken.insert(fault.line_and_column().map(|(line, _)| line)) {
            faults.push(fault);
        }
    }
    let mut reader = Reader {
        lines: &lines,
        faults,
    };
    let node = Node {
        value: reader.table(table.into_inner(), "", 0),
        at: lines.at(0),
    };
    (node, faults.len() == before)
}

/// The parser's message on one line.
fn syntax(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    words.join(" ")
}

struct Reader<'a> {
    lines: &'a Lines<'a>,
    faults: &'a mut Vec<Fault>,
}

impl Reader<'_> {
    fn table(&mut self, table: DeTable<'_>, path: &str, depth: usize) -> Value {
        let mut entries = BTreeMap::new();
        for (key, value) in table {
            let key_at = self.lines.at(key.span().start);
            let key = key.into_inner().into_owned();
            let path = joined(path, &key);
            if let Some(node) = self.node(value, &key_at, &path, depth) {
                entries.insert(key, Entry { key_at, node });
            }
        }
        Value::Table(entries)
    }

    /// The value, or nothing when it is nested too deeply.
    fn node(
        &mut self,
        value: Spanned<DeValue<'_>>,
        key_at: &Provenance,
        path: &str,
        depth: usize,
    ) -> Option<Node> {
        let span = value.span();
        let at = self.lines.at(span.start);
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => Value::Integer(integer(&number)),
            DeValue::Boolean(bit) => Value::Bool(bit),
            DeValue::Float(_) => Value::Float,
            DeValue::Datetime(moment) => Value::DateTime(moment.to_string()),
            DeValue::Array(_) | DeValue::Table(_) if depth >= DEPTH_MAX => {
                let reason = format!("nested more than {DEPTH_MAX} levels deep");
                self.faults.push(Fault::new(key_at, path, reason));
                return None;
            }
            DeValue::Array(items) => {
                let items = items.into_iter().enumerate();
                let nodes = items.filter_map(|(i, item)| {
                    self.node(item, key_at, &format!("{path}[{i}]"), depth + 1)
                });
                Value::Array(nodes.collect())
            }
            DeValue::Table(table) => self.table(table, path, depth + 1),
        };
        Some(Node { value, at })
    }
}

/// The number; one beyond 128 bits becomes the largest or smallest there is.
fn integer(number: &DeInteger<'_>) -> i128 {
    i128::from_str_radix(number.as_str(), number.radix()).unwrap_or_else(|_| {
        if number.as_str().starts_with('-') {
            i128::MIN
        } else {
            i128::MAX
        }
    })
}

/// Turns offsets into lines and columns.
pub(crate) struct Lines<'a> {
    file: Arc<Path>,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(file: &Arc<Path>, text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        Self {
            file: Arc::clone(file),
            text,
            starts: std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect(),
        }
    }

    /// The place of a byte.
    pub(crate) fn at(&self, offset: usize) -> Provenance {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|i| self.starts.get(i));
        let start = start.copied().unwrap_or(0);
        // Counting characters from the start of a very long line for each of its values would
        // take quadratic time.
        let column = match self.text.get(start..offset) {
            Some(before) if before.len() <= 4096 => before.chars().count(),
            _ => offset.saturating_sub(start),
        };
        Provenance::File {
            file: Arc::clone(&self.file),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }
}
