//! What a target selects.

use super::Transaction;
use crate::program::{Collection, Exclusion, Key, Target};
use crate::store::{Source, TxValue, ValueId};
use crate::workspace::{Digits, Item, Name};

/// Where the values of a collection are, and whether their names are its values.
fn sources(collection: Collection) -> (&'static [Source], bool) {
    match collection {
        Collection::Args => (&[Source::ArgsGet, Source::ArgsPost], false),
        Collection::ArgsNames => (&[Source::ArgsGet, Source::ArgsPost], true),
        Collection::ArgsGet => (&[Source::ArgsGet], false),
        Collection::ArgsGetNames => (&[Source::ArgsGet], true),
        Collection::ArgsPost => (&[Source::ArgsPost], false),
        Collection::ArgsPostNames => (&[Source::ArgsPost], true),
        Collection::Files | Collection::MultipartFilename => (&[Source::Files], false),
        Collection::FilesNames => (&[Source::Files], true),
        Collection::FilesSizes => (&[Source::FileSizes], false),
        Collection::Geo => (&[Source::Geo], false),
        Collection::MultipartName => (&[Source::PartNames], false),
        Collection::MultipartPartHeaders => (&[Source::PartHeaders], false),
        Collection::RequestCookies => (&[Source::Cookies], false),
        Collection::RequestCookiesNames => (&[Source::Cookies], true),
        Collection::RequestHeaders => (&[Source::RequestHeaders], false),
        Collection::RequestHeadersNames => (&[Source::RequestHeaders], true),
        Collection::ResponseHeaders => (&[Source::ResponseHeaders], false),
        Collection::ResponseHeadersNames => (&[Source::ResponseHeaders], true),
        Collection::XmlText => (&[Source::XmlText], false),
        Collection::XmlAttributes => (&[Source::XmlAttributes], false),
        _ => (&[], false),
    }
}

impl Transaction<'_> {
    /// Appends what a target selects to `items`.
    pub(super) fn look(&mut self, target: &Target, items: &mut Vec<Item>) {
        let before = items.len();
        match target.collection {
            Collection::Tx => self.look_tx(&target.key, items),
            Collection::MatchedVars | Collection::MatchedVarsNames => {
                self.look_matched(target, items);
            }
            Collection::Rule => self.look_rule(&target.key, items),
            collection if collection.is_collection() => {
                self.look_fields(collection, &target.key, items);
            }
            collection => {
                let value = self.single(collection);
                items.push(Item {
                    collection,
                    name: Name::None,
                    value,
                });
            }
        }
        if target.count {
            let count = items.len() - before;
            items.truncate(before);
            let value = self.intern_number(count as u64);
            items.push(Item {
                collection: target.collection,
                name: Name::None,
                value,
            });
        }
    }

    /// How many values there are of this name.
    pub(super) fn intern_number(&mut self, number: u64) -> ValueId {
        let mut digits = Digits::default();
        self.workspace.values.intern(digits.of_u64(number))
    }

    /// The value of a variable that has one.
    pub(super) fn single(&mut self, collection: Collection) -> ValueId {
        match collection {
            Collection::MatchedVar => self.last.map_or(crate::store::EMPTY, |last| last.value),
            Collection::MatchedVarName => match self.last {
                Some(last) => {
                    let mut name = Vec::new();
                    self.write_name(&last, &mut name);
                    self.workspace.values.intern(&name)
                }
                None => crate::store::EMPTY,
            },
            Collection::FullRequest | Collection::FullRequestLength => {
                self.full_request(collection)
            }
            _ => match self.clock(collection) {
                Some(value) => value,
                None => self.workspace.single(collection),
            },
        }
    }

    fn look_fields(&mut self, collection: Collection, key: &Key, items: &mut Vec<Item>) {
        let (sources, names) = sources(collection);
        for source in sources {
            for field in self.workspace.fields.of(*source) {
                let selected = match key {
                    Key::All => true,
                    Key::Name(name) => self
                        .workspace
                        .values
                        .get(field.name)
                        .eq_ignore_ascii_case(name.as_bytes()),
                    Key::Pattern(pattern) => self.workspace.scans.matches_text(
                        &self.engine.patterns,
                        self.workspace.values.get(field.name),
                        *pattern,
                    ),
                    Key::Slot(_) => false,
                };
                if selected {
                    items.push(Item {
                        collection,
                        name: Name::Value(field.name),
                        value: if names { field.name } else { field.value },
                    });
                }
            }
        }
    }

    fn look_tx(&mut self, key: &Key, items: &mut Vec<Item>) {
        if let Key::Slot(slot) = key {
            self.push_tx(Name::Slot(*slot), self.tx.slot(*slot), items);
            return;
        }
        for slot in 0..self.tx.slots().len() as u16 {
            let value = self.tx.slot(slot);
            if value != TxValue::Unset && self.selects(key, self.engine.tx_name(slot)) {
                self.push_tx(Name::Slot(slot), value, items);
            }
        }
        for at in 0..self.tx.dynamic().len() {
            let Some((name, value)) = self.tx.dynamic().get(at).copied() else {
                break;
            };
            let text = self.workspace.values.get(name);
            let selected = match key {
                Key::All => true,
                Key::Name(wanted) => text == wanted.as_bytes(),
                Key::Pattern(pattern) => {
                    let scans = &mut self.workspace.scans;
                    scans.matches_text(&self.engine.patterns, text, *pattern)
                }
                Key::Slot(_) => false,
            };
            if selected {
                self.push_tx(Name::Value(name), value, items);
            }
        }
    }

    fn push_tx(&mut self, name: Name, value: TxValue<'_>, items: &mut Vec<Item>) {
        if let Some(value) = self.tx_id(value) {
            items.push(Item {
                collection: Collection::Tx,
                name,
                value,
            });
        }
    }

    /// A TX value as a value of the store.
    pub(super) fn tx_id(&mut self, value: TxValue<'_>) -> Option<ValueId> {
        match value {
            TxValue::Unset => None,
            TxValue::Value(id) => Some(id),
            TxValue::Text(text) => Some(self.workspace.values.intern(text)),
            TxValue::Number(number) if number >= 0 => Some(self.intern_number(number as u64)),
            TxValue::Number(number) => {
                Some(self.workspace.values.intern(number.to_string().as_bytes()))
            }
        }
    }

    fn look_matched(&mut self, target: &Target, items: &mut Vec<Item>) {
        for at in 0..self.workspace.matched_vars.len() {
            let Some(item) = self.workspace.matched_vars.get(at).copied() else {
                break;
            };
            let mut name = std::mem::take(&mut self.workspace.text);
            name.clear();
            self.write_name(&item, &mut name);
            if self.selects(&target.key, &name) {
                let value = if target.collection == Collection::MatchedVars {
                    item.value
                } else {
                    self.workspace.values.intern(&name)
                };
                items.push(Item {
                    collection: target.collection,
                    name: Name::Matched(u16::try_from(at).unwrap_or(u16::MAX)),
                    value,
                });
            }
            self.workspace.text = name;
        }
    }

    fn look_rule(&mut self, key: &Key, items: &mut Vec<Item>) {
        let Key::Name(name) = key else {
            return;
        };
        let mut text = Vec::new();
        self.write_rule_value(name, &mut text);
        let value = self.workspace.values.intern(&text);
        items.push(Item {
            collection: Collection::Rule,
            name: Name::None,
            value,
        });
    }

    /// Whether a key selects a name.
    fn selects(&mut self, key: &Key, name: &[u8]) -> bool {
        match key {
            Key::All => true,
            Key::Name(wanted) => wanted.as_bytes().eq_ignore_ascii_case(name),
            Key::Pattern(pattern) => {
                let scans = &mut self.workspace.scans;
                scans.matches_text(&self.engine.patterns, name, *pattern)
            }
            Key::Slot(slot) => self.engine.tx_name(*slot) == name,
        }
    }

    /// Whether an exclusion takes a value away.
    pub(super) fn excludes(&mut self, exclusion: &Exclusion, item: &Item) -> bool {
        if exclusion.collection != item.collection {
            return false;
        }
        match (&exclusion.key, item.name) {
            (Key::All, _) => true,
            (Key::Slot(slot), Name::Slot(name)) => *slot == name,
            (Key::Slot(_), _) | (_, Name::None | Name::Matched(_)) => false,
            (key, Name::Slot(slot)) => self.selects(key, self.engine.tx_name(slot)),
            (Key::Name(wanted), Name::Value(name)) => self
                .workspace
                .values
                .get(name)
                .eq_ignore_ascii_case(wanted.as_bytes()),
            (Key::Pattern(pattern), Name::Value(name)) => {
                let name = self.workspace.values.get(name);
                let scans = &mut self.workspace.scans;
                scans.matches_text(&self.engine.patterns, name, *pattern)
            }
        }
    }
}
