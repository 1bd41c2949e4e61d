//! Pixels: a bounded pool of threads, on each of which `image.wasm` makes one picture at a time.
//!
//! Invariants: a fresh instance for each picture, so that none sees another's; who finds no room
//! ([`Room`]) is answered at once, before the origin is asked; a picture whose request was
//! dropped is not begun; pictures give way to requests (the threads run where a core is idle).

mod component;
mod error;
mod plan;
mod room;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use lockgate_config::types::ImagePool as Config;
use wasmtime::component::Component;

pub use error::ImageError;
pub use plan::{Limits, Plan};
pub use room::Room;

use self::component::ImageComponent;
use self::room::Rooms;
use crate::policy::Inspection;
use lockgate_sandbox::Sandbox;
use lockgate_sandbox::priority::Gives;

/// The threads, their queue and what they count.
pub struct ImagePool {
    threads: Inspection,
    rooms: Rooms,
    counters: Arc<Counters>,
    shared: Arc<Shared>,
}

struct Shared {
    component: ImageComponent,
    config: Config,
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
    pub fn new(sandbox: &Sandbox, component: &Component, config: &Config) -> anyhow::Result<Self> {
        let component = ImageComponent::new(sandbox, component, config)?;
        let threads = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads as usize,
        };
        let places = threads.saturating_add(config.queue_max as usize);
        // Every room fits in, so that the queue itself never overflows.
        let threads = Inspection::start_giving(Gives::All, "image", threads, places)
            .context("the threads of the image pool did not start")?;
        let counters = Arc::new(Counters::default());
        let shared = Shared {
            component,
            config: config.clone(),
        };
        Ok(Self {
            threads,
            rooms: Rooms::new(places, config, counters.clone()),
            counters,
            shared: Arc::new(shared),
        })
    }

    /// Room for one picture, to be taken before its source is fetched.
    ///
    /// # Errors
    /// [`ImageError::Busy`] where as many pictures as there may be are made or wait.
    pub fn room(&self) -> Result<Room, ImageError> {
        self.rooms.take()
    }

    /// Makes of `source` what `plan` asks for. Dropping the future takes a picture that still
    /// waits out of the queue; its room ends when a thread comes to it.
    ///
    /// # Errors
    /// [`ImageError`]: each is one answer to the client.
    pub async fn transform(
        &self,
        source: Bytes,
        plan: Plan,
        room: Room,
    ) -> Result<Rendered, ImageError> {
        let wall = Duration::from_millis(self.shared.config.wall_clock_ms_max);
        let (shared, asked) = (self.shared.clone(), Instant::now());
        let running = self.threads.run(move || {
            let _room = room;
            // What waited too long has been answered already; the time that is left bounds the rest.
            let left = wall.saturating_sub(asked.elapsed());
            if left.is_zero() {
                Err(ImageError::Late)
            } else {
                shared.run(&source, &plan, left)
            }
        });
        let result = match tokio::time::timeout(wall, running).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(ImageError::Busy),
            Err(_) => Err(ImageError::Late),
        };
        self.counters.count(&result);
        result
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
        self.threads.queued()
    }
}

impl Shared {
    /// On a thread of the pool.
    fn run(&self, source: &[u8], plan: &Plan, left: Duration) -> Result<Rendered, ImageError> {
        let rendered = self.component.transform(source, plan, left)?;
        let most = self.config.dimension_max;
        if rendered.width > most || rendered.height > most {
            return Err(ImageError::OptionsInvalid(format!(
                "the output of {} x {} is larger than {most}",
                rendered.width, rendered.height
            )));
        }
        Ok(rendered)
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
