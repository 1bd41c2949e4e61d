//! The reference page, `docs/configuration.md`, made from the shape of the documents.

use std::fmt::Write;

use crate::shape::{self, Key, Shape, TableShape, TextShape};

/// What stands before the keys.
const OPENING: &str = include_str!("reference.md");

/// The reference page in Markdown. `docs/configuration.md` is this text.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = OPENING.to_owned();
    for (file, shape) in [
        ("gateway.toml", &*shape::GATEWAY),
        ("Rule files", &*shape::RULES),
    ] {
        if let Shape::Table(table) = shape {
            let _ = write!(page, "\n## {file}\n\n{}\n", table.description);
            body(&mut page, "", table);
        }
    }
    page
}

/// A table's own keys, then the tables in it.
fn body(page: &mut String, name: &str, table: &TableShape) {
    let plain: Vec<_> = table
        .keys
        .iter()
        .filter(|(_, k)| inner(k).is_none())
        .collect();
    if !plain.is_empty() {
        page.push_str("\n| key | holds | default | |\n|---|---|---|---|\n");
        for (key, spec) in &plain {
            let _ = writeln!(
                page,
                "| `{key}` | {} | {} | {} |",
                cell(&holds(&spec.shape)),
                cell(&default(key, spec, table)),
                cell(&spec.description)
            );
        }
    }
    if !table.exactly_one.is_empty() {
        let unless = match &table.none_with {
            Some((inner, key)) => format!("; none where `{inner}.{key}` is `true`"),
            None => String::new(),
        };
        let _ = write!(
            page,
            "\nExactly one of {} is given{unless}.\n",
            ticked(&table.exactly_one)
        );
    }
    if !table.at_least_one.is_empty() {
        let _ = write!(
            page,
            "\nAt least one of {} is given.\n",
            ticked(&table.at_least_one)
        );
    }
    for (key, spec) in &plain {
        choices(page, key, &spec.shape);
    }
    for (key, spec) in &table.keys {
        let Some((kind, table)) = inner(spec) else {
            continue;
        };
        let name = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        let (heading, name) = match kind {
            Kind::One => (format!("[{name}]"), name),
            Kind::Named => (format!("[{name}.NAME]"), format!("{name}.NAME")),
            Kind::Many => (format!("[[{name}]]"), name),
        };
        let _ = write!(page, "\n### `{heading}`\n\n{}\n", spec.description);
        if table.description != spec.description {
            let _ = write!(page, "\n{}\n", table.description);
        }
        if spec.required {
            page.push_str("\nRequired.\n");
        }
        body(page, &name, table);
    }
}

/// How a key holds tables.
enum Kind {
    One,
    Named,
    Many,
}

/// The known keys of the table or tables under a key.
fn inner(key: &Key) -> Option<(Kind, &TableShape)> {
    match &key.shape {
        Shape::Table(table) => Some((Kind::One, table)),
        Shape::Map { value, .. } => match &**value {
            Shape::Table(table) => Some((Kind::Named, table)),
            _ => None,
        },
        Shape::Array(array) => match &*array.item {
            Shape::Table(table) => Some((Kind::Many, table)),
            _ => None,
        },
        _ => None,
    }
}

fn holds(shape: &Shape) -> String {
    match shape {
        Shape::Table(_) => "table".to_owned(),
        Shape::Map { value, .. } => format!("table of: {}", holds(value)),
        Shape::Array(array) => format!("array of: {}", holds(&array.item)),
        Shape::Text(text) => text_holds(text),
        Shape::Integer {
            only: Some(only), ..
        } => format!("{only}"),
        Shape::Integer { min, max, .. } => format!("integer, {min} to {max}"),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Statement => "statement".to_owned(),
        Shape::Choice(words) => {
            let words: Vec<String> = words.iter().map(|(w, _)| format!("`\"{w}\"`")).collect();
            words.join(", ")
        }
        Shape::Any(shapes) => {
            let kinds: Vec<String> = shapes
                .iter()
                .map(|shape| match shape {
                    Shape::Array(_) => "array of these".to_owned(),
                    Shape::Integer { .. } => "integer".to_owned(),
                    shape => holds(shape),
                })
                .collect();
            kinds.join(", ")
        }
    }
}

fn text_holds(text: &TextShape) -> String {
    if let Some(table) = &text.refers_to {
        return format!("name in `{table}`");
    }
    match (text.path.as_deref(), text.format.as_deref()) {
        (Some("output"), _) => "path, or `\"-\"`",
        (Some(_), _) => "path",
        (None, Some("cidr")) => "address or CIDR range",
        (None, Some("header-name")) => "header name",
        (None, Some("header-value")) => "header value",
        (None, Some("host")) => "host",
        (None, Some("image-folder")) => "path",
        (None, Some("image-option")) => "name of an option",
        (None, Some("image-options")) => "options",
        (None, Some("image-source")) => "start of a URL",
        (None, Some("method")) => "method",
        (None, Some("name")) => "name",
        (None, Some("origin-url")) => "URL",
        (None, Some("path-pattern")) => "path pattern",
        (None, Some("path-prefix")) => "path",
        (None, Some("socket-address")) => "address and port",
        (None, Some("variable")) => "name of a variable",
        (None, Some("country")) => "country",
        (None, Some("date")) => "date or time",
        (None, Some("expression")) => "expression",
        (None, Some("field")) => "field",
        (None, Some("label")) => "label",
        (None, Some("rate-key")) => "field, `client_ip`, `forwarded_ip` or `label:NAME`",
        (None, Some("regex")) => "regular expression",
        (None, Some("transformation")) => "transformation",
        (None, _) => "string",
    }
    .to_owned()
}

fn default(name: &str, key: &Key, table: &TableShape) -> String {
    if key.required {
        return "required".to_owned();
    }
    if key.default.is_null() {
        let conditional = table.exactly_one.iter().any(|other| other == name);
        return if conditional { "" } else { "unset" }.to_owned();
    }
    format!("`{}`", key.default)
}

/// What each word of a choice means.
fn choices(page: &mut String, key: &str, shape: &Shape) {
    let shape = match shape {
        Shape::Array(array) => &*array.item,
        shape => shape,
    };
    if let Shape::Choice(words) = shape {
        let _ = write!(page, "\n`{key}`:\n\n");
        for (word, meaning) in words {
            let _ = writeln!(page, "- `\"{word}\"`: {meaning}");
        }
    }
}

fn ticked(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// A text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
