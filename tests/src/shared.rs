//! A gate that the tests of a module share, because it takes long to start.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::way::Way;
use crate::world::World;

/// A gate that the first test starts and the last of those that run at the same time stops.
#[derive(Default)]
pub struct Shared {
    world: Mutex<Weak<World>>,
}

impl Shared {
    /// Not started yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            world: Mutex::new(Weak::new()),
        }
    }

    /// The gate that runs, or what `start` starts; `None` where `tests/ways.toml` leaves this test
    /// out.
    #[must_use]
    pub fn get(&self, start: impl FnOnce() -> Option<World>) -> Option<Arc<World>> {
        if Way::current().leaves_out_this_test() {
            return None;
        }
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = world.upgrade() {
            return Some(running);
        }
        let started = Arc::new(start()?);
        *world = Arc::downgrade(&started);
        Some(started)
    }
}
