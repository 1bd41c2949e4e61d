//! `[component.ID]`.

use std::collections::BTreeMap;

use lockgate_config::Fault;
use lockgate_config::document::{Node, Value};

use super::names;
use super::native::{self, NativeFiles};
use super::reader::{Placed, Table, expected, text};
use super::settings::{self, Settings};
use super::template::Template;

/// A component and what it is given. It has nothing that does not stand here.
#[derive(Debug)]
pub struct Component {
    /// Its id.
    pub id: String,
    /// The `.wasm` file, as it was named.
    pub source: Placed<String>,
    /// Values of its variables.
    pub variables: BTreeMap<String, Placed<Template>>,
    /// Its environment variables.
    pub environment: Vec<(String, String)>,
    /// Files that it may read.
    pub files: Vec<Placed<Mount>>,
    /// Patterns of files that `files` does not mean.
    pub exclude_files: Vec<Placed<String>>,
    /// Hosts that it may reach.
    pub allowed_outbound_hosts: Vec<Placed<Template>>,
    /// Stores that it may open.
    pub key_value_stores: Vec<String>,
    /// Databases that it may open.
    pub sqlite_databases: Vec<String>,
    /// What it may spend.
    pub settings: Settings,
    /// It is the gateway, for which the host's own path stands.
    pub native: Option<NativeFiles>,
}

/// Files for a component.
#[derive(Debug, Clone)]
pub enum Mount {
    /// What a pattern matches, at its own path.
    Pattern(String),
    /// A file or folder, at another path.
    Place {
        /// The file or folder.
        source: String,
        /// Its path for the component.
        destination: String,
    },
}

pub(super) fn read(id: &str, mut table: Table<'_>, faults: &mut Vec<Fault>) -> Option<Component> {
    let source = source(&mut table, faults);
    let variables = templates(table.texts_by_name("variables", faults), faults);
    let environment = table
        .texts_by_name("environment", faults)
        .into_iter()
        .map(|(name, value)| (name, value.value))
        .collect();
    let files = table
        .items("files", faults)
        .iter()
        .filter_map(|item| mount(item, faults))
        .collect();
    let exclude_files = table.texts("exclude_files", faults);
    let allowed_outbound_hosts = table
        .texts("allowed_outbound_hosts", faults)
        .into_iter()
        .filter_map(|text| template(&text, faults))
        .collect();
    let key_value_stores = labels(&mut table, "key_value_stores", faults);
    let sqlite_databases = labels(&mut table, "sqlite_databases", faults);
    let (settings, native) = tool(&mut table, faults);
    for (key, why) in [
        ("allowed_http_hosts", "write allowed_outbound_hosts"),
        ("ai_models", "it has no inference"),
        (
            "dependencies",
            "compose them into one component beforehand, for example with wac",
        ),
        (
            "dependencies_inherit_configuration",
            "compose dependencies into one component beforehand",
        ),
    ] {
        table.unsupported(key, why, faults);
    }
    table.pass(&["description", "build", "targets", "profile"]);
    table.finish(faults);
    Some(Component {
        id: id.to_owned(),
        source: source?,
        variables,
        environment,
        files,
        exclude_files,
        allowed_outbound_hosts,
        key_value_stores,
        sqlite_databases,
        settings,
        native,
    })
}

fn source(table: &mut Table<'_>, faults: &mut Vec<Fault>) -> Option<Placed<String>> {
    let Some(value) = table.get("source") else {
        faults.push(table.fault("needs \"source\", a .wasm file"));
        return None;
    };
    if matches!(value.value.value, Value::Table(_)) {
        let reason = "lockgate downloads nothing: name a .wasm file beside the manifest";
        faults.push(value.fault(reason));
        return None;
    }
    text(&value, faults)
}

fn templates(
    texts: Vec<(String, Placed<String>)>,
    faults: &mut Vec<Fault>,
) -> BTreeMap<String, Placed<Template>> {
    let mut templates = BTreeMap::new();
    for (name, value) in texts {
        if !names::is_snake(&name) {
            let reason = "is no name of a variable: lower case letters, digits and \"_\"";
            faults.push(value.fault(reason));
        }
        if let Some(template) = template(&value, faults) {
            templates.insert(name, template);
        }
    }
    templates
}

fn template(text: &Placed<String>, faults: &mut Vec<Fault>) -> Option<Placed<Template>> {
    match Template::parse(&text.value) {
        Ok(template) => Some(text.with(template)),
        Err(reason) => {
            faults.push(text.fault(reason));
            None
        }
    }
}

fn labels(table: &mut Table<'_>, key: &'static str, faults: &mut Vec<Fault>) -> Vec<String> {
    let mut labels = Vec::new();
    for label in table.texts(key, faults) {
        let taken = key == "sqlite_databases" && matches!(&*label.value, "db" | "key_value");
        if taken {
            faults.push(label.fault("is the name of another file of the app: choose another"));
        } else if names::is_kebab(&label.value) || names::is_snake(&label.value) {
            labels.push(label.value);
        } else {
            faults.push(
                label.fault("is no label: words of letters and digits, joined by \"-\" or \"_\""),
            );
        }
    }
    labels
}

fn mount(item: &Placed<&Node>, faults: &mut Vec<Fault>) -> Option<Placed<Mount>> {
    match &item.value.value {
        Value::Text(pattern) => Some(item.with(Mount::Pattern(pattern.clone()))),
        Value::Table(_) => {
            let mut table = Table::open(item, &item.at, faults)?;
            let source = table.needs_text("source", faults);
            let destination = table.needs_text("destination", faults);
            table.finish(faults);
            let destination = destination?;
            if !destination.value.starts_with('/') {
                faults.push(destination.fault("must be absolute: it begins with \"/\""));
            }
            Some(item.with(Mount::Place {
                source: source?.value,
                destination: destination.value,
            }))
        }
        _ => {
            faults.push(expected(item, "a string or a table"));
            None
        }
    }
}

fn tool(table: &mut Table<'_>, faults: &mut Vec<Fault>) -> (Settings, Option<NativeFiles>) {
    let Some(tools) = table.table("tool", faults) else {
        return Default::default();
    };
    let ours = tools
        .all()
        .into_iter()
        .find(|(name, _)| *name == "lockgate");
    let Some(mut table) = ours.and_then(|(_, value)| Table::open(&value, &value.at, faults)) else {
        return Default::default();
    };
    let settings = settings::read(&mut table, faults);
    let native = native::read(&mut table, faults);
    table.finish(faults);
    (settings, native)
}
