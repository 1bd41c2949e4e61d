//! Pixels: a bounded pool of threads, on each of which `image.wasm` makes one picture at a time.
//!
//! Invariants: a fresh instance for each picture, so that none sees another's; who finds no room
//! ([`Room`]) is answered at once, before the origin is asked; a picture whose request was
//! dropped is not begun; pictures give way to requests (the threads run where a core is idle); no
//! site waits for all pictures of another ([`queue`]); what is kept ([`memory`]) changes no byte.

mod component;
mod degrade;
mod error;
pub mod memory;
mod plan;
mod queue;
mod room;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use lockgate_config::types::ImagePool as Config;

pub use component::{ImageComponent, Step};
pub use degrade::InPlaceOfAvif;
pub use error::ImageError;
pub use memory::Memory;
pub use plan::{Limits, Plan};
pub use room::Room;

use self::degrade::Degrade;
use self::memory::Digest;
use self::queue::Queue;
use self::room::Rooms;
use lockgate_sandbox::Sandbox;
use lockgate_sandbox::precompiled::Loaded;

/// The threads, their queue, what they keep and what they count.
pub struct ImagePool {
    queue: Queue,
    rooms: Rooms,
    counters: Arc<Counters>,
    shared: Arc<Shared>,
    component_digest: String,
}

struct Shared {
    component: ImageComponent,
    config: Config,
    memory: Arc<Memory>,
    degrade: Degrade,
}

/// A picture that is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The name of the site.
    pub site: Arc<str>,
    /// The source file.
    pub source: Bytes,
    /// SHA-256 of the source.
    pub digest: Digest,
    /// What to make of it.
    pub plan: Plan,
    /// What is decoded of it may be kept for other pictures of the same source.
    pub keep: bool,
}

/// An encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Bytes,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub content_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Linear memory of the instance when it was done, which is the most that it had.
    pub memory_bytes: usize,
}

/// What became of the pictures that were asked for since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Made.
    pub done: AtomicU64,
    /// Refused for what the source or the options are.
    pub failed: AtomicU64,
    /// Refused because there was no room, or because they waited too long.
    pub busy: AtomicU64,
    /// Stopped or trapped: deadline, memory, a fault of ours.
    pub trapped: AtomicU64,
}

impl ImagePool {
    /// Starts the threads.
    ///
    /// # Errors
    /// Where the component is not `image.wasm` of this version, or a thread does not start.
    pub fn new(sandbox: &Sandbox, loaded: &Loaded, config: &Config) -> anyhow::Result<Self> {
        let component = ImageComponent::new(sandbox, &loaded.component, config)?;
        let threads = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads as usize,
        };
        let places = threads.saturating_add(config.queue_max as usize);
        let time = Duration::from_secs(u64::from(config.ladder_seconds));
        let memory = Memory::new(config.ladder_bytes_max, time);
        let cleared = memory.clone();
        let queue = Queue::start(threads, move || cleared.expire())
            .context("the threads of the image pool did not start")?;
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            component,
            config: config.clone(),
            memory,
            degrade: Degrade::new(config),
        };
        Ok(Self {
            queue,
            rooms: Rooms::new(places, config, counters.clone()),
            counters,
            shared: Arc::new(shared),
            component_digest: loaded.digest.clone(),
        })
    }

    /// Room for one picture of a site, to be taken before its source is fetched. Of `sites` that
    /// have pictures none may take all places.
    ///
    /// # Errors
    /// [`ImageError::Busy`] where as many pictures as there may be, or as the site may have, are
    /// made or wait.
    pub fn room(&self, site: &Arc<str>, sites: usize) -> Result<Room, ImageError> {
        self.rooms.take(site, sites)
    }

    /// Room for the bytes of a source that a client sends, which may take its time: a place is
    /// taken when it is there, with [`ImagePool::enter`].
    #[must_use]
    pub fn room_to_read(&self) -> Room {
        self.rooms.without_place()
    }

    /// The room with a place, where it has none yet.
    ///
    /// # Errors
    /// As [`ImagePool::room`].
    pub fn enter(&self, room: Room, site: &Arc<str>, sites: usize) -> Result<Room, ImageError> {
        self.rooms.enter(room, site, sites)
    }

    /// Makes what is asked for. Dropping the future takes a picture that still waits out of the
    /// queue; its room ends when a thread comes to it.
    ///
    /// # Errors
    /// [`ImageError`]: each is one answer to the client.
    pub async fn transform(&self, ask: Ask, room: Room) -> Result<Rendered, ImageError> {
        let wall = Duration::from_millis(self.shared.config.wall_clock_ms_max);
        let made = self.make(ask, room, Instant::now() + wall);
        let result = tokio::time::timeout(wall, made).await;
        let result = result.unwrap_or(Err(ImageError::Late));
        self.counters.count(&result);
        self.is_degraded();
        result
    }

    /// On one thread, or where another request decodes the same, on one after that.
    async fn make(&self, ask: Ask, room: Room, until: Instant) -> Result<Rendered, ImageError> {
        let ask = Arc::new(ask);
        let on = ask.keep && self.shared.memory.is_on();
        let from = if on { MadeOf::Memory } else { MadeOf::Source };
        let (step, room) = self.run(&ask, room, from, until).await?;
        let wait = match step {
            Step::Done(rendered) => return Ok(rendered),
            Step::Wait(wait) => wait,
        };
        let from = match wait.wait().await {
            Some(kept) => MadeOf::Intermediate(kept.bytes),
            None => MadeOf::Source,
        };
        match self.run(&ask, room, from, until).await?.0 {
            Step::Done(rendered) => Ok(rendered),
            Step::Wait(_) => Err(ImageError::Late),
        }
    }

    async fn run(
        &self,
        ask: &Arc<Ask>,
        room: Room,
        from: MadeOf,
        until: Instant,
    ) -> Result<(Step, Room), ImageError> {
        let (shared, asked) = (self.shared.clone(), ask.clone());
        let since = Instant::now();
        let job = move || {
            shared.degrade.waited(since.elapsed());
            // What waited too long has been answered already; the time that is left bounds the rest.
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ImageError::Late);
            }
            let step = shared.run(&asked, from, left)?;
            Ok((step, room))
        };
        let result = self.queue.run(&ask.site, job).await;
        result.unwrap_or_else(|_| {
            Err(ImageError::Failed {
                cause: "a thread of the image pool panicked".to_owned(),
                stderr: String::new(),
            })
        })
    }

    /// Whether pictures are to be made with less effort now: [`Plan::degraded`].
    pub fn is_degraded(&self) -> bool {
        self.shared.degrade.look(self.queue.waiting())
    }

    /// The same as it was found last.
    #[must_use]
    pub fn was_degraded(&self) -> bool {
        self.shared.degrade.is_on()
    }

    /// What is kept of sources and of what was decoded.
    #[must_use]
    pub fn memory(&self) -> &Arc<Memory> {
        &self.shared.memory
    }

    /// SHA-256 of the component, hexadecimal: another one may make other bytes of the same.
    #[must_use]
    pub fn component_digest(&self) -> &str {
        &self.component_digest
    }

    /// The limits that the pool was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// What became of the pictures.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Pictures that wait for a thread.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.waiting()
    }
}

/// What a picture is made of.
enum MadeOf {
    /// An intermediate that is kept or that is kept then.
    Memory,
    /// The source, with nothing kept.
    Source,
    /// This intermediate.
    Intermediate(Bytes),
}

impl Shared {
    /// On a thread of the pool.
    fn run(&self, ask: &Ask, from: MadeOf, left: Duration) -> Result<Step, ImageError> {
        let Ask {
            site,
            source,
            digest,
            plan,
            keep: _,
        } = ask;
        let component = &self.component;
        let step = match from {
            MadeOf::Memory => {
                component.transform_with(&self.memory, site, (source, *digest), plan, left)?
            }
            MadeOf::Source => Step::Done(component.transform(source, plan, left)?),
            MadeOf::Intermediate(bytes) => {
                Step::Done(component.render(&bytes, source, plan, left)?)
            }
        };
        let most = self.config.dimension_max;
        match step {
            Step::Done(made) if made.width > most || made.height > most => {
                Err(ImageError::OptionsInvalid(format!(
                    "the output of {} x {} is larger than {most}",
                    made.width, made.height
                )))
            }
            step => Ok(step),
        }
    }
}

impl Counters {
    fn count(&self, result: &Result<Rendered, ImageError>) {
        let counter = match result {
            Ok(_) => &self.done,
            Err(ImageError::Busy | ImageError::SourcesFull | ImageError::Late) => &self.busy,
            Err(ImageError::Failed { .. }) => &self.trapped,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
