//! The values that statements look at: taken out of the request once, transformed once, whoever asks.

mod body;
mod cookies;
mod fields;
mod grams;
mod pairs;
mod steps;

use std::mem;

use lockgate_bodies::multipart::Multipart;

use crate::rules::View;

use fields::collect;
pub(crate) use fields::{each_cookie, each_query_pair};
pub(crate) use grams::Grams;
pub(crate) use pairs::{decoded_name, is_named};
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

/// The values of one input: where they stand among all, and what is known of them.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    known: bool,
    oversize: bool,
    later: bool,
    start: usize,
    end: usize,
}

/// The values of one input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'s, 'a> {
    pub(crate) items: &'s [Value<'a>],
    /// There is more than what is looked at.
    pub(crate) oversize: bool,
    /// The body is not there, so the values are unknown.
    pub(crate) later: bool,
}

/// Everything that was taken out of one request so far.
#[derive(Debug)]
pub(crate) struct Cache<'a> {
    slots: Vec<Slot>,
    /// The values of all inputs; those of one stand side by side.
    items: Vec<Value<'a>>,
    /// The pairs of all values of an input, where they were asked for.
    grams: Vec<(u32, Grams)>,
    made: Vec<u8>,
    scratch: Vec<u8>,
    multipart: Option<Multipart>,
}

/// Larger buffers than this are not kept for the next request.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The memory that a cache works in.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    slots: Vec<Slot>,
    items: Vec<Value<'static>>,
    grams: Vec<(u32, Grams)>,
    made: Vec<u8>,
    scratch: Vec<u8>,
}

impl<'a> Cache<'a> {
    /// A cache of nothing, which works in these buffers.
    pub(crate) fn new(buffers: Buffers, inputs: usize) -> Self {
        let mut slots = buffers.slots;
        slots.clear();
        slots.resize(inputs, Slot::default());
        Self {
            slots,
            items: buffers.items,
            grams: buffers.grams,
            made: buffers.made,
            scratch: buffers.scratch,
            multipart: None,
        }
    }

    /// The buffers, without what was in them.
    #[allow(
        clippy::unnecessary_filter_map,
        reason = "a filter keeps the lifetime of the values, which the buffer must not have"
    )]
    pub(crate) fn take_buffers(&mut self) -> Buffers {
        let items = mem::take(&mut self.items).into_iter();
        Buffers {
            slots: mem::take(&mut self.slots),
            // Collecting what has the same layout takes over the memory.
            items: kept(items.filter_map(|_| None).collect()),
            grams: kept(mem::take(&mut self.grams)),
            made: kept(mem::take(&mut self.made)),
            scratch: kept(mem::take(&mut self.scratch)),
        }
    }

    /// The bytes of a run.
    pub(crate) fn bytes<'s>(&'s self, run: Run<'a>) -> &'s [u8]
    where
        'a: 's,
    {
        bytes(run, &self.made)
    }

    /// The values of an input that [`Self::fill`] was called for.
    pub(crate) fn values(&self, input: u32) -> Option<Values<'_, 'a>> {
        let slot = self.slots.get(input as usize).filter(|slot| slot.known)?;
        Some(Values {
            items: self.items.get(slot.start..slot.end).unwrap_or_default(),
            oversize: slot.oversize,
            later: slot.later,
        })
    }

    /// Takes the values of an input out of the request, once. `steps` says how each input is made; an input
    /// is made of earlier ones only, so this ends.
    #[inline]
    pub(crate) fn fill(&mut self, input: u32, steps: &Steps, view: &View<'a>) {
        if matches!(
            self.slots.get(input as usize),
            Some(Slot { known: false, .. })
        ) {
            self.fill_new(input as usize, steps, view);
        }
    }

    fn fill_new(&mut self, index: usize, steps: &Steps, view: &View<'a>) {
        let slot = match steps.get(index) {
            None => Slot::default(),
            Some(steps::Step::Field(field)) => {
                let mut sink = Sink {
                    start: self.items.len(),
                    items: &mut self.items,
                    oversize: false,
                    later: false,
                    multipart: &mut self.multipart,
                    made: &mut self.made,
                };
                collect(field, view, &mut sink);
                Slot {
                    known: true,
                    oversize: sink.oversize,
                    later: sink.later,
                    start: sink.start,
                    end: sink.items.len(),
                }
            }
            Some(steps::Step::Transform { of, with }) => {
                self.fill(*of, steps, view);
                self.transform(*of, with)
            }
        };
        if let Some(place) = self.slots.get_mut(index) {
            *place = Slot {
                known: true,
                ..slot
            };
        }
    }

    /// The pairs of all values of an input that [`Self::fill`] was called for.
    pub(crate) fn grams(&mut self, input: u32) -> Grams {
        if let Some((_, known)) = self.grams.iter().find(|(known, _)| *known == input) {
            return *known;
        }
        let mut grams = Grams::default();
        for value in self.values(input).map_or(&[][..], |values| values.items) {
            grams.add(self.bytes(value.bytes));
        }
        self.grams.push((input, grams));
        grams
    }

    /// Values that stay as they are stand where they stood.
    fn transform(&mut self, of: u32, with: &steps::Transform) -> Slot {
        let Some(before) = self.slots.get(of as usize).copied() else {
            return Slot::default();
        };
        let mut slot = before;
        let mut copied = false;
        for place in before.start..before.end {
            let Some(value) = self.items.get(place).copied() else {
                break;
            };
            self.scratch.clear();
            let changed = with.apply(bytes(value.bytes, &self.made), &mut self.scratch);
            let fits = self.made.len() + self.scratch.len() <= MADE_BYTES_MAX;
            slot.oversize |= changed && !fits;
            let mut run = value.bytes;
            if changed && fits {
                if !copied {
                    copied = true;
                    slot.start = self.items.len();
                    self.items.extend_from_within(before.start..place);
                }
                let start = self.made.len();
                self.made.extend_from_slice(&self.scratch);
                run = Run::Made {
                    start,
                    end: self.made.len(),
                };
            }
            if copied {
                self.items.push(Value {
                    bytes: run,
                    ..value
                });
                slot.end = self.items.len();
            }
        }
        slot
    }
}

/// An empty buffer with the memory of another one, unless that is large.
fn kept<T>(mut buffer: Vec<T>) -> Vec<T> {
    if buffer.capacity() * size_of::<T>() > KEPT_BYTES_MAX {
        return Vec::new();
    }
    buffer.clear();
    buffer
}

/// The bytes of a run, with what was made so far.
fn bytes<'s, 'a: 's>(run: Run<'a>, made: &'s [u8]) -> &'s [u8] {
    match run {
        Run::Given(bytes) => bytes,
        Run::Made { start, end } => made.get(start..end).unwrap_or_default(),
    }
}

/// Where the values of a field are put.
pub(crate) struct Sink<'a, 's> {
    /// The values of this field begin here.
    start: usize,
    items: &'s mut Vec<Value<'a>>,
    /// There is more than what is looked at.
    pub(crate) oversize: bool,
    /// The body is not there, so the values are unknown.
    pub(crate) later: bool,
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
        self.oversize = true;
        if !bytes.is_empty() {
            self.items.push(Value {
                name: Run::Given(b""),
                bytes: Run::Given(bytes),
            });
        }
    }

    /// No value finds room any more.
    pub(crate) fn is_full(&self) -> bool {
        self.items.len() - self.start >= VALUES_MAX
    }

    fn keep(&mut self, bytes: &[u8]) -> Option<Run<'a>> {
        if self.made.len() + bytes.len() > MADE_BYTES_MAX {
            self.oversize = true;
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
            self.oversize = true;
        } else {
            self.items.push(Value { name, bytes });
        }
    }
}
