//! The schema of the types in a form to walk: what each key may hold, its default and its text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::types::{GatewayConfig, RulesFile};

/// The shape of `gateway.toml`.
pub(crate) static GATEWAY: LazyLock<Shape> = LazyLock::new(of::<GatewayConfig>);
/// The shape of a rule file.
pub(crate) static RULES: LazyLock<Shape> = LazyLock::new(of::<RulesFile>);

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    Table(TableShape),
    /// A table whose keys are names that the user chooses; `names` is the grammar of the names.
    Map {
        value: Box<Shape>,
        names: Option<String>,
    },
    Array(ArrayShape),
    Text(TextShape),
    Integer {
        min: i128,
        max: i128,
        only: Option<i128>,
    },
    Bool,
    /// One of these words, each with its text.
    Choice(Vec<(String, String)>),
    /// Any of these, told apart by the kind of value.
    Any(Vec<Shape>),
    /// What a rule looks for, within what a rule looks for: see [`statement`].
    Statement,
}

/// The shape that [`Shape::Statement`] stands for.
pub(crate) fn statement() -> Option<&'static Shape> {
    let Shape::Table(file) = &*RULES else {
        return None;
    };
    let Shape::Array(rules) = &file.keys.get("rules")?.shape else {
        return None;
    };
    let Shape::Table(rule) = &*rules.item else {
        return None;
    };
    rule.keys.get("statement").map(|key| &key.shape)
}

/// A table with known keys.
#[derive(Debug, Default)]
pub(crate) struct TableShape {
    pub(crate) description: String,
    pub(crate) keys: BTreeMap<String, Key>,
    /// Exactly one of these keys is given. Empty: no such condition.
    pub(crate) exactly_one: Vec<String>,
    /// None of those is needed where this key within another (`image.upload`) is true.
    pub(crate) none_with: Option<(String, String)>,
    /// At least one of these keys is given. Empty: no such condition.
    pub(crate) at_least_one: Vec<String>,
}

/// A known key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) default: Value,
    pub(crate) shape: Shape,
}

/// An array.
#[derive(Debug)]
pub(crate) struct ArrayShape {
    pub(crate) item: Box<Shape>,
    pub(crate) min: u64,
    pub(crate) max: u64,
    pub(crate) unique: bool,
}

/// A string.
#[derive(Debug)]
pub(crate) struct TextShape {
    /// Name of its grammar.
    pub(crate) format: Option<String>,
    /// Top-level table whose names it must be one of.
    pub(crate) refers_to: Option<String>,
    /// What the file is used for whose path it is.
    pub(crate) path: Option<String>,
    /// Length in bytes.
    pub(crate) min: u64,
    pub(crate) max: u64,
}

fn of<T: schemars::JsonSchema>() -> Shape {
    let schema = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>();
    compile(schema.as_value())
}

fn compile(schema: &Value) -> Shape {
    if schema["$ref"].is_string() {
        // Statements are the only type that is within itself.
        return Shape::Statement;
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        return any(branches);
    }
    if let Some(branches) = schema["oneOf"].as_array()
        && branches.iter().all(|b| b["const"].is_string())
    {
        let word = |b: &Value| (text(&b["const"]), text(&b["description"]));
        return Shape::Choice(branches.iter().map(word).collect());
    }
    match kind(schema) {
        "object" if schema["properties"].is_object() || schema["oneOf"].is_array() => {
            Shape::Table(table(schema))
        }
        "object" => Shape::Map {
            value: Box::new(compile(&schema["additionalProperties"])),
            names: schema["x-names"].as_str().map(str::to_owned),
        },
        "array" => Shape::Array(ArrayShape {
            item: Box::new(compile(&item(schema))),
            min: schema["minItems"].as_u64().unwrap_or(0),
            max: schema["maxItems"].as_u64().unwrap_or(u64::MAX),
            unique: schema["uniqueItems"] == true,
        }),
        "integer" => integer(schema),
        "boolean" => Shape::Bool,
        "" if schema["oneOf"].is_array() => Shape::Table(table(schema)),
        _ => Shape::Text(TextShape {
            format: schema["x-format"].as_str().map(str::to_owned),
            refers_to: schema["x-ref"].as_str().map(str::to_owned),
            path: schema["x-path"].as_str().map(str::to_owned),
            min: schema["minLength"].as_u64().unwrap_or(0),
            max: schema["maxLength"].as_u64().unwrap_or(u64::MAX),
        }),
    }
}

/// The type of a schema, `null` (a key that may be left out) aside.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|k| *k != "null")
            .unwrap_or(""),
        kind => kind.as_str().unwrap_or(""),
    }
}

/// What an array holds. What a field says about its texts, it says of each item.
fn item(schema: &Value) -> Value {
    let mut item = schema["items"].clone();
    for name in ["x-format", "x-ref", "x-path"] {
        if schema[name].is_string() {
            item[name] = schema[name].clone();
        }
    }
    item
}

/// Any of the branches; of a branch that is a choice itself, any of its branches.
fn any(branches: &[Value]) -> Shape {
    let mut shapes = Vec::new();
    for branch in branches.iter().filter(|branch| branch["type"] != "null") {
        match compile(branch) {
            Shape::Any(inner) => shapes.extend(inner),
            shape => shapes.push(shape),
        }
    }
    match shapes.len() {
        1 => shapes.remove(0),
        _ => Shape::Any(shapes),
    }
}

fn integer(schema: &Value) -> Shape {
    let width = match schema["format"].as_str() {
        Some("uint8") => i128::from(u8::MAX),
        Some("uint16") => i128::from(u16::MAX),
        Some("uint32") => i128::from(u32::MAX),
        _ => i128::from(i64::MAX),
    };
    let number = |name: &str| schema[name].as_i64().map(i128::from);
    Shape::Integer {
        min: number("minimum").unwrap_or(i128::from(i64::MIN)),
        max: number("maximum").unwrap_or(width),
        only: number("const"),
    }
}

fn table(schema: &Value) -> TableShape {
    let mut shape = TableShape {
        description: text(&schema["description"]),
        ..TableShape::default()
    };
    let required = words(&schema["required"]);
    for (name, value) in entries(&schema["properties"]) {
        shape.keys.insert(
            name.clone(),
            Key {
                description: text(&value["description"]),
                required: required.contains(name),
                default: value["default"].clone(),
                shape: compile(value),
            },
        );
    }
    for branch in schema["oneOf"].as_array().into_iter().flatten() {
        for (name, value) in entries(&branch["properties"]) {
            shape.exactly_one.push(name.clone());
            shape.keys.insert(
                name.clone(),
                Key {
                    description: text(&branch["description"]),
                    required: false,
                    default: Value::Null,
                    shape: compile(value),
                },
            );
        }
    }
    shape.exactly_one.extend(words(&schema["x-exactly-one"]));
    shape.none_with = schema["x-none-with"]
        .as_str()
        .and_then(|path| path.split_once('.'))
        .map(|(table, key)| (table.to_owned(), key.to_owned()));
    shape.at_least_one = words(&schema["x-at-least-one"]);
    shape
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('\n', " ")
}
