//! The values that statements look at: taken out of the request once, transformed once, whoever asks.

mod body;
mod cookies;
mod fields;
mod grams;
mod names;
mod pairs;
mod steps;

use lockgate_bodies::multipart::Multipart;

use crate::rules::View;

use fields::collect;
pub(crate) use grams::Grams;
use names::Names;
pub(crate) use steps::Steps;
pub use steps::{TRANSFORMATIONS_MAX, transformation, transformation_names};

/// Most values of one field that are looked at one by one; more make the field oversize, and what is left
/// of a query, a form or a document is looked at as one value.
pub const VALUES_MAX: usize = 4096;

/// Most bytes that decoding and transforming make of one request; a value that would go beyond it stays as
/// it is, and its field is oversize.
pub const MADE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A run of bytes: in the request, or in what was made of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run<'a> {
    Given(&'a [u8]),
    Made { start: usize, end: usize },
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    /// The name that the value has among those of its field; empty where it has none.
    pub(crate) name: Run<'a>,
    pub(crate) bytes: Run<'a>,
}

/// The values of one input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values<'a> {
    pub(crate) items: Vec<Value<'a>>,
    /// There is more than what is looked at.
    pub(crate) oversize: bool,
    /// The body is not there, so the values are unknown.
    pub(crate) later: bool,
}

/// Everything that was taken out of one request so far.
#[derive(Debug)]
pub(crate) struct Cache<'a> {
    slots: Vec<Option<Values<'a>>>,
    names: Names,
    /// The pairs of each value, by input; empty until they are asked for.
    grams: Vec<Vec<Grams>>,
    made: Vec<u8>,
    scratch: Vec<u8>,
    multipart: Option<Multipart>,
}

impl<'a> Cache<'a> {
    pub(crate) fn new(inputs: usize) -> Self {
        Self {
            slots: vec![None; inputs],
            names: Names::default(),
            grams: vec![Vec::new(); inputs],
            made: Vec::new(),
            scratch: Vec::new(),
            multipart: None,
        }
    }

    /// The bytes of a run.
    pub(crate) fn bytes<'s>(&'s self, run: Run<'a>) -> &'s [u8]
    where
        'a: 's,
    {
        match run {
            Run::Given(bytes) => bytes,
            Run::Made { start, end } => self.made.get(start..end).unwrap_or_default(),
        }
    }

    /// The values of an input that [`Self::fill`] was called for.
    pub(crate) fn values(&self, input: u32) -> Option<&Values<'a>> {
        self.slots.get(input as usize)?.as_ref()
    }

    /// Takes the values of an input out of the request, once. `steps` says how each input is made; an input
    /// is made of earlier ones only, so this ends.
    pub(crate) fn fill(&mut self, input: u32, steps: &Steps, view: &View<'a>) {
        let index = input as usize;
        if !matches!(self.slots.get(index), Some(None)) {
            return;
        }
        let values = match steps.get(index) {
            None => Values::default(),
            Some(steps::Step::Field(field)) if self.names.lack(field, view) => Values::default(),
            Some(steps::Step::Field(field)) => {
                let mut sink = Sink {
                    values: Values::default(),
                    multipart: &mut self.multipart,
                    made: &mut self.made,
                };
                collect(field, view, &mut sink);
                sink.values
            }
            Some(steps::Step::Transform { of, with }) => {
                self.fill(*of, steps, view);
                self.transform(*of, with)
            }
        };
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some(values);
        }
    }

    /// The pairs of each value of an input that [`Self::fill`] was called for.
    pub(crate) fn grams(&mut self, input: u32) -> &[Grams] {
        let index = input as usize;
        let items = self
            .slots
            .get(index)
            .and_then(|slot| slot.as_ref())
            .map_or(&[][..], |values| &values.items);
        let Some(grams) = self.grams.get_mut(index) else {
            return &[];
        };
        if grams.is_empty() {
            let made = &self.made;
            grams.extend(items.iter().map(|value| match value.bytes {
                Run::Given(bytes) => Grams::of_value(bytes),
                Run::Made { start, end } => {
                    Grams::of_value(made.get(start..end).unwrap_or_default())
                }
            }));
        }
        grams
    }

    fn transform(&mut self, of: u32, with: &steps::Transform) -> Values<'a> {
        let Some(Some(before)) = self.slots.get(of as usize) else {
            return Values::default();
        };
        let mut values = Values {
            items: Vec::with_capacity(before.items.len()),
            ..*before
        };
        for value in &before.items {
            let bytes = match value.bytes {
                Run::Given(bytes) => bytes,
                Run::Made { start, end } => self.made.get(start..end).unwrap_or_default(),
            };
            self.scratch.clear();
            let run = if !with.apply(bytes, &mut self.scratch) {
                value.bytes
            } else if self.made.len() + self.scratch.len() > MADE_BYTES_MAX {
                values.oversize = true;
                value.bytes
            } else {
                let start = self.made.len();
                self.made.extend_from_slice(&self.scratch);
                Run::Made {
                    start,
                    end: self.made.len(),
                }
            };
            values.items.push(Value {
                bytes: run,
                ..*value
            });
        }
        values
    }
}

/// Where the values of a field are put.
pub(crate) struct Sink<'a, 's> {
    pub(crate) values: Values<'a>,
    /// The parts of the body, once a field asked for them.
    multipart: &'s mut Option<Multipart>,
    made: &'s mut Vec<u8>,
}

impl<'a> Sink<'a, '_> {
    /// A value that stands in the request.
    pub(crate) fn given(&mut self, name: &'a [u8], bytes: &'a [u8]) {
        self.push(Run::Given(name), Run::Given(bytes));
    }

    /// A value that was made of the request.
    pub(crate) fn made(&mut self, name: &[u8], bytes: &[u8]) {
        if let (Some(name), Some(bytes)) = (self.keep(name), self.keep(bytes)) {
            self.push(name, bytes);
        }
    }

    /// A value that stands in the request, under a name that was made of it.
    pub(crate) fn part(&mut self, name: &[u8], bytes: &'a [u8]) {
        if let Some(name) = self.keep(name) {
            self.push(name, Run::Given(bytes));
        }
    }

    /// Values for which there is no room, as they stand in the request: one value.
    pub(crate) fn rest(&mut self, bytes: &'a [u8]) {
        self.values.oversize = true;
        if !bytes.is_empty() {
            self.values.items.push(Value {
                name: Run::Given(b""),
                bytes: Run::Given(bytes),
            });
        }
    }

    /// No value finds room any more.
    pub(crate) fn is_full(&self) -> bool {
        self.values.items.len() >= VALUES_MAX
    }

    fn keep(&mut self, bytes: &[u8]) -> Option<Run<'a>> {
        if self.made.len() + bytes.len() > MADE_BYTES_MAX {
            self.values.oversize = true;
            return None;
        }
        let start = self.made.len();
        self.made.extend_from_slice(bytes);
        Some(Run::Made {
            start,
            end: self.made.len(),
        })
    }

    fn push(&mut self, name: Run<'a>, bytes: Run<'a>) {
        if self.is_full() {
            self.values.oversize = true;
        } else {
            self.values.items.push(Value { name, bytes });
        }
    }
}
