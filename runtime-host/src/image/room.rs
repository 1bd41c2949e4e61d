//! Room for a picture: a place among those that are made or wait, and the bytes of its source.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use lockgate_config::types::ImagePool as Config;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Counters, ImageError};

/// What one permit for bytes stands for, so that the count fits a semaphore.
const UNIT_BYTES: u64 = 4096;

/// What there is to give.
pub(super) struct Rooms {
    places: Arc<Semaphore>,
    units: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// A place in the image pool. It ends when this is dropped: with the answer, or where the answer
/// came too late, when the thread is done with it.
pub struct Room {
    _place: OwnedSemaphorePermit,
    bytes: Option<OwnedSemaphorePermit>,
    units: Arc<Semaphore>,
    counters: Arc<Counters>,
}

impl Rooms {
    /// `places` are pictures that are made or wait.
    pub(super) fn new(places: usize, config: &Config, counters: Arc<Counters>) -> Self {
        let units = usize::try_from(config.sources_bytes_max.div_ceil(UNIT_BYTES));
        Self {
            places: Arc::new(Semaphore::new(places)),
            units: Arc::new(Semaphore::new(units.unwrap_or(Semaphore::MAX_PERMITS))),
            counters,
        }
    }

    /// A place, without waiting.
    pub(super) fn take(&self) -> Result<Room, ImageError> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            self.counters.busy.fetch_add(1, Ordering::Relaxed);
            return Err(ImageError::Busy);
        };
        Ok(Room {
            _place: place,
            bytes: None,
            units: self.units.clone(),
            counters: self.counters.clone(),
        })
    }
}

impl Room {
    /// Takes what is missing to a source of `length` bytes, without waiting: two who wait for
    /// each other's bytes would wait for ever.
    ///
    /// # Errors
    /// [`ImageError::SourcesFull`] where `sources_bytes_max` is reached.
    pub fn hold(&mut self, length: u64) -> Result<(), ImageError> {
        let held = self.bytes.as_ref().map_or(0, |held| held.num_permits());
        let wanted = usize::try_from(length.div_ceil(UNIT_BYTES)).unwrap_or(usize::MAX);
        let missing = wanted.saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        let more = u32::try_from(missing)
            .ok()
            .and_then(|missing| self.units.clone().try_acquire_many_owned(missing).ok());
        let Some(more) = more else {
            self.counters.busy.fetch_add(1, Ordering::Relaxed);
            return Err(ImageError::SourcesFull);
        };
        match &mut self.bytes {
            Some(held) => held.merge(more),
            None => self.bytes = Some(more),
        }
        Ok(())
    }
}
