//! A line's directive and its words, as an item.
use super::known::{DIRECTIVES, Fate, directive};
use super::operator::operator;
use super::{action, settings, target};
use crate::ast::{Choice, Item, Note, Rule};
use crate::fault::{Fault, FaultKind, What, unknown};
use crate::place::{Place, Text};
use std::ops::RangeInclusive;

/// What a line comes to.
#[derive(Debug)]
pub(crate) enum Line {
    /// An item.
    Item(Item),
    /// Nothing, for a reason.
    Note(Note),
    /// The files of this pattern, which must exist unless it is optional.
    Include {
        /// A path whose last part may hold `*` and `?`.
        pattern: Text,
        /// Whether none may be there.
        optional: bool,
    },
}

/// Reads the words of a line.
///
/// # Errors
/// An unknown or refused directive, or words that do not belong to it.
pub(crate) fn line(words: &[Text]) -> Result<Line, Fault> {
    let Some((first, rest)) = words.split_first() else {
        return Err(nothing());
    };
    let place = first.start();
    let name = first.as_str();
    let Some((known, fate)) = directive(name) else {
        let names = DIRECTIVES.iter().map(|(known, _)| *known);
        return Err(Fault::new(place, unknown(What::Directive, name, names)));
    };
    match fate {
        Fate::Noted(why) => Ok(Line::Note(Note {
            place,
            what: known.to_owned(),
            why,
        })),
        Fate::Refused(why) => Err(Fault::new(
            place,
            FaultKind::Refused {
                what: What::Directive,
                name: known.to_owned(),
                why,
            },
        )),
        Fate::Read => read(known, &place, rest),
    }
}

fn read(known: &'static str, place: &Place, words: &[Text]) -> Result<Line, Fault> {
    let takes = |takes| {
        let kind = FaultKind::Words {
            directive: known,
            takes,
        };
        Fault::new(place.clone(), kind)
    };
    let item = match (known, words) {
        ("SecRule", [targets, comparison]) => rule(place, targets, comparison, None)?,
        ("SecRule", [targets, comparison, actions]) => {
            rule(place, targets, comparison, Some(actions))?
        }
        ("SecRule", _) => return Err(takes("targets, an operator and actions")),
        ("SecAction", [actions]) => Item::Rule(Rule {
            place: place.clone(),
            targets: Vec::new(),
            operator: None,
            actions: action::list(actions)?,
        }),
        ("SecDefaultAction", [actions]) => Item::Default(action::list(actions)?),
        ("SecMarker", [name]) => Item::Marker(name.clone()),
        ("SecRuleRemoveById", [_, ..]) => Item::Remove(place.clone(), Choice::Id(ids(words)?)),
        ("SecRuleRemoveByTag", [tag]) => Item::Remove(place.clone(), Choice::Tag(tag.clone())),
        ("SecRuleRemoveByMsg", [msg]) => Item::Remove(place.clone(), Choice::Msg(msg.clone())),
        ("SecRuleUpdateTargetById", [ids_, targets]) => {
            let ids = ids(std::slice::from_ref(ids_))?;
            Item::UpdateTarget(place.clone(), Choice::Id(ids), target::list(targets)?)
        }
        ("SecRuleUpdateTargetByTag", [tag, targets]) => Item::UpdateTarget(
            place.clone(),
            Choice::Tag(tag.clone()),
            target::list(targets)?,
        ),
        ("SecRuleUpdateTargetByMsg", [msg, targets]) => Item::UpdateTarget(
            place.clone(),
            Choice::Msg(msg.clone()),
            target::list(targets)?,
        ),
        ("SecRuleUpdateActionById", [id, actions]) => {
            Item::UpdateAction(place.clone(), number(id)?, action::list(actions)?)
        }
        ("SecRuleRemoveById", _) => return Err(takes("ids and ranges of ids")),
        (
            "SecRuleUpdateTargetById" | "SecRuleUpdateTargetByTag" | "SecRuleUpdateTargetByMsg",
            _,
        ) => return Err(takes("which rules, and targets")),
        ("SecRuleUpdateActionById", _) => return Err(takes("an id, and actions")),
        ("SecAction" | "SecDefaultAction", _) => return Err(takes("one list of actions")),
        ("SecMarker", _) => return Err(takes("a name")),
        ("Include" | "IncludeOptional", [pattern]) => {
            return Ok(Line::Include {
                pattern: pattern.clone(),
                optional: known == "IncludeOptional",
            });
        }
        ("Include" | "IncludeOptional", _) => return Err(takes("a path")),
        _ => return settings::read(known, place, words),
    };
    Ok(Line::Item(item))
}

fn rule(
    place: &Place,
    targets: &Text,
    comparison: &Text,
    actions: Option<&Text>,
) -> Result<Item, Fault> {
    Ok(Item::Rule(Rule {
        place: place.clone(),
        targets: target::list(targets)?,
        operator: Some(operator(comparison)),
        actions: actions.map_or_else(|| Ok(Vec::new()), action::list)?,
    }))
}

/// Ids and ranges of ids, each word one or several that commas separate.
///
/// # Errors
/// What is not an id or a range.
pub(crate) fn ids(words: &[Text]) -> Result<Vec<RangeInclusive<u32>>, Fault> {
    let mut ranges = Vec::new();
    for word in words {
        for part in word.as_str().split([',', ' ']).filter(|p| !p.is_empty()) {
            let range = match part.split_once('-') {
                Some((low, high)) => low.parse().ok().zip(high.parse().ok()),
                None => part.parse().ok().map(|id: u32| (id, id)),
            };
            let (low, high) = range.ok_or_else(|| value(word, "an id or a range of ids"))?;
            ranges.push(low..=high);
        }
    }
    Ok(ranges)
}

/// A whole number.
fn number(word: &Text) -> Result<u32, Fault> {
    word.as_str().parse().map_err(|_| value(word, "an id"))
}

/// The fault of a value that is not what it must be.
pub(crate) fn value(word: &Text, expected: &str) -> Fault {
    Fault::new(
        word.start(),
        FaultKind::Value {
            value: word.as_str().to_owned(),
            expected: expected.to_owned(),
        },
    )
}

/// Lines without words are left out before they come here.
fn nothing() -> Fault {
    let place = Place {
        file: std::sync::Arc::from(std::path::Path::new("")),
        line: 0,
        column: 0,
    };
    Fault::new(
        place,
        FaultKind::Words {
            directive: "a line",
            takes: "at least one word",
        },
    )
}
