//! What the engine runs: rules as tables, compiled from SecLang or from another front end.
//!
//! A program is data. It names patterns and sets by their numbers in the pattern tables that it
//! carries, rules by their position, TX variables by their slot. The compiler decides all of it
//! ahead of time, so that a transaction looks nothing up by name.

mod action;
mod image;
mod operator;
mod rule;
mod settings;
mod target;
mod text;

pub use action::{Action, AuditEngine, BodyProcessor, Control, SetVar, TxChange, TxName};
pub use image::{IMAGE_MAGIC, ImageError};
pub use operator::{Comparison, IpNet, Operator, PatternKind, TextMatch};
pub use rule::{AllowScope, Disruption, Meta, Phase, Rule, Severity};
pub use settings::{EngineMode, LimitAction, Limits, Settings};
pub use target::{Collection, Exclusion, Key, Target};
pub use text::{Macro, Part};

use lockgate_transform::Transformation;
use serde::{Deserialize, Serialize};

/// How many TX slots are reserved for captures: slot `n` is `TX:n`.
pub const CAPTURE_SLOTS: u16 = 10;

/// A whole program.
///
/// What must hold (`Engine::load` checks it): every number is inside the table that it points
/// into, `phases` lists heads of chains only and in ascending order, and the first ten TX names
/// are `0` to `9`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The directives that are no rules.
    pub settings: Settings,
    /// All rules in the order of the files; the links of a chain follow their head directly.
    pub rules: Vec<Rule>,
    /// For each phase (index 0 is phase 1), the rules that head a chain, as indexes into `rules`.
    /// A step is a position in one of these lists.
    pub phases: [Vec<u32>; 5],
    /// The distinct transformation lists; a rule names one by its index. The empty list is a
    /// list like any other.
    pub chains: Vec<Vec<Transformation>>,
    /// The names of the TX variables that are named by constants, in lower case, each once.
    pub tx_names: Vec<String>,
    /// What rules say about themselves; links of chains have none.
    pub metas: Vec<Meta>,
    /// The distinct tags, versions and revisions.
    pub strings: Vec<String>,
    /// The address sets of `@ipMatch` and `@ipMatchFromFile`: sorted, IPv4 as mapped IPv6.
    pub ip_sets: Vec<Vec<IpNet>>,
    /// The tables of `lockgate-patterns`, as its builder made them. Kept apart from the rest in
    /// the image and never copied when it is loaded.
    #[serde(skip)]
    pub patterns: Vec<u8>,
}
