//! A transaction as bytes, to go on in another instance.

use super::{State, Transaction};
use crate::engine::Engine;
use crate::matched::{Matched, Verdict};
use crate::program::{Collection, Exclusion};
use crate::store::{EMPTY, Source, TxValue, ValueId};
use crate::workspace::{Item, Name, Workspace};
use serde::{Deserialize, Serialize};

/// Why bytes are no transaction of a program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ResumeError {
    /// They do not decode.
    #[error("the saved transaction is damaged")]
    Damaged,
    /// They belong to another program.
    #[error("the saved transaction belongs to another program")]
    OtherProgram,
}

type Pair = (Vec<u8>, Vec<u8>);

#[derive(Serialize, Deserialize)]
struct Saved {
    /// Rules, TX slots and metas of the program.
    program: [u32; 3],
    state: State,
    singles: Vec<(u8, Vec<u8>)>,
    fields: Vec<Vec<Pair>>,
    slots: Vec<(u16, Vec<u8>)>,
    named: Vec<Pair>,
    last: Option<(u8, Option<Vec<u8>>, Vec<u8>)>,
    removed: Vec<u64>,
    removed_targets: Vec<(u32, u32, Exclusion)>,
    verdict: Verdict,
    matched: Vec<Matched>,
    matched_more: u32,
    highest_severity: u8,
}

/// What comes from the request's body. Left out when no rule of a later phase reads it.
const OF_BODY: [Source; 7] = [
    Source::ArgsPost,
    Source::Files,
    Source::FileSizes,
    Source::PartNames,
    Source::PartHeaders,
    Source::XmlText,
    Source::XmlAttributes,
];

fn stamp(engine: &Engine) -> [u32; 3] {
    let program = &engine.program;
    [
        program.rules.len() as u32,
        program.tx_names.len() as u32,
        program.metas.len() as u32,
    ]
}

impl<'e> Transaction<'e> {
    /// The transaction as bytes. The body of the request is among them only when rules of later
    /// phases read it.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let values = &self.workspace.values;
        let bytes = |id: ValueId| values.get(id).to_vec();
        let keeps_body = self.engine.keeps_body;
        let singles = Collection::ALL.iter().filter_map(|collection| {
            let id = self.workspace.single(*collection);
            let kept = id != EMPTY && (keeps_body || *collection != Collection::RequestBody);
            kept.then(|| (*collection as u8, bytes(id)))
        });
        let fields = Source::ALL.iter().map(|source| {
            let list = self.workspace.fields.of(*source);
            let kept = keeps_body || !OF_BODY.contains(source);
            let list = if kept { list } else { &[] };
            list.iter()
                .map(|field| (bytes(field.name), bytes(field.value)))
                .collect()
        });
        let text = |value| {
            let mut text = Vec::new();
            self.write_tx(value, &mut text).then_some(text)
        };
        let slots = (0_u16..).zip(self.tx.slots());
        let slots = slots.filter_map(|(slot, value)| Some((slot, text(*value)?)));
        let named = self.tx.dynamic().iter();
        let named = named.filter_map(|(name, value)| Some((bytes(*name), text(*value)?)));
        let last = self.last.map(|last| {
            let name = match last.name {
                Name::Value(name) => Some(bytes(name)),
                Name::Slot(slot) => Some(self.engine.tx_name(slot).to_vec()),
                Name::None | Name::Matched(_) => None,
            };
            (last.collection as u8, name, bytes(last.value))
        });
        let saved = Saved {
            program: stamp(self.engine),
            state: self.state.clone(),
            singles: singles.collect(),
            fields: fields.collect(),
            slots: slots.collect(),
            named: named.collect(),
            last,
            removed: self.workspace.removed.clone(),
            removed_targets: self.workspace.removed_targets.clone(),
            verdict: self.verdict.clone(),
            matched: self.matched.clone(),
            matched_more: self.matched_more,
            highest_severity: self.highest_severity,
        };
        // A plain structure in memory always encodes.
        postcard::to_allocvec(&saved).unwrap_or_default()
    }

    /// Goes on with a transaction that [`Transaction::save`] wrote, with the same program.
    ///
    /// # Errors
    /// See [`ResumeError`].
    pub fn resume(
        engine: &'e Engine,
        workspace: Workspace,
        saved: &[u8],
    ) -> Result<Self, ResumeError> {
        let saved: Saved = postcard::from_bytes(saved).map_err(|_| ResumeError::Damaged)?;
        if saved.program != stamp(engine) {
            return Err(ResumeError::OtherProgram);
        }
        let mut transaction = Self::empty(engine, workspace);
        transaction.state = saved.state;
        transaction.verdict = saved.verdict;
        transaction.matched = saved.matched;
        transaction.matched_more = saved.matched_more;
        transaction.highest_severity = saved.highest_severity;
        let workspace = &mut transaction.workspace;
        workspace.removed = saved.removed;
        workspace.removed_targets = saved.removed_targets;
        for (collection, value) in &saved.singles {
            if let Some(collection) = Collection::ALL.get(usize::from(*collection)) {
                workspace.set_single(*collection, value);
            }
        }
        for (source, list) in Source::ALL.iter().zip(&saved.fields) {
            for (name, value) in list {
                let name = workspace.values.intern(name);
                let value = workspace.values.intern(value);
                workspace.fields.push(*source, name, value);
            }
        }
        for (slot, text) in &saved.slots {
            let value = TxValue::Value(workspace.values.intern(text));
            transaction.tx.set_slot(*slot, value);
        }
        for (name, text) in &saved.named {
            let name = workspace.values.intern(name);
            let value = TxValue::Value(workspace.values.intern(text));
            transaction.tx.set_named(&workspace.values, name, value);
        }
        transaction.last = saved.last.and_then(|(collection, name, value)| {
            Some(Item {
                collection: *Collection::ALL.get(usize::from(collection))?,
                name: name.map_or(Name::None, |name| {
                    Name::Value(workspace.values.intern(&name))
                }),
                value: workspace.values.intern(&value),
            })
        });
        Ok(transaction)
    }
}
