//! The wasmtime engine and the thread that moves its epoch on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use wasmtime::{Config, Engine};

/// An epoch while every call ends within one: the first look at a call that loops comes after
/// at most this time.
const RESTING: Duration = Duration::from_millis(10);

/// An epoch while a call has outlived one: its CPU deadline is looked at this often.
const WATCHING: Duration = Duration::from_millis(2);

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
        let engine = Engine::new(&config).map_err(anyhow::Error::from)?;
        let ticker = Ticker::start(engine.clone())?;
        Ok(Self {
            engine,
            ticker: Arc::new(ticker),
        })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Set by calls that outlive an epoch.
    pub(super) fn watch(&self) -> Arc<AtomicBool> {
        self.ticker.watch.clone()
    }
}

/// Moves the epoch on until it is dropped.
struct Ticker {
    stop: Arc<AtomicBool>,
    watch: Arc<AtomicBool>,
}

impl Ticker {
    fn start(engine: Engine) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let watch = Arc::new(AtomicBool::new(false));
        let (stopped, watched) = (stop.clone(), watch.clone());
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    engine.increment_epoch();
                    // Long enough for a call that runs to notice.
                    std::thread::sleep(WATCHING);
                    if !watched.swap(false, Ordering::Relaxed) {
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
