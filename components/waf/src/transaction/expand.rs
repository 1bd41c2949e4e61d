//! Texts with macros, expanded.

use super::Transaction;
use crate::engine::NumberSource;
use crate::program::{Collection, Key, Macro, Part, Target};
use crate::store::{TxValue, number_of};
use crate::workspace::{Digits, Item, Name};

impl Transaction<'_> {
    /// Appends the expanded text to `out`; past `text_bytes_max` it is cut off.
    pub(super) fn expand(&mut self, text: &Macro, out: &mut Vec<u8>) {
        let end = out.len() + self.engine.program.settings.limits.text_bytes_max as usize;
        for part in &text.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Tx(slot) => {
                    self.write_tx(self.tx.slot(*slot), out);
                }
                Part::Variable(collection, key) => {
                    self.write_variable(*collection, key.as_deref(), out);
                }
                Part::Count(collection, key) => {
                    let value = self.first(*collection, key.as_deref(), true);
                    let value = value.map_or(crate::store::EMPTY, |item| item.value);
                    out.extend_from_slice(self.workspace.values.get(value));
                }
            }
            if out.len() > end {
                out.truncate(end);
                return;
            }
        }
    }

    /// The number that an argument stands for.
    pub(super) fn number(&mut self, text: &Macro) -> i64 {
        if let [Part::Tx(slot)] = text.parts.as_slice() {
            return self.number_from(NumberSource::Slot(*slot));
        }
        if let Some(text) = text.constant() {
            return number_of(text);
        }
        let mut out = Vec::new();
        self.expand(text, &mut out);
        number_of(&out)
    }

    /// The number of a source.
    pub(super) fn number_from(&self, source: NumberSource) -> i64 {
        match source {
            NumberSource::Constant(number) => number,
            NumberSource::Slot(slot) => match self.tx.slot(slot) {
                TxValue::Unset => 0,
                TxValue::Number(number) => number,
                TxValue::Text(text) => number_of(text),
                TxValue::Value(id) => number_of(self.workspace.values.get(id)),
            },
        }
    }

    /// Appends a TX value; false when there is none.
    pub(super) fn write_tx(&self, value: TxValue<'_>, out: &mut Vec<u8>) -> bool {
        match value {
            TxValue::Unset => return false,
            TxValue::Number(number) => {
                if number < 0 {
                    out.push(b'-');
                }
                out.extend_from_slice(Digits::default().of_u64(number.unsigned_abs()));
            }
            TxValue::Text(text) => out.extend_from_slice(text),
            TxValue::Value(id) => out.extend_from_slice(self.workspace.values.get(id)),
        }
        true
    }

    fn write_variable(&mut self, collection: Collection, key: Option<&str>, out: &mut Vec<u8>) {
        match (collection, key) {
            (Collection::Rule, Some(key)) => self.write_rule_value(key, out),
            (Collection::MatchedVarName, _) => {
                if let Some(last) = self.last {
                    self.write_name(&last, out);
                }
            }
            _ => {
                if let Some(item) = self.first(collection, key, false) {
                    out.extend_from_slice(self.workspace.values.get(item.value));
                }
            }
        }
    }

    fn first(&mut self, collection: Collection, key: Option<&str>, count: bool) -> Option<Item> {
        let target = Target {
            collection,
            key: key.map_or(Key::All, |key| Key::Name(key.to_owned())),
            count,
        };
        let mut items = Vec::new();
        self.look(&target, &mut items);
        items.first().copied()
    }

    /// Appends `ARGS:name`.
    pub(super) fn write_name(&self, item: &Item, out: &mut Vec<u8>) {
        if let Name::Matched(at) = item.name {
            // The variable that is in MATCHED_VARS, not its place there.
            if let Some(original) = self.workspace.matched_vars.get(usize::from(at))
                && !matches!(original.name, Name::Matched(_))
            {
                self.write_name(original, out);
                return;
            }
        }
        out.extend_from_slice(item.collection.name().as_bytes());
        let name = match item.name {
            Name::None | Name::Matched(_) => return,
            Name::Slot(slot) => self.engine.tx_name(slot),
            Name::Value(name) => self.workspace.values.get(name),
        };
        out.push(b':');
        out.extend_from_slice(name);
    }

    /// Appends what the running rule says about itself.
    pub(super) fn write_rule_value(&mut self, key: &str, out: &mut Vec<u8>) {
        let engine = self.engine;
        let Some(rule) = self.running.and_then(|index| engine.rule(index)) else {
            return;
        };
        if key == "id" {
            out.extend_from_slice(Digits::default().of_u64(u64::from(rule.id)));
            return;
        }
        let Some(meta) = rule
            .meta
            .and_then(|at| engine.program.metas.get(at as usize))
        else {
            return;
        };
        match key {
            "msg" => {
                // A text that names itself would not end.
                let recursive = meta
                    .msg
                    .parts
                    .iter()
                    .any(|part| matches!(part, Part::Variable(Collection::Rule, _)));
                if !recursive {
                    self.expand(&meta.msg, out);
                }
            }
            "severity" => {
                if let Some(severity) = meta.severity {
                    out.push(b'0' + severity.number());
                }
            }
            "rev" | "ver" => {
                let at = if key == "rev" { meta.rev } else { meta.ver };
                if let Some(text) = at.and_then(|at| engine.program.strings.get(at as usize)) {
                    out.extend_from_slice(text.as_bytes());
                }
            }
            _ => {}
        }
    }
}
