//! Rules that ask the same values in the same form, answered together.

use crate::program::{Collection, Exclusion, Key, Operator, Rule, Target};
use lockgate_patterns::{GroupId, SetId};

/// A target of several rules, without what they all leave out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aim {
    pub(crate) target: Target,
    /// Those that keep long headers from being scanned. Other exclusions are looked at when a
    /// pattern has matched.
    pub(crate) exclusions: Vec<Exclusion>,
}

/// What several rules have in common: the values, their form, and the set of their patterns. All
/// values are scanned once with the set; a rule of the group then needs a look at one bit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The positions of the aims, in ascending order.
    pub(crate) aims: Vec<u16>,
    pub(crate) chain: u16,
    pub(crate) multi_match: bool,
    pub(crate) set: SetId,
    /// Where the filter of the set belongs.
    pub(crate) filter: GroupId,
}

impl Aim {
    /// What a rule looks at, when its matches can be found out together with those of others.
    pub(crate) fn of(rule: &Rule) -> Option<Vec<Self>> {
        if rule.negated || rule.targets.is_empty() || rule.targets.iter().any(Target::changes) {
            return None;
        }
        let aims = rule.targets.iter().map(|target| {
            let exclusions = rule.exclusions.iter();
            let narrowing =
                exclusions.filter(|one| one.collection == target.collection && is_narrowing(one));
            Self {
                target: target.clone(),
                exclusions: narrowing.cloned().collect(),
            }
        });
        Some(aims.collect())
    }
}

/// The pattern and the set of a rule that has both.
pub(crate) fn scanned(rule: &Rule) -> Option<(u32, SetId)> {
    match rule.operator {
        Operator::Pattern {
            pattern,
            set: Some(set),
            ..
        } => Some((pattern, SetId(u32::from(set)))),
        _ => None,
    }
}

fn is_narrowing(exclusion: &Exclusion) -> bool {
    match exclusion.key {
        Key::All => true,
        Key::Name(_) => exclusion.collection == Collection::RequestHeaders,
        Key::Pattern(_) | Key::Slot(_) => false,
    }
}
