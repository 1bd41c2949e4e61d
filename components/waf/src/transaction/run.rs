//! A phase: its steps in order.

use super::Transaction;
use crate::engine::{Step, Test};
use crate::matched::MatchedValue;
use crate::program::{EngineMode, Phase, Rule};
use crate::store::TxValue;
use crate::workspace::{Item, Name};

/// Values in `MATCHED_VARS`; further ones are not kept.
const MATCHED_VARS_MAX: usize = 4096;

impl<'e> Transaction<'e> {
    /// Runs the rules of a phase. After a verdict that is not to pass, only those of
    /// [`Phase::Logging`] run.
    pub fn run_phase(&mut self, phase: Phase) {
        let engine = self.engine;
        let steps = engine.steps(phase);
        let mut at = 0;
        let mut asked = 0_u32;
        while let Some(step) = steps.get(at) {
            at += 1;
            if self.state.mode == EngineMode::Off
                || (!self.verdict.passes() && phase != Phase::Logging)
                || self.is_allowed(phase)
                || self.is_exhausted()
            {
                break;
            }
            if self.is_removed(step.rule) {
                continue;
            }
            asked = asked.wrapping_add(1);
            if !self.passes_test(step) {
                continue;
            }
            let next = if step.plain && self.workspace.removed_targets.is_empty() {
                self.run_plain(step.rule, phase)
            } else {
                self.run_chain(step.rule, phase)
            };
            if let Some(next) = next {
                at = next;
            }
        }
        self.rules_asked = self.rules_asked.saturating_add(asked);
        if self.is_exhausted() {
            self.reject(engine.program.settings.limits.exhausted_action);
        }
    }

    /// The quick test of a step. False is certain.
    fn passes_test(&mut self, step: &Step) -> bool {
        match step.test {
            Test::None => true,
            Test::Group { group, pattern } => self.group_has(group, pattern),
            Test::Number {
                slot,
                count,
                comparison,
                argument,
                negated,
            } => {
                let set = self.tx.slot(slot) != TxValue::Unset;
                let left = if count {
                    i64::from(set)
                } else if set {
                    self.number_from(crate::engine::NumberSource::Slot(slot))
                } else {
                    return false;
                };
                let right = self.number_from(argument);
                super::compare::compares(comparison, left, right) != negated
            }
        }
    }

    /// What a rule does whose test has decided it ([`Step::plain`]). `MATCHED_VAR` stays what it was.
    fn run_plain(&mut self, index: u32, phase: Phase) -> Option<usize> {
        let engine = self.engine;
        let rule = engine.rule(index)?;
        self.running = Some(index);
        self.act(rule);
        if self.disrupt(rule, phase) {
            return Some(engine.steps(phase).len());
        }
        rule.skip_to.map(|step| step as usize)
    }

    /// Runs a rule and the links of its chain. Where it goes on, when it is not at the next step.
    fn run_chain(&mut self, head: u32, phase: Phase) -> Option<usize> {
        let engine = self.engine;
        self.workspace.matched_vars.clear();
        self.running = Some(head);
        let mut values = Vec::new();
        let mut index = head;
        loop {
            let rule = engine.rule(index)?;
            let link = (index - head) as u16;
            if !self.evaluate(index, rule, link, &mut values) {
                return None;
            }
            if !rule.chained {
                break;
            }
            index += 1;
        }
        let rule = engine.rule(head)?;
        let steps = engine.steps(phase).len();
        let decided = self.verdict.passes();
        let ends = self.disrupt(rule, phase);
        self.report(head, rule, phase, decided && !self.verdict.passes(), values);
        if ends {
            return Some(steps);
        }
        rule.skip_to.map(|step| step as usize)
    }

    /// Evaluates one rule: true when a value matched.
    fn evaluate(
        &mut self,
        index: u32,
        rule: &'e Rule,
        link: u16,
        matched: &mut Vec<MatchedValue>,
    ) -> bool {
        if rule.targets.is_empty() {
            self.act(rule);
            return true;
        }
        let mut items = std::mem::take(&mut self.workspace.items);
        let mut forms = std::mem::take(&mut self.workspace.forms);
        items.clear();
        for target in &rule.targets {
            self.look(target, &mut items);
        }
        let mut any = false;
        for item in &items {
            if self.is_excluded(index, rule, item) {
                continue;
            }
            forms.clear();
            if rule.multi_match {
                self.all_forms(item.value, rule.chain, &mut forms);
            } else {
                forms.push(self.changed(item.value, rule.chain));
            }
            for form in &forms {
                if self.says_yes(rule, *form) == rule.negated {
                    continue;
                }
                any = true;
                let item = Item {
                    value: *form,
                    ..*item
                };
                let span = if rule.capture && !rule.negated {
                    self.capture(rule, *form)
                } else {
                    None
                };
                self.remember(item);
                self.note(link, &item, span, matched);
                self.act(rule);
            }
            if self.is_exhausted() {
                break;
            }
        }
        self.workspace.items = items;
        self.workspace.forms = forms;
        any
    }

    fn is_excluded(&mut self, index: u32, rule: &Rule, item: &Item) -> bool {
        if rule.exclusions.iter().any(|one| self.excludes(one, item)) {
            return true;
        }
        if self.workspace.removed_targets.is_empty() {
            return false;
        }
        let removed = std::mem::take(&mut self.workspace.removed_targets);
        let excluded = removed.iter().any(|(first, last, exclusion)| {
            (*first..=*last).contains(&index) && self.excludes(exclusion, item)
        });
        self.workspace.removed_targets = removed;
        excluded
    }

    /// `MATCHED_VAR` and its kin. What came from `MATCHED_VARS` keeps the name that it has there,
    /// and is not added once more.
    fn remember(&mut self, mut item: Item) {
        let mut known = false;
        if let Name::Matched(at) = item.name
            && let Some(original) = self.workspace.matched_vars.get(usize::from(at))
        {
            item.collection = original.collection;
            item.name = original.name;
            known = original.value == item.value;
        }
        if !known && self.workspace.matched_vars.len() < MATCHED_VARS_MAX {
            self.workspace.matched_vars.push(item);
        }
        self.last = Some(item);
    }
}
