//! One call: what every stage may look at, and what it may leave behind for the verdict.

use std::cell::OnceCell;

use lockgate_normalise::Canonical;
use lockgate_wire::Input;

use crate::Policy;

/// What every stage may look at. `'i` is the input, `'r` the call.
#[derive(Clone, Copy)]
pub(crate) struct Call<'r, 'i> {
    pub(crate) policy: &'r Policy,
    /// The input as it came, for the state of a need.
    pub(crate) bytes: &'i [u8],
    pub(crate) input: &'r Input<'i>,
    pub(crate) keep: &'r Keep<'i>,
}

/// Where stages put what they make, so that the verdict can borrow it.
#[derive(Default)]
pub(crate) struct Keep<'i> {
    canonical: OnceCell<Canonical<'i>>,
    slots: [OnceCell<Vec<u8>>; SLOTS],
}

/// More than the stages of one request fill: target, keys of charges (twice where rules go on without
/// the body), claims or need, plan, and of two answers detail, cause, body, type and header.
const SLOTS: usize = 16;

impl<'i> Keep<'i> {
    /// Keeps the canonical request; there is one in a call.
    pub(crate) fn canonical(&self, canonical: Canonical<'i>) -> &Canonical<'i> {
        self.canonical.get_or_init(|| canonical)
    }

    /// Keeps bytes. With every slot taken, which does not happen, they are lost and empty.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> &[u8] {
        let free = self.slots.iter().find(|slot| slot.get().is_none());
        free.map_or(&[], |slot| slot.get_or_init(|| bytes))
    }
}
