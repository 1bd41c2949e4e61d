//! Spin apps: `spin.toml`, manifest version 2, and what runs them.
//!
//! ```text
//! manifest/    spin.toml, checked: what is not supported is an error with its place
//! app.rs       routes and components; requests between components
//! component.rs one component: what it is given, and who runs it
//! workers/     its instances: made, shared by requests, ended
//! body.rs      what they answer with
//! budget.rs    their CPU time and memory
//! ```
//! Sockets, records and the gate that may stand in front are the host's.
//!
//! Invariants: **a component has what its manifest gives it and nothing else**; nothing is
//! compiled in a request; an instance that fails takes only the requests with it that are in it.

pub mod app;
mod bindings;
mod body;
mod budget;
mod component;
mod engine;
pub mod files;
pub mod headers;
mod instance;
mod keyvalue;
pub mod manifest;
mod middleware;
mod outbound;
mod output;
mod redis;
pub mod routes;
mod scratch;
mod sqlite;
pub mod variables;
mod workers;

pub use app::{App, Places};
pub use body::Answered;
pub use component::{NoAnswer, Runner};
pub use manifest::RuntimeConfig;
pub use outbound::AllowedHosts;
pub use outbound::hosts::CHAINING_SUFFIX;
