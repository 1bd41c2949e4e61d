//! The wasmtime engine and the thread that moves its epoch on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use wasmtime::{Config, Engine};

/// One epoch. CPU deadlines are looked at this often, so a call may overrun by up to two.
const EPOCH: Duration = Duration::from_millis(2);

/// The engine that all components share.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
    _ticker: Arc<Ticker>,
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
            _ticker: Arc::new(ticker),
        })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Moves the epoch on until it is dropped.
struct Ticker {
    stop: Arc<AtomicBool>,
}

impl Ticker {
    fn start(engine: Engine) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(EPOCH);
                    engine.increment_epoch();
                }
            })
            .context("the epoch thread did not start")?;
        Ok(Self { stop })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
