//! Spin apps: `spin.toml`, manifest version 2, run on this host's own listener.
//!
//! ```text
//! manifest/    spin.toml, checked: what is not supported is an error with its place
//! native.rs    the gateway among the components, which the gate stands for
//! app.rs       routes and components; requests between components
//! serve.rs     one request of a client
//! component.rs one component: what it is given, and who runs it
//! workers/     its instances: made, shared by requests, ended
//! budget.rs    their CPU time and memory
//! ```
//! Invariants: **a component has what its manifest gives it and nothing else**; nothing is
//! compiled in a request; an instance that fails takes only the requests with it that are in it.

pub mod app;
mod bindings;
mod body;
mod budget;
mod component;
mod engine;
mod files;
mod headers;
mod instance;
mod keyvalue;
pub mod manifest;
mod middleware;
pub mod native;
mod outbound;
mod output;
mod redis;
pub mod routes;
mod scratch;
pub(crate) mod serve;
mod sqlite;
pub mod start;
mod variables;
mod workers;

pub use app::{App, Places};
pub(crate) use body::to_component;
pub use component::{NoAnswer, Runner};
pub use manifest::RuntimeConfig;
pub use native::Native;
pub use outbound::hosts::CHAINING_SUFFIX;

/// Sets Spin's header fields on a request that came by no route of the app.
pub(crate) fn add_headers<B>(
    request: &mut http::Request<B>,
    path: &str,
    client: std::net::SocketAddr,
) {
    let authority = request.uri().authority().map(ToString::to_string);
    let matched = headers::Matched {
        route: headers::RouteFields::everything(),
        rest: path,
        names: Vec::new(),
    };
    headers::add(request, &authority.unwrap_or_default(), &matched, client);
}
