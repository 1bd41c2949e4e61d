//! Pixels: a bounded pool of threads, on each of which `image.wasm` makes one picture at a time.
//!
//! Invariants: a fresh instance for each picture, so that none sees another's; a queue whose
//! overflow is an answer at once; nobody computes for a client that left; pictures give way to
//! requests (the threads are nice).

mod component;
mod error;
mod plan;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use lockgate_config::types::ImagePool as Config;
use lockgate_wire::ImagePlan;
use wasmtime::component::Component;

pub use error::ImageError;

use self::component::ImageComponent;
use crate::policy::Inspection;
use crate::sandbox::Sandbox;

/// The threads, their queue and what they count.
pub struct ImagePool {
    threads: Inspection,
    shared: Arc<Shared>,
}

struct Shared {
    component: ImageComponent,
    config: Config,
    counters: Counters,
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
    /// Refused because the queue was full, or because they waited too long in it.
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
        let threads = Inspection::start("image", threads, config.queue_max as usize)
            .context("the threads of the image pool did not start")?;
        let counters = Counters::default();
        let shared = Shared {
            component,
            config: config.clone(),
            counters,
        };
        Ok(Self {
            threads,
            shared: Arc::new(shared),
        })
    }

    /// Makes of `source` what `plan` asks for. Dropping the future takes a picture that still
    /// waits out of the queue.
    ///
    /// # Errors
    /// [`ImageError`]: each is one answer to the client.
    pub async fn transform(&self, source: Bytes, plan: ImagePlan) -> Result<Rendered, ImageError> {
        let wall = Duration::from_millis(self.shared.config.wall_clock_ms_max);
        let (shared, asked) = (self.shared.clone(), Instant::now());
        let running = self.threads.run(move || {
            // What waited too long has been answered already; the time that is left bounds the rest.
            let left = wall.saturating_sub(asked.elapsed());
            if left.is_zero() {
                Err(ImageError::Late)
            } else {
                shared.run(&source, plan, left)
            }
        });
        let result = match tokio::time::timeout(wall, running).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(ImageError::Busy),
            Err(_) => Err(ImageError::Late),
        };
        self.shared.counters.count(&result);
        result
    }

    /// What became of the pictures.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Pictures that wait for a thread.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.threads.queued()
    }
}

impl Shared {
    /// On a thread of the pool.
    fn run(&self, source: &[u8], plan: ImagePlan, left: Duration) -> Result<Rendered, ImageError> {
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
            Err(ImageError::Busy | ImageError::Late) => &self.busy,
            Err(ImageError::Failed { .. }) => &self.trapped,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
