//! The configuration of Lockgate: `gateway.toml`, `rules/*.toml`, overlays and environment
//! variables. Every key is declared once, in [`types`]; the checks, the messages, the listing and
//! the reference page are made from that declaration.

mod check;
pub mod document;
mod early;
mod environment;
mod fault;
mod files;
mod instead;
mod lists;
mod load;
mod merge;
mod nesting;
mod parse;
mod reference;
mod shape;
mod show;
mod spelling;
mod tree;
pub mod types;
mod walk;
mod when;

pub use early::{Early, early};
pub use environment::PREFIX;
pub use fault::{FAULTS_MAX, Fault, Provenance, Refused};
pub use files::FILE_BYTES_MAX;
pub use instead::Instead;
pub use load::{Loaded, Sources, load, load_instead, load_rules, load_rules_instead};
pub use reference::reference_markdown;
pub use show::{ProvenanceMap, ShownValue, show};
pub use types::*;
pub use when::expression;
