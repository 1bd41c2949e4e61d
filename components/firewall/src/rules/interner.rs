//! The tables of statements, inputs, labels and patterns while they are made: each thing once.

use std::collections::BTreeMap;

use super::compiled::{CompiledInput, Node};
use super::spec::InputSpec;

/// Things by their index; the same thing has the same one.
#[derive(Debug, Clone)]
pub(super) struct Interner<T>(BTreeMap<T, u32>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Interner<T> {
    /// The index of a thing; a new one gets the next. Memory ends long before the numbers do.
    pub(super) fn index(&mut self, thing: T) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(thing).or_insert(next)
    }

    /// All of them, in the order of their indexes.
    pub(super) fn into_list(self) -> Vec<T> {
        let mut list: Vec<(T, u32)> = self.0.into_iter().collect();
        list.sort_by_key(|(_, index)| *index);
        list.into_iter().map(|(thing, _)| thing).collect()
    }
}

/// The tables that statements are made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) nodes: Interner<Node>,
    pub(super) inputs: Interner<CompiledInput>,
    pub(super) labels: Interner<String>,
    pub(super) patterns: Interner<String>,
}

impl Tables {
    /// The index of an input: its field, then a step for each transformation, so that inputs which begin
    /// alike share the beginning.
    pub(super) fn input(&mut self, spec: &InputSpec) -> u32 {
        let field = self.inputs.index(CompiledInput::Field(spec.field.clone()));
        spec.transformations.iter().fold(field, |of, name| {
            let transformation = name.clone();
            self.inputs
                .index(CompiledInput::Step { of, transformation })
        })
    }
}
