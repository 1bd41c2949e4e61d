//! What is said of rules to people: in records, explanations and lists.
use super::draft::Chain;
use crate::place::Place;
use lockgate_waf::program::{Phase, Severity};

/// A rule, or a chain of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// The id.
    pub id: u32,
    /// Where the head stands.
    pub place: Place,
    /// When it runs.
    pub phase: Phase,
    /// How many rules the chain has.
    pub links: usize,
    /// `msg` as written, macros included.
    pub msg: String,
    /// The tags in order.
    pub tags: Vec<String>,
    /// `severity`
    pub severity: Option<Severity>,
    /// The level of the tag `paranoia-level/N` of the Core Rule Set.
    pub paranoia: Option<u8>,
}

impl RuleInfo {
    /// What is said of a chain.
    pub(super) fn of(chain: &Chain) -> Option<Self> {
        let head = chain.head()?;
        let level = |tag: &String| tag.strip_prefix("paranoia-level/")?.parse().ok();
        Some(Self {
            id: chain.id,
            place: chain.place()?.clone(),
            phase: chain.phase,
            links: chain.links.len(),
            msg: head.msg.clone(),
            tags: head.tags.clone(),
            severity: head.meta.severity,
            paranoia: head.tags.iter().find_map(level),
        })
    }
}
