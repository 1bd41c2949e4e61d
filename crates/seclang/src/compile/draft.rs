//! The rules as chains, with their defaults, exclusions and updates, before they are numbered.
use super::actions::{Decision, Sorted};
use super::changes::{known, remove, update, updates};
use super::tables::Tables;
use crate::ast::{Action, Actions, Ast, Item, Note, Rule, Setting};
use crate::fault::{Fault, FaultKind};
use crate::parse::bad_value;
use crate::place::{Place, Text};
use lockgate_transform::Transformation;
use lockgate_waf::program::Phase;
use std::collections::BTreeMap;

/// What `SecDefaultAction` gives to the rules of a phase that follow it.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    /// In place of `block`, and of nothing.
    pub(crate) decision: Decision,
    /// `status`
    pub(crate) status: Option<u16>,
    /// `log` (true) or `nolog`.
    pub(crate) log: bool,
    /// `auditlog` (true) or `noauditlog`.
    pub(crate) audit_log: bool,
    /// Done before the rule's own.
    pub(crate) transformations: Vec<Option<Transformation>>,
}

impl Default for Defaults {
    /// `phase:2,log,auditlog,pass`, as in ModSecurity.
    fn default() -> Self {
        Self {
            decision: Decision::Pass,
            status: None,
            log: true,
            audit_log: true,
            transformations: Vec::new(),
        }
    }
}

/// A chain, or a rule that is none.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// The id of its head.
    pub(crate) id: u32,
    /// The phase of its head.
    pub(crate) phase: Phase,
    /// The rules with their actions.
    pub(crate) links: Vec<(Rule, Sorted)>,
    /// The defaults that were in force.
    pub(crate) defaults: Defaults,
    /// Index of the head among the rules that are left.
    pub(crate) first: u32,
}

impl Chain {
    /// Where the head stands.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.links.first().map(|(rule, _)| &rule.place)
    }

    /// The actions of the head.
    pub(crate) fn head(&self) -> Option<&Sorted> {
        self.links.first().map(|(_, sorted)| sorted)
    }
}

/// What the rules are, in order.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A chain.
    Chain(Chain),
    /// The name of a marker.
    Marker(String),
}

/// All that was read, in order.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Chains and markers.
    pub(crate) steps: Vec<Step>,
    /// Settings.
    pub(crate) settings: Vec<Setting>,
    /// How many rules were removed by directives.
    pub(crate) removed: usize,
}

/// Builds the chains and applies the directives that change rules. Those take effect on all
/// rules, before them or after them, as in libmodsecurity.
pub(crate) fn draft(
    ast: &Ast,
    tables: &mut Tables,
    notes: &mut Vec<Note>,
    faults: &mut Vec<Fault>,
) -> Draft {
    let mut builder = Builder {
        tables,
        notes,
        faults,
        draft: Draft::default(),
        open: None,
        defaults: BTreeMap::new(),
        updates: updates(ast),
    };
    for item in &ast.items {
        builder.item(item);
    }
    builder.close_open();
    let mut draft = builder.draft;
    same_ids(&draft, faults);
    for item in &ast.items {
        let changed = match item {
            Item::Remove(place, choice) => remove(&mut draft, place, choice, notes),
            Item::UpdateTarget(place, choice, targets) => {
                update(&mut draft, place, choice, targets, notes)
            }
            Item::UpdateAction(place, id, _) => known(&draft, *id, place, notes),
            _ => Ok(()),
        };
        faults.extend(changed.err());
    }
    number(&mut draft);
    draft
}

struct Builder<'a> {
    tables: &'a mut Tables,
    notes: &'a mut Vec<Note>,
    faults: &'a mut Vec<Fault>,
    draft: Draft,
    /// The chain whose next link must follow.
    open: Option<Chain>,
    defaults: BTreeMap<Phase, Defaults>,
    updates: BTreeMap<u32, Actions>,
}

impl Builder<'_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Rule(rule) => {
                if let Err(fault) = self.rule(rule) {
                    self.faults.push(fault);
                }
            }
            Item::Marker(name) => {
                self.close_open();
                self.draft
                    .steps
                    .push(Step::Marker(name.as_str().to_owned()));
            }
            Item::Default(actions) => {
                if let Err(fault) = self.default(actions) {
                    self.faults.push(fault);
                }
            }
            Item::Setting(setting) => self.draft.settings.push(setting.clone()),
            Item::Remove(..) | Item::UpdateTarget(..) | Item::UpdateAction(..) => {}
        }
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), Fault> {
        let sorted = self.sorted(&rule.actions)?;
        let goes_on = sorted.chain;
        let mut chain = if let Some(mut chain) = self.open.take() {
            if let Some((place, name)) = sorted.head_only.clone() {
                return Err(Fault::new(place, FaultKind::InChain(name)));
            }
            chain.links.push((rule.clone(), sorted));
            chain
        } else {
            let no_id = || Fault::new(rule.place.clone(), FaultKind::NoId);
            let id = sorted.id.ok_or_else(no_id)?;
            let phase = sorted.phase.unwrap_or(Phase::RequestBody);
            Chain {
                id,
                phase,
                links: vec![(rule.clone(), sorted)],
                defaults: self.defaults.get(&phase).cloned().unwrap_or_default(),
                first: 0,
            }
        };
        if goes_on {
            self.open = Some(chain);
        } else {
            chain.links.shrink_to_fit();
            self.draft.steps.push(Step::Chain(chain));
        }
        Ok(())
    }

    /// A rule's actions, with what `SecRuleUpdateActionById` adds to them.
    fn sorted(&mut self, actions: &[Action]) -> Result<Sorted, Fault> {
        let mut sorted = Sorted::of(actions, self.tables, self.notes)?;
        let update = sorted.id.and_then(|id| self.updates.get(&id));
        if let Some(update) = update {
            let fixed = update
                .iter()
                .find(|a| a.is("id") || a.is("phase") || a.is("chain"));
            if let Some(action) = fixed {
                return Err(bad_value(&action.name, "an action that can be updated"));
            }
            let all: Vec<Action> = actions.iter().chain(update).cloned().collect();
            sorted = Sorted::of(&all, self.tables, self.notes)?;
        }
        Ok(sorted)
    }

    fn default(&mut self, actions: &[Action]) -> Result<(), Fault> {
        let sorted = Sorted::of(actions, self.tables, self.notes)?;
        let Some(first) = actions.first() else {
            return Ok(());
        };
        let whole = |expected: &str| bad_value(&first.name, expected);
        let phase = sorted.phase.ok_or_else(|| whole("a list with a phase"))?;
        let decision = match sorted.decision {
            Some((Decision::Block, _)) | None => {
                return Err(whole("a list with a disruptive action other than `block`"));
            }
            Some((decision, _)) => decision,
        };
        let own = !sorted.doings.is_empty()
            || sorted.id.is_some()
            || sorted.chain
            || sorted.skip.is_some()
            || !sorted.tags.is_empty()
            || !sorted.msg.is_empty();
        if own {
            return Err(whole(
                "a list of defaults: id, chain, skip, setvar, ctl, tag and msg are a rule's own",
            ));
        }
        let usual = Defaults::default();
        let defaults = Defaults {
            decision,
            status: sorted.status,
            log: sorted.log.unwrap_or(usual.log),
            audit_log: sorted.audit_log.unwrap_or(usual.audit_log),
            transformations: sorted.transformations,
        };
        self.defaults.insert(phase, defaults);
        Ok(())
    }

    fn close_open(&mut self) {
        if let Some(chain) = self.open.take() {
            let last = chain.links.last().map(|(rule, _)| rule.place.clone());
            if let Some(place) = last {
                self.faults.push(Fault::new(place, FaultKind::OpenChain));
            }
        }
    }
}

/// Two rules of one id.
fn same_ids(draft: &Draft, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<u32, Place> = BTreeMap::new();
    for chain in chains(draft) {
        let Some(place) = chain.place() else { continue };
        if let Some(first) = seen.get(&chain.id) {
            let kind = FaultKind::SameId {
                id: chain.id,
                first: first.clone(),
            };
            faults.push(Fault::new(place.clone(), kind));
        } else {
            seen.insert(chain.id, place.clone());
        }
    }
}

/// The chains in order.
pub(crate) fn chains(draft: &Draft) -> impl Iterator<Item = &Chain> {
    draft.steps.iter().filter_map(|step| match step {
        Step::Chain(chain) => Some(chain),
        Step::Marker(_) => None,
    })
}

fn number(draft: &mut Draft) {
    let mut next = 0u32;
    for step in &mut draft.steps {
        if let Step::Chain(chain) = step {
            chain.first = next;
            next = next.saturating_add(u32::try_from(chain.links.len()).unwrap_or(u32::MAX));
        }
    }
}

/// The place of a text, for notes about it.
pub(crate) fn note(text: &Text, why: &'static str) -> Note {
    Note {
        place: text.start(),
        what: text.as_str().to_owned(),
        why,
    }
}
