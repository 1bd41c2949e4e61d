//! The directives that change rules: `SecRuleRemove...` and `SecRuleUpdate...`.
use super::draft::{Draft, Step, chains};
use super::select::Selected;
use crate::ast::{Actions, Ast, Choice, Item, Note, Target};
use crate::fault::Fault;
use crate::place::Place;
use std::collections::BTreeMap;

/// The actions that `SecRuleUpdateActionById` adds to each rule's own.
pub(crate) fn updates(ast: &Ast) -> BTreeMap<u32, Actions> {
    let mut updates: BTreeMap<u32, Actions> = BTreeMap::new();
    for item in &ast.items {
        if let Item::UpdateAction(_, id, actions) = item {
            updates
                .entry(*id)
                .or_default()
                .extend(actions.iter().cloned());
        }
    }
    updates
}

/// Takes the chosen chains out.
pub(crate) fn remove(
    draft: &mut Draft,
    place: &Place,
    choice: &Choice,
    notes: &mut Vec<Note>,
) -> Result<(), Fault> {
    let selected = Selected::of(choice)?;
    let mut removed = 0;
    draft.steps.retain(|step| match step {
        Step::Chain(chain) if selected.has(chain) => {
            removed += chain.links.len();
            false
        }
        _ => true,
    });
    draft.removed += removed;
    if removed == 0 {
        notes.push(selected.nothing(place));
    }
    Ok(())
}

/// Adds targets to the heads of chains, as libmodsecurity does.
pub(crate) fn update(
    draft: &mut Draft,
    place: &Place,
    choice: &Choice,
    targets: &[Target],
    notes: &mut Vec<Note>,
) -> Result<(), Fault> {
    let selected = Selected::of(choice)?;
    let mut updated = false;
    for step in &mut draft.steps {
        if let Step::Chain(chain) = step
            && selected.has(chain)
            && let Some((rule, _)) = chain.links.first_mut()
        {
            rule.targets.extend_from_slice(targets);
            updated = true;
        }
    }
    if !updated {
        notes.push(selected.nothing(place));
    }
    Ok(())
}

/// Notes an id that no rule has.
pub(crate) fn known(
    draft: &Draft,
    id: u32,
    place: &Place,
    notes: &mut Vec<Note>,
) -> Result<(), Fault> {
    if !chains(draft).any(|chain| chain.id == id) {
        notes.push(Note {
            place: place.clone(),
            what: id.to_string(),
            why: "no rule has this id",
        });
    }
    Ok(())
}
