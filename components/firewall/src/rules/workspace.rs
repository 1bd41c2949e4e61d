//! Memory that one request leaves to the next: buffers alone, empty.

use std::sync::{Mutex, PoisonError, TryLockError};

use super::memo::Memo;
use super::screen::Candidates;
use crate::values::Buffers as Values;

/// The buffers that the last request left.
#[derive(Debug, Default)]
pub(super) struct Workspace(Mutex<Buffers>);

/// Buffers that a request works in.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) candidates: Candidates,
    pub(super) memo: Memo,
    pub(super) values: Values,
}

impl Workspace {
    /// What was left, or fresh buffers while another thread looks.
    pub(super) fn take(&self) -> Buffers {
        match self.0.try_lock() {
            Ok(mut left) => std::mem::take(&mut left),
            Err(TryLockError::Poisoned(left)) => std::mem::take(&mut left.into_inner()),
            Err(TryLockError::WouldBlock) => Buffers::default(),
        }
    }

    /// Leaves buffers for the next.
    pub(super) fn leave(&self, buffers: Buffers) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = buffers;
    }
}

/// A copy has nothing left.
impl Clone for Workspace {
    fn clone(&self) -> Self {
        Self::default()
    }
}
