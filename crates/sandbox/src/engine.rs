//! The wasmtime engine and the thread that moves its epoch on.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use rustix::thread::set_current_timer_slack;
use wasmtime::{Config, Engine};

/// An epoch while every call ends within one: the first look at a call that loops comes after
/// at most this time.
const RESTING: Duration = Duration::from_millis(10);

/// An epoch while a call has outlived one: its CPU deadline is looked at this often.
const WATCHING: Duration = Duration::from_millis(2);

/// An epoch for some time after a call was stopped: the next of its kind is noticed at once.
const ALERT: Duration = Duration::from_micros(100);

/// So many of these, ten seconds.
const ALERT_EPOCHS: u32 = 100_000;

/// The engine that all components share.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
    ticker: Arc<Ticker>,
}

impl Sandbox {
    /// Makes the engine and starts its ticker thread.
    ///
    /// # Errors
    /// Where the processor or the system cannot run compiled components, or no thread starts.
    pub fn new() -> anyhow::Result<Self> {
        let mut config = Config::new();
        config.wasm_component_model(true);
        config.epoch_interruption(true);
        // Calls are synchronous: a store need not keep tasks.
        config.concurrency_support(false);
        Self::with_config(&config)
    }

    /// Makes an engine of another kind, with a ticker of its own. Epochs must be on.
    ///
    /// # Errors
    /// As [`Sandbox::new`].
    pub fn with_config(config: &Config) -> anyhow::Result<Self> {
        let engine = Engine::new(config).map_err(anyhow::Error::from)?;
        let ticker = Ticker::start(engine.clone())?;
        Ok(Self {
            engine,
            ticker: Arc::new(ticker),
        })
    }

    /// What a call that outlives an epoch tells the ticker.
    pub fn outlived(&self) -> impl Fn() + Send + Sync + 'static {
        let watch = self.watch();
        move || {
            watch.outlived();
        }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Told of calls that outlive an epoch.
    pub(crate) fn watch(&self) -> Arc<Watch> {
        self.ticker.watch.clone()
    }
}

/// How closely calls are looked at.
#[derive(Default)]
pub(crate) struct Watch {
    outlived: AtomicBool,
    alert_epochs: AtomicU32,
}

impl Watch {
    /// A call has outlived an epoch and goes on.
    pub(crate) fn outlived(&self) {
        self.outlived.store(true, Ordering::Relaxed);
    }

    /// A call was stopped.
    pub(crate) fn stopped(&self) {
        self.alert_epochs.store(ALERT_EPOCHS, Ordering::Relaxed);
    }

    fn is_alert(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.alert_epochs
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
    }
}

/// Moves the epoch on until it is dropped.
struct Ticker {
    stop: Arc<AtomicBool>,
    watch: Arc<Watch>,
}

impl Ticker {
    fn start(engine: Engine) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let watch = Arc::new(Watch::default());
        let (stopped, watched) = (stop.clone(), watch.clone());
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                // Else every sleep takes 50 microseconds more. Where that is refused it does.
                let _ = set_current_timer_slack(NonZeroU64::new(1_000));
                while !stopped.load(Ordering::Relaxed) {
                    engine.increment_epoch();
                    if watched.is_alert() {
                        std::thread::sleep(ALERT);
                        continue;
                    }
                    // Long enough for a call that runs to notice.
                    std::thread::sleep(WATCHING);
                    if !watched.outlived.swap(false, Ordering::Relaxed) {
                        std::thread::sleep(RESTING - WATCHING);
                    }
                }
            })
            .context("the epoch thread did not start")?;
        Ok(Self { stop, watch })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
