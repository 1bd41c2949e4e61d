//! What is kept for a page's other pictures, for seconds: sources, and intermediates of
//! `decode-scaled`. Whoever wants what somebody else is making waits for it.
//!
//! Invariants: bounded in bytes and in seconds, oldest out first; a key names the site, so that
//! no site learns of another's pictures, not even by time; what is kept changes no byte of an
//! answer, since every output is made from an intermediate either way. It lives as long as the
//! component that made the intermediates, so that no key needs that component's version.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use lockgate_http_cache::Freshness;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Limits;

/// Who has waited so long for what somebody else makes makes it alone.
pub const WAIT_MAX: Duration = Duration::from_secs(3);

/// The share of all bytes that one entry may take.
const LARGEST_SHARE: u64 = 4;

/// What an entry costs beside its bytes.
const ENTRY_BYTES: u64 = 512;

/// SHA-256 of a source.
pub type Digest = [u8; 32];

/// Names what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The name of the site.
    pub site: Arc<str>,
    /// What of the site.
    pub of: Of,
}

/// What of a site.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Of {
    /// A source file, by the key of its answer.
    Source(Box<[u8]>),
    /// The intermediate of a source at a bucket, decoded under these limits.
    Intermediate(Digest, u8, Limits),
}

/// Something that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The file, or the intermediate.
    pub bytes: Bytes,
    /// What else is known of a file.
    pub source: Option<Arc<Source>>,
}

/// What is kept of a source beside its bytes.
#[derive(Debug)]
pub struct Source {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// The fields of the origin's answer.
    pub headers: HeaderMap,
    /// How long that answer is fresh.
    pub freshness: Freshness,
}

/// What is to be done for a key.
pub enum Turn {
    /// Nothing: here it is.
    Kept(Kept),
    /// Somebody makes it.
    Wait(Wait),
    /// To make it, for all.
    Lead(Lead),
}

/// Waits for what another makes.
pub struct Wait(watch::Receiver<Option<Kept>>);

/// The one that makes it. Dropped without [`Lead::keep`] it lets those who wait go on alone.
pub struct Lead {
    memory: Arc<Memory>,
    key: Key,
    number: u64,
    sender: watch::Sender<Option<Kept>>,
}

/// What is kept.
pub struct Memory {
    bytes_max: u64,
    time: Duration,
    state: Mutex<State>,
    found: AtomicU64,
}

#[derive(Default)]
struct State {
    entries: HashMap<Key, Entry, ahash::RandomState>,
    /// What is kept, oldest first; some of it may have gone already.
    order: VecDeque<(Key, u64)>,
    bytes: u64,
    next: u64,
}

struct Entry {
    /// Tells this entry from an earlier or later one of the same key.
    number: u64,
    is: Is,
}

enum Is {
    Made(watch::Receiver<Option<Kept>>),
    Kept(Kept, Instant),
}

impl Memory {
    /// Room for so many bytes, each for so long. Either 0: nothing is kept, nobody waits.
    #[must_use]
    pub fn new(bytes_max: u64, time: Duration) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            time,
            state: Mutex::default(),
            found: AtomicU64::new(0),
        })
    }

    /// Whether anything is kept at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.bytes_max > 0 && !self.time.is_zero()
    }

    /// Whether so many bytes would be kept.
    #[must_use]
    pub fn takes(&self, bytes: u64) -> bool {
        self.is_on() && bytes.saturating_add(ENTRY_BYTES) <= self.bytes_max / LARGEST_SHARE
    }

    /// What is to be done for `key`.
    #[must_use]
    pub fn turn(self: &Arc<Self>, key: Key) -> Turn {
        let mut state = self.state.lock();
        let now = Instant::now();
        state.expire(now);
        match state.entries.get(&key).map(|entry| &entry.is) {
            Some(Is::Kept(kept, until)) if *until > now => {
                self.found.fetch_add(1, Ordering::Relaxed);
                return Turn::Kept(kept.clone());
            }
            Some(Is::Made(receiver)) => return Turn::Wait(Wait(receiver.clone())),
            Some(Is::Kept(..)) => state.remove(&key),
            None => {}
        }
        state.next += 1;
        let number = state.next;
        let (sender, receiver) = watch::channel(None);
        let is = Is::Made(receiver);
        state.entries.insert(key.clone(), Entry { number, is });
        Turn::Lead(Lead {
            memory: self.clone(),
            key,
            number,
            sender,
        })
    }

    /// Bytes that are kept now.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.state.lock().bytes
    }

    /// How often something was found, or came from another who made it.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found.load(Ordering::Relaxed)
    }

    /// Lets go of what is too old; whether anything is still kept.
    pub fn expire(&self) -> bool {
        let mut state = self.state.lock();
        state.expire(Instant::now());
        state.bytes > 0
    }
}

impl Lead {
    /// Gives it to those who wait, and keeps it for at most `time`.
    pub fn keep(self, kept: Kept, time: Duration) {
        let memory = self.memory.clone();
        let waiting = self.sender.receiver_count().saturating_sub(1) as u64;
        memory.found.fetch_add(waiting, Ordering::Relaxed);
        let bytes = kept.bytes.len() as u64;
        if memory.takes(bytes) {
            let until = Instant::now() + time.min(memory.time);
            let mut state = memory.state.lock();
            state.make_room(memory.bytes_max.saturating_sub(bytes + ENTRY_BYTES));
            if let Some(entry) = state.entries.get_mut(&self.key)
                && entry.number == self.number
            {
                entry.is = Is::Kept(kept.clone(), until);
                state.bytes += bytes + ENTRY_BYTES;
                state.order.push_back((self.key.clone(), self.number));
            }
        }
        // After it is kept, so that nobody comes between and makes it again.
        let _ = self.sender.send(Some(kept));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut state = self.memory.state.lock();
        let unfinished = state
            .entries
            .get(&self.key)
            .is_some_and(|entry| entry.number == self.number && matches!(entry.is, Is::Made(_)));
        if unfinished {
            state.entries.remove(&self.key);
        }
    }
}

impl Wait {
    /// What the other made; `None` where it made nothing, or not within [`WAIT_MAX`].
    pub async fn wait(self) -> Option<Kept> {
        self.wait_within(WAIT_MAX).await
    }

    async fn wait_within(mut self, time: Duration) -> Option<Kept> {
        let made = self.0.wait_for(Option::is_some);
        let made = tokio::time::timeout(time, made).await.ok()?.ok()?;
        made.clone()
    }
}

impl State {
    /// Entries live equally long but for sources that are fresh for less: these are passed over
    /// until their turn comes, and never found after their time.
    fn expire(&mut self, now: Instant) {
        while let Some((key, number)) = self.order.front() {
            let old = match self.entries.get(key) {
                Some(Entry {
                    number: of,
                    is: Is::Kept(_, until),
                }) if of == number => *until <= now,
                _ => true,
            };
            if !old {
                return;
            }
            self.drop_oldest();
        }
    }

    fn make_room(&mut self, bytes: u64) {
        while self.bytes > bytes && !self.order.is_empty() {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((key, number)) = self.order.pop_front() else {
            return;
        };
        let is_it = self
            .entries
            .get(&key)
            .is_some_and(|entry| entry.number == number);
        if is_it {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(Entry {
            is: Is::Kept(kept, _),
            ..
        }) = self.entries.remove(key)
        {
            self.bytes = self
                .bytes
                .saturating_sub(kept.bytes.len() as u64 + ENTRY_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        source_bytes_max: 1 << 20,
        pixels_max: 1 << 20,
        frames_max: 1,
        keep_truncated: false,
        pass_svg: false,
    };

    fn key(site: &str, bucket: u8) -> Key {
        Key {
            site: site.into(),
            of: Of::Intermediate([7; 32], bucket, LIMITS),
        }
    }

    fn kept(bytes: usize) -> Kept {
        Kept {
            bytes: Bytes::from(vec![1; bytes]),
            source: None,
        }
    }

    fn lead(memory: &Arc<Memory>, key: Key) -> Lead {
        match memory.turn(key) {
            Turn::Lead(lead) => lead,
            _ => panic!("somebody else makes it"),
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_is_kept_is_found_by_its_own_site_alone() {
        let memory = Memory::new(1 << 20, LONG);
        lead(&memory, key("one", 2)).keep(kept(1000), LONG);
        assert!(matches!(memory.turn(key("one", 2)), Turn::Kept(kept) if kept.bytes.len() == 1000));
        drop(lead(&memory, key("one", 4)));
        drop(lead(&memory, key("two", 2)));
        assert_eq!((memory.bytes(), memory.found()), (1000 + ENTRY_BYTES, 1));
    }

    #[test]
    fn bytes_and_seconds_are_bounded() {
        let memory = Memory::new(10_000, LONG);
        assert!(memory.takes(1988) && !memory.takes(1989));
        for bucket in 0..20 {
            lead(&memory, key("one", bucket)).keep(kept(1900), LONG);
            assert!(memory.bytes() <= 10_000, "{}", memory.bytes());
        }
        drop(lead(&memory, key("one", 0)));
        assert!(matches!(memory.turn(key("one", 19)), Turn::Kept(_)));
        lead(&memory, key("one", 30)).keep(kept(5000), LONG);
        drop(lead(&memory, key("one", 30)));

        let brief = Memory::new(10_000, Duration::from_millis(20));
        lead(&brief, key("one", 1)).keep(kept(100), LONG);
        assert!(brief.expire());
        std::thread::sleep(Duration::from_millis(30));
        assert!(!brief.expire());
        drop(lead(&brief, key("one", 1)));
        for off in [Memory::new(0, LONG), Memory::new(1000, Duration::ZERO)] {
            assert!(!off.is_on() && !off.takes(1));
        }
    }

    #[test]
    fn a_source_that_is_fresh_for_less_is_not_found_after_its_time() {
        let memory = Memory::new(1 << 20, LONG);
        lead(&memory, key("one", 1)).keep(kept(100), LONG);
        lead(&memory, key("one", 2)).keep(kept(100), Duration::ZERO);
        assert!(matches!(memory.turn(key("one", 1)), Turn::Kept(_)));
        drop(lead(&memory, key("one", 2)));
    }

    #[tokio::test]
    async fn those_who_wait_get_what_the_first_made_or_go_on_alone() {
        let memory = Memory::new(1 << 20, LONG);
        let first = lead(&memory, key("one", 1));
        let Turn::Wait(waiting) = memory.turn(key("one", 1)) else {
            panic!("the first makes it");
        };
        // Too large to be kept, and yet it is there for those who wait.
        first.keep(kept(1 << 20), LONG);
        assert_eq!(
            waiting.wait().await.map(|kept| kept.bytes.len()),
            Some(1 << 20)
        );

        let second = lead(&memory, key("one", 1));
        let Turn::Wait(waiting) = memory.turn(key("one", 1)) else {
            panic!("the second makes it");
        };
        drop(second);
        assert!(waiting.wait().await.is_none());
        drop(lead(&memory, key("one", 1)));
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let memory = Memory::new(1 << 20, LONG);
        let _slow = lead(&memory, key("one", 1));
        let Turn::Wait(waiting) = memory.turn(key("one", 1)) else {
            panic!("the first makes it");
        };
        let short = Duration::from_millis(10);
        assert!(waiting.wait_within(short).await.is_none());
    }
}
