//! The steps of the phases, each with a quick test that most of them fail.

use super::group::{Aim, Group, scanned};
use crate::program::{
    Action, Collection, Comparison, Key, Macro, Operator, Part, Program, Rule, TxChange, TxName,
};
use crate::store::number_of;
use lockgate_patterns::Patterns;

/// A step of a phase: a rule, or the chain that it heads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The index of the rule.
    pub(crate) rule: u32,
    /// What its first rule needs at least.
    pub(crate) test: Test,
    /// The test decides the whole rule, and nobody asks what it was that matched: no link follows,
    /// nothing is reported, and no action speaks of `MATCHED_VAR`.
    pub(crate) plain: bool,
}

/// A test that is cheap and certain when it says no. When it says yes the rule is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// None.
    None,
    /// The pattern matches one of the values of the group.
    Group {
        /// The position of the group.
        group: u16,
        /// The pattern.
        pattern: u32,
    },
    /// A number in a TX variable compares so. This is how paranoia levels are skipped.
    Number {
        slot: u16,
        /// `&TX:name`: 1 when the variable is set, 0 when it is not.
        count: bool,
        comparison: Comparison,
        argument: NumberSource,
        negated: bool,
    },
}

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberSource {
    Constant(i64),
    Slot(u16),
}

/// The steps of all phases, and what they have in common.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) steps: [Vec<Step>; 5],
    pub(crate) groups: Vec<Group>,
    pub(crate) aims: Vec<Aim>,
}

impl Plan {
    /// The plan of a program.
    pub(crate) fn of(program: &Program, patterns: &Patterns) -> Self {
        let mut plan = Self::default();
        plan.steps = program.phases.each_ref().map(|phase| {
            let known = phase.iter().filter_map(|index| {
                let rule = program.rules.get(*index as usize)?;
                Some((*index, rule))
            });
            known
                .map(|(index, rule)| {
                    let number = number_test(rule, program);
                    Step {
                        rule: index,
                        plain: number.is_some() && is_plain(rule, program),
                        test: number
                            .or_else(|| plan.group_test(rule, patterns))
                            .unwrap_or(Test::None),
                    }
                })
                .collect()
        });
        plan
    }

    fn group_test(&mut self, rule: &Rule, patterns: &Patterns) -> Option<Test> {
        let (pattern, set) = scanned(rule)?;
        let aims = Aim::of(rule)?.into_iter();
        let mut aims: Vec<u16> = aims
            .map(|aim| place(&mut self.aims, aim))
            .collect::<Option<_>>()?;
        aims.sort_unstable();
        aims.dedup();
        let group = Group {
            aims,
            chain: rule.chain,
            multi_match: rule.multi_match,
            set,
            filter: patterns.group_of(set)?,
        };
        Some(Test::Group {
            group: place(&mut self.groups, group)?,
            pattern,
        })
    }
}

/// The position of an entry; it is added when it is not there.
fn place<T: PartialEq>(table: &mut Vec<T>, entry: T) -> Option<u16> {
    let at = table.iter().position(|known| *known == entry);
    let at = at.unwrap_or_else(|| {
        table.push(entry);
        table.len() - 1
    });
    u16::try_from(at).ok()
}

fn number_test(rule: &Rule, program: &Program) -> Option<Test> {
    let [target] = rule.targets.as_slice() else {
        return None;
    };
    let (Collection::Tx, Key::Slot(slot)) = (target.collection, &target.key) else {
        return None;
    };
    let Operator::Number(comparison, argument) = &rule.operator else {
        return None;
    };
    let plain = program.chains.get(usize::from(rule.chain))?.is_empty();
    if !plain && !target.count {
        return None;
    }
    Some(Test::Number {
        slot: *slot,
        count: target.count,
        comparison: *comparison,
        argument: number_source(argument)?,
        negated: rule.negated,
    })
}

fn is_plain(rule: &Rule, program: &Program) -> bool {
    let meta = rule.meta.and_then(|meta| program.metas.get(meta as usize));
    let reports = meta.is_some_and(|meta| meta.log);
    let speaks = rule.actions.iter().any(|action| match action {
        Action::SetVar(set) => {
            let name = match &set.name {
                TxName::Slot(_) => false,
                TxName::Dynamic(name) => speaks_of_matches(name),
            };
            name || match &set.change {
                TxChange::Set(text) | TxChange::Add(text) | TxChange::Subtract(text) => {
                    speaks_of_matches(text)
                }
                TxChange::Unset => false,
            }
        }
        Action::Control(_) => false,
    });
    !rule.chained && !rule.capture && rule.exclusions.is_empty() && !reports && !speaks
}

fn speaks_of_matches(text: &Macro) -> bool {
    text.parts
        .iter()
        .any(|part| matches!(part, Part::Variable(..) | Part::Count(..)))
}

/// The source of a number that a text stands for, when it needs no expanding.
pub(crate) fn number_source(text: &Macro) -> Option<NumberSource> {
    match text.parts.as_slice() {
        [Part::Tx(slot)] => Some(NumberSource::Slot(*slot)),
        _ => text
            .constant()
            .map(|text| NumberSource::Constant(number_of(text))),
    }
}
