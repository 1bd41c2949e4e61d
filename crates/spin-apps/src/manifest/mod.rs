//! `spin.toml`, manifest version 2: what it says, checked, or everything that is wrong with it.
//!
//! What this host does not do is an error with its place, never passed over: an app runs as it
//! was written or not at all. Keys that only concern building and describing are passed over.

mod component;
mod names;
mod native;
mod reader;
mod runtime_config;
mod settings;
mod template;
mod trigger;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_config::Fault;
use lockgate_config::document::{self, Node, nearest};

pub use component::{Component, Mount};
pub use native::NativeFiles;
pub use reader::Placed;
pub use runtime_config::RuntimeConfig;
pub(crate) use runtime_config::StoreKind;
pub use settings::Settings;
pub use template::Template;
pub use trigger::{Action, RouteSpec, StaticResponse, Trigger};

use reader::Table;

/// An app.
#[derive(Debug)]
pub struct Manifest {
    /// `application.name`.
    pub name: String,
    /// `application.version`, empty where there is none.
    pub version: String,
    /// The app's variables.
    pub variables: BTreeMap<String, Variable>,
    /// The HTTP triggers, in the file's order.
    pub triggers: Vec<Trigger>,
    /// The components that triggers or other components can reach.
    pub components: BTreeMap<String, Component>,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
}

impl Manifest {
    /// Every component runs as it is, also the gateway.
    pub fn make_portable(&mut self) {
        for component in self.components.values_mut() {
            component.native = None;
        }
    }
}

/// A variable of the app.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Somebody must give it.
    pub required: bool,
    /// What it is unless somebody gives it.
    pub default: Option<String>,
    /// It is shown nowhere.
    pub secret: bool,
}

/// Reads and checks a manifest.
///
/// # Errors
/// Everything that is wrong.
pub fn load(file: &Path) -> Result<Manifest, Vec<Fault>> {
    let node = document::read(file)?;
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut faults = Vec::new();
    let manifest = read(&node, folder, &mut faults);
    if faults.is_empty() {
        return Ok(manifest);
    }
    faults.sort();
    Err(faults)
}

fn read(node: &Node, folder: PathBuf, faults: &mut Vec<Fault>) -> Manifest {
    let mut root = Table::root(node);
    match root.get("spin_manifest_version") {
        None => faults.push(root.fault("needs \"spin_manifest_version = 2\"")),
        Some(version) if version.value.as_integer() == Some(2) => {}
        Some(version) => faults.push(version.fault("must be 2: lockgate runs manifest version 2")),
    }
    let (name, version) = application(&mut root, faults);
    let variables = variables(&mut root, faults);
    let components = components(&mut root, faults);
    let triggers = trigger::read(&mut root, faults);
    root.finish(faults);
    let manifest = Manifest {
        name,
        version,
        variables,
        triggers,
        components,
        folder,
    };
    check(&manifest, faults);
    manifest
}

fn application(root: &mut Table<'_>, faults: &mut Vec<Fault>) -> (String, String) {
    let Some(mut table) = root.table("application", faults) else {
        if root.get("application").is_none() {
            faults.push(root.fault("needs a table [application]"));
        }
        return Default::default();
    };
    let name = table.needs_text("name", faults).map(|name| name.value);
    let version = table.text("version", faults).map(|version| version.value);
    table.pass(&["description", "authors", "targets", "tool"]);
    table.unsupported("trigger", "settings of all triggers", faults);
    table.finish(faults);
    (name.unwrap_or_default(), version.unwrap_or_default())
}

fn variables(root: &mut Table<'_>, faults: &mut Vec<Fault>) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::new();
    let Some(table) = root.table("variables", faults) else {
        return variables;
    };
    for (name, value) in table.all() {
        if !names::is_snake(name) {
            let reason = "is no name of a variable: lower case letters, digits and \"_\"";
            faults.push(value.fault(reason));
        }
        let Some(mut table) = Table::open(&value, &value.at, faults) else {
            continue;
        };
        let variable = Variable {
            required: table.flag("required", faults).unwrap_or(false),
            default: table.text("default", faults).map(|text| text.value),
            secret: table.flag("secret", faults).unwrap_or(false),
        };
        if !variable.required && variable.default.is_none() {
            faults.push(table.fault("needs \"default\" or \"required = true\""));
        }
        if variable.required && variable.default.is_some() {
            faults.push(table.fault("\"default\" and \"required = true\" exclude each other"));
        }
        table.pass(&["description"]);
        table.finish(faults);
        variables.insert(name.to_owned(), variable);
    }
    variables
}

fn components(root: &mut Table<'_>, faults: &mut Vec<Fault>) -> BTreeMap<String, Component> {
    let mut components = BTreeMap::new();
    let Some(table) = root.table("component", faults) else {
        return components;
    };
    for (id, value) in table.all() {
        if !names::is_kebab(id) {
            let reason =
                "is no id of a component: letters, digits and \"-\", beginning with a letter";
            faults.push(value.fault(reason));
        }
        if let Some(table) = Table::open(&value, &value.at, faults)
            && let Some(component) = component::read(id, table, faults)
        {
            components.insert(id.to_owned(), component);
        }
    }
    components
}

/// What names what.
fn check(manifest: &Manifest, faults: &mut Vec<Fault>) {
    for trigger in &manifest.triggers {
        let action = match &trigger.action {
            Action::Component(id) => Some(id),
            Action::Static(_) => None,
        };
        for id in action.into_iter().chain(&trigger.middleware) {
            check_component(manifest, id, faults);
        }
    }
    check_variables(manifest, faults);
}

fn check_component(manifest: &Manifest, id: &Placed<String>, faults: &mut Vec<Fault>) {
    if !manifest.components.contains_key(&id.value) {
        let near = nearest(&id.value, manifest.components.keys().map(String::as_str));
        let reason = format!("there is no component {:?}", id.value);
        faults.push(id.fault(reason).suggest(near));
    }
}

fn check_variables(manifest: &Manifest, faults: &mut Vec<Fault>) {
    let known = |name: &str| manifest.variables.contains_key(name);
    for component in manifest.components.values() {
        let templates = component
            .variables
            .values()
            .chain(&component.allowed_outbound_hosts);
        for template in templates {
            for name in template.value.names().filter(|name| !known(name)) {
                let near = nearest(name, manifest.variables.keys().map(String::as_str));
                let fault = template.fault(format!("there is no variable {name:?}"));
                faults.push(fault.suggest(near));
            }
        }
    }
}

#[cfg(test)]
mod tests;
