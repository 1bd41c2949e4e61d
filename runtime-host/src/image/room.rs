//! Room for a picture: a place among those that are made or wait, and the bytes of its source.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lockgate_config::types::ImagePool as Config;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Counters, ImageError};

/// What one permit for bytes stands for, so that the count fits a semaphore.
const UNIT_BYTES: u64 = 4096;

/// A site among several may have so many places for each that is still free: one alone gets four
/// fifths, the next four fifths of what is left, and so on (a dynamic threshold: Choudhury and
/// Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", IEEE/ACM
/// Transactions on Networking 6(2), 1998).
const PLACES_BY_FREE: usize = 4;

/// What there is to give.
pub(super) struct Rooms {
    places: Arc<Semaphore>,
    taken: Arc<Taken>,
    units: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// A place in the image pool, and bytes of a source. It ends when this is dropped: with the answer,
/// or where the answer came too late, when the thread is done with it.
pub struct Room {
    place: Option<Place>,
    bytes: Option<OwnedSemaphorePermit>,
    units: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// One of the places.
struct Place {
    _permit: OwnedSemaphorePermit,
    site: Arc<str>,
    taken: Arc<Taken>,
}

/// Places by site.
type Taken = Mutex<HashMap<Arc<str>, usize, ahash::RandomState>>;

impl Rooms {
    /// `places` are pictures that are made or wait.
    pub(super) fn new(places: usize, config: &Config, counters: Arc<Counters>) -> Self {
        let units = usize::try_from(config.sources_bytes_max.div_ceil(UNIT_BYTES));
        Self {
            places: Arc::new(Semaphore::new(places)),
            taken: Arc::default(),
            units: Arc::new(Semaphore::new(units.unwrap_or(Semaphore::MAX_PERMITS))),
            counters,
        }
    }

    /// A place for a site, one of so many, without waiting.
    pub(super) fn take(&self, site: &Arc<str>, sites: usize) -> Result<Room, ImageError> {
        let mut room = self.without_place();
        room.place = Some(self.place(site, sites)?);
        Ok(room)
    }

    /// Room for the bytes of a source alone.
    pub(super) fn without_place(&self) -> Room {
        Room {
            place: None,
            bytes: None,
            units: self.units.clone(),
            counters: self.counters.clone(),
        }
    }

    /// The same with a place.
    pub(super) fn enter(
        &self,
        mut room: Room,
        site: &Arc<str>,
        sites: usize,
    ) -> Result<Room, ImageError> {
        if room.place.is_none() {
            room.place = Some(self.place(site, sites)?);
        }
        Ok(room)
    }

    fn place(&self, site: &Arc<str>, sites: usize) -> Result<Place, ImageError> {
        let mut taken = self.taken.lock();
        let own = taken.get(site).copied().unwrap_or(0);
        let free = self.places.available_permits();
        // The last place is for a site that has none.
        let fair = sites < 2 || own == 0 || (free > 1 && own < PLACES_BY_FREE * free);
        let permit = self.places.clone().try_acquire_owned().ok();
        let Some(permit) = permit.filter(|_| fair) else {
            self.counters.busy.fetch_add(1, Ordering::Relaxed);
            return Err(ImageError::Busy);
        };
        taken.insert(site.clone(), own + 1);
        Ok(Place {
            _permit: permit,
            site: site.clone(),
            taken: self.taken.clone(),
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

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock();
        let left = taken.get(&self.site).map_or(0, |own| own.saturating_sub(1));
        if left == 0 {
            taken.remove(&self.site);
        } else {
            taken.insert(self.site.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(places: usize) -> Rooms {
        Rooms::new(places, &Config::default(), Arc::default())
    }

    fn all(rooms: &Rooms, site: &str, sites: usize) -> Vec<Room> {
        let site: Arc<str> = site.into();
        std::iter::from_fn(|| rooms.take(&site, sites).ok()).collect()
    }

    #[test]
    fn a_site_that_floods_leaves_places_for_others() {
        let rooms = rooms(66);
        let flood = all(&rooms, "flood", 3);
        let second = all(&rooms, "second", 3);
        let third = all(&rooms, "third", 3);
        assert_eq!([flood.len(), second.len(), third.len()], [53, 11, 1]);
        drop(second);
        assert_eq!(all(&rooms, "second", 3).len(), 10);
        drop(flood);
        assert!(rooms.take(&"flood".into(), 3).is_ok());
    }

    #[test]
    fn what_is_still_read_takes_no_place() {
        let rooms = rooms(1);
        let site: Arc<str> = "one".into();
        let mut read = rooms.without_place();
        assert!(read.hold(10_000).is_ok());
        let other = rooms.take(&site, 1).ok();
        assert!(other.is_some());
        assert!(rooms.enter(read, &site, 1).is_err());
        drop(other);
        let entered = rooms.enter(rooms.without_place(), &site, 1);
        assert!(entered.is_ok() && rooms.take(&site, 1).is_err());
    }

    #[test]
    fn a_site_alone_has_all_places() {
        let rooms = rooms(3);
        let mine = all(&rooms, "only", 1);
        assert_eq!(mine.len(), 3);
        drop(mine);
        assert_eq!(all(&rooms, "one", 2).len(), 2);
        assert_eq!(rooms.taken.lock().len(), 0);
    }
}
