//! What matching rules do.

use super::{Allowed, Transaction};
use crate::matched::Verdict;
use crate::program::{
    Action, AllowScope, Collection, Control, Disruption, EngineMode, Phase, Rule, SetVar, TxChange,
    TxName,
};
use crate::store::TxValue;

impl<'e> Transaction<'e> {
    /// The actions that every match has.
    pub(super) fn act(&mut self, rule: &'e Rule) {
        for action in &rule.actions {
            match action {
                Action::SetVar(set) => self.set_var(set),
                Action::Control(control) => self.control(control),
            }
        }
    }

    fn set_var(&mut self, set: &'e SetVar) {
        match &set.name {
            TxName::Slot(slot) => {
                let value = self.new_value(&set.change, self.tx.slot(*slot));
                self.tx.set_slot(*slot, value);
            }
            TxName::Dynamic(name) => {
                let mut text = std::mem::take(&mut self.workspace.text);
                text.clear();
                self.expand(name, &mut text);
                text.make_ascii_lowercase();
                if let Some(slot) = self.engine.slot_of(&text) {
                    let value = self.new_value(&set.change, self.tx.slot(slot));
                    self.tx.set_slot(slot, value);
                } else {
                    let old = self.tx.named(&self.workspace.values, &text);
                    let name = self.workspace.values.intern(&text);
                    let value = self.new_value(&set.change, old);
                    self.tx.set_named(&self.workspace.values, name, value);
                }
                self.workspace.text = text;
            }
        }
    }

    fn new_value(&mut self, change: &'e TxChange, old: TxValue<'e>) -> TxValue<'e> {
        match change {
            TxChange::Unset => TxValue::Unset,
            TxChange::Set(text) => {
                if let Some(text) = text.constant() {
                    return TxValue::Text(text);
                }
                let mut buffer = std::mem::take(&mut self.workspace.buffer);
                buffer.clear();
                self.expand(text, &mut buffer);
                let value = TxValue::Value(self.workspace.values.intern(&buffer));
                self.workspace.buffer = buffer;
                value
            }
            TxChange::Add(text) => {
                let number = self.number(text);
                TxValue::Number(self.number_in(old).saturating_add(number))
            }
            TxChange::Subtract(text) => {
                let number = self.number(text);
                TxValue::Number(self.number_in(old).saturating_sub(number))
            }
        }
    }

    fn number_in(&self, value: TxValue<'_>) -> i64 {
        match value {
            TxValue::Unset => 0,
            TxValue::Number(number) => number,
            TxValue::Text(text) => crate::store::number_of(text),
            TxValue::Value(id) => crate::store::number_of(self.workspace.values.get(id)),
        }
    }

    fn control(&mut self, control: &'e Control) {
        match control {
            Control::RuleEngine(mode) => self.state.mode = *mode,
            Control::RemoveRules(ranges) => {
                for (first, last) in ranges {
                    self.remove_rules(*first, *last);
                }
            }
            Control::RemoveTarget { rules, target } => {
                let max = self.engine.program.settings.limits.values_max as usize;
                for (first, last) in rules {
                    let removed = &mut self.workspace.removed_targets;
                    let entry = (*first, *last, target.clone());
                    if removed.len() < max && !removed.contains(&entry) {
                        removed.push(entry);
                    }
                }
            }
            Control::RequestBodyProcessor(processor) => {
                self.state.processor = *processor;
                let name = processor.name().as_bytes();
                self.workspace
                    .set_single(Collection::ReqbodyProcessor, name);
                self.epoch += 1;
            }
            Control::ResponseBodyProcessor(_) => {}
            Control::ForceRequestBodyVariable(force) => self.state.force_request_body = *force,
            Control::RequestBodyAccess(access) => self.state.request_body_access = *access,
            Control::ResponseBodyAccess(access) => self.state.response_body_access = *access,
            Control::AuditEngine(audit) => self.state.audit = *audit,
            Control::RequestBodyLimit(bytes) => self.state.request_body_bytes_max = *bytes,
            Control::ResponseBodyLimit(bytes) => self.state.response_body_bytes_max = *bytes,
        }
    }

    fn remove_rules(&mut self, first: u32, last: u32) {
        let last = last.min(self.engine.program.rules.len() as u32);
        let words = self.engine.program.rules.len().div_ceil(64);
        self.workspace.removed.resize(words, 0);
        for rule in first..=last {
            if let Some(word) = self.workspace.removed.get_mut(rule as usize / 64) {
                *word |= 1 << (rule % 64);
            }
        }
    }

    /// Whether `ctl` took a rule away.
    pub(super) fn is_removed(&self, rule: u32) -> bool {
        self.workspace
            .removed
            .get(rule as usize / 64)
            .is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    /// What the whole chain does. True when the rules of this phase end here.
    pub(super) fn disrupt(&mut self, rule: &'e Rule, phase: Phase) -> bool {
        if self.state.mode != EngineMode::On {
            return false;
        }
        let verdict = match &rule.disruption {
            Disruption::Pass => return false,
            Disruption::Allow(scope) => {
                self.state.allowed = Some(match scope {
                    AllowScope::Phase => Allowed::Phase(phase),
                    AllowScope::Request => Allowed::Request,
                    AllowScope::Transaction => Allowed::Transaction,
                });
                return true;
            }
            Disruption::Deny(status) => Verdict::Deny {
                status: *status,
                rule: rule.id,
            },
            Disruption::Drop => Verdict::Drop { rule: rule.id },
            Disruption::Redirect(status, location) => {
                let mut text = Vec::new();
                self.expand(location, &mut text);
                Verdict::Redirect {
                    status: *status,
                    location: text,
                    rule: rule.id,
                }
            }
        };
        if self.verdict.passes() && phase != Phase::Logging {
            self.verdict = verdict;
        }
        true
    }

    /// Whether `allow` passes over a phase.
    pub(super) fn is_allowed(&self, phase: Phase) -> bool {
        match self.state.allowed {
            None => false,
            Some(Allowed::Phase(allowed)) => allowed == phase,
            Some(Allowed::Request) => phase <= Phase::RequestBody,
            Some(Allowed::Transaction) => phase != Phase::Logging,
        }
    }
}
