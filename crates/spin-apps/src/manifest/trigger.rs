//! `[[trigger.http]]`.

use lockgate_config::document::{Node, Value, nearest};
use lockgate_config::{Fault, Provenance};

use super::reader::{Placed, Table, expected, items, text};

/// An HTTP trigger.
#[derive(Debug)]
pub struct Trigger {
    /// When.
    pub route: RouteSpec,
    /// What.
    pub action: Action,
    /// Ids of the components in front of it, the first one first.
    pub middleware: Vec<Placed<String>>,
    /// Where it stands.
    pub at: Provenance,
}

/// Which paths a trigger answers.
#[derive(Debug)]
pub enum RouteSpec {
    /// Those of a pattern.
    Public(Placed<String>),
    /// None: other components reach it.
    Private,
}

/// What answers.
#[derive(Debug)]
pub enum Action {
    /// A component, by its id.
    Component(Placed<String>),
    /// The manifest itself.
    Static(StaticResponse),
}

/// An answer that stands in the manifest.
#[derive(Debug, Clone)]
pub struct StaticResponse {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

pub(super) fn read(root: &mut Table<'_>, faults: &mut Vec<Fault>) -> Vec<Trigger> {
    let Some(table) = root.table("trigger", faults) else {
        faults.push(root.fault("needs at least one [[trigger.http]]"));
        return Vec::new();
    };
    let mut triggers = Vec::new();
    for (kind, value) in table.all() {
        if kind == "http" {
            for item in items(&value, faults) {
                triggers.extend(trigger(&item, faults));
            }
        } else {
            let reason = format!("lockgate has no {kind:?} triggers, only \"http\"");
            faults.push(value.fault(reason).suggest(nearest(kind, ["http"])));
        }
    }
    triggers
}

fn trigger(item: &Placed<&Node>, faults: &mut Vec<Fault>) -> Option<Trigger> {
    let mut table = Table::open(item, &item.at, faults)?;
    let route = match table.get("route") {
        Some(value) => route(&value, faults),
        None => {
            faults.push(table.fault("needs \"route\""));
            None
        }
    };
    let component = match table.get("component") {
        Some(value) if matches!(value.value.value, Value::Table(_)) => {
            let reason = "write the component as a table [component.ID] and its id here";
            faults.push(value.fault(reason));
            return None;
        }
        Some(value) => text(&value, faults),
        None => None,
    };
    let fixed = static_response(&mut table, faults);
    executor(&mut table, faults);
    table.pass(&["id"]);
    let why = "call other components by http://ID.spin.internal";
    table.unsupported("components", why, faults);
    let middleware = middleware(&mut table, faults);
    let action = match (component, fixed) {
        (Some(component), None) => Some(Action::Component(component)),
        (None, Some(response)) => Some(Action::Static(response)),
        (Some(_), Some(_)) => {
            faults.push(table.fault("\"component\" and \"static_response\" exclude each other"));
            None
        }
        (None, None) => {
            faults.push(table.fault("needs \"component\" or \"static_response\""));
            None
        }
    };
    let at = table.at().clone();
    table.finish(faults);
    Some(Trigger {
        route: route?,
        action: action?,
        middleware,
        at,
    })
}

fn route(value: &Placed<&Node>, faults: &mut Vec<Fault>) -> Option<RouteSpec> {
    if !matches!(value.value.value, Value::Table(_)) {
        if !matches!(value.value.value, Value::Text(_)) {
            faults.push(expected(value, "a pattern or { private = true }"));
            return None;
        }
        return text(value, faults).map(RouteSpec::Public);
    }
    let mut table = Table::open(value, &value.at, faults)?;
    if table.flag("private", faults) != Some(true) {
        faults.push(table.fault("must be a pattern or { private = true }"));
    }
    table.finish(faults);
    Some(RouteSpec::Private)
}

fn static_response(table: &mut Table<'_>, faults: &mut Vec<Fault>) -> Option<StaticResponse> {
    let mut table = table.table("static_response", faults)?;
    let status = table
        .number("status_code", (200, 599), faults)
        .unwrap_or(200);
    let mut headers = Vec::new();
    for (name, value) in table.texts_by_name("headers", faults) {
        let named = http::HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !named || http::HeaderValue::from_str(&value.value).is_err() {
            faults.push(value.fault("is no header field"));
        }
        headers.push((name, value.value));
    }
    let body = table.text("body", faults).map(|body| body.value);
    table.finish(faults);
    Some(StaticResponse {
        status: u16::try_from(status).unwrap_or(200),
        headers,
        body: body.unwrap_or_default(),
    })
}

fn middleware(table: &mut Table<'_>, faults: &mut Vec<Fault>) -> Vec<Placed<String>> {
    let mut ids = Vec::new();
    let Some(mut table) = table.table("dependencies", faults) else {
        return ids;
    };
    for item in table.items("middleware", faults) {
        let Some(mut table) = Table::open(&item, &item.at, faults) else {
            continue;
        };
        for key in ["path", "url", "digest", "package", "registry", "version"] {
            let why = "name a component of the manifest: { component = \"ID\" }";
            table.unsupported(key, why, faults);
        }
        let why = "a middleware has what its own table gives it";
        table.unsupported("inherit_configuration", why, faults);
        ids.extend(table.needs_text("component", faults));
        table.finish(faults);
    }
    table.finish(faults);
    ids
}

/// Spin's way to tell components of one interface from CGI programs. Only the first are run here.
fn executor(table: &mut Table<'_>, faults: &mut Vec<Fault>) {
    let Some(mut table) = table.table("executor", faults) else {
        return;
    };
    if let Some(kind) = table.text("type", faults)
        && !matches!(kind.value.as_str(), "http" | "spin")
    {
        let reason = format!("lockgate has no executor {:?}, only \"http\"", kind.value);
        faults.push(kind.fault(reason));
    }
    table.finish(faults);
}
