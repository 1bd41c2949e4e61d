//! CPU time and memory of an instance.
//!
//! An epoch callback yields, so that a component that computes shares its thread, and counts, so
//! that one that never stops computing is stopped. What counts is CPU time without a wait: an
//! instance that waits, be it for a slow origin, starts anew. The thread's clock is read only
//! when a component is found computing when an epoch passes, and from then on at each epoch until
//! it waits; the usual request of a few microseconds reads no clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::ThreadId;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

use crate::instance::InstanceState;
use lockgate_sandbox::Sandbox;

/// The most that one epoch can have taken: more is the time of others on the same thread.
const EPOCH_MAX: Duration = Duration::from_millis(50);

/// Why this host stopped an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It computed for too long without waiting.
    Cpu,
    /// It asked for more memory than it may have.
    Memory,
}

/// What the worker of an instance and its epoch callback tell each other.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// How often the worker has been polled to its end.
    polls: AtomicU64,
    /// The component was interrupted by an epoch in this poll, not by a wait.
    interrupted: AtomicBool,
    /// CPU nanoseconds since the last wait.
    used_ns: AtomicU64,
    stopped: AtomicU8,
}

impl Meter {
    /// To be called when a poll of the worker ends without the instance having ended. Whether it
    /// waits for something; otherwise it only shares its thread.
    pub(crate) fn poll_ended(&self) -> bool {
        // Of one poller at a time, so that no locked instruction is needed.
        let polls = self.polls.load(Ordering::Relaxed).wrapping_add(1);
        self.polls.store(polls, Ordering::Relaxed);
        let waits = !self.interrupted.load(Ordering::Relaxed);
        if waits {
            self.used_ns.store(0, Ordering::Relaxed);
        } else {
            self.interrupted.store(false, Ordering::Relaxed);
        }
        waits
    }

    /// Why this host stopped the instance, where it did.
    #[must_use]
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        match self.stopped.load(Ordering::Relaxed) {
            1 => Some(Stopped::Cpu),
            2 => Some(Stopped::Memory),
            _ => None,
        }
    }

    fn stop(&self, why: Stopped) {
        let code = match why {
            Stopped::Cpu => 1,
            Stopped::Memory => 2,
        };
        self.stopped.store(code, Ordering::Relaxed);
    }
}

/// Where the CPU clock stood.
#[derive(Clone, Copy)]
struct Mark {
    cpu: Duration,
    thread: ThreadId,
    poll: u64,
}

impl Mark {
    fn now(meter: &Meter) -> Self {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Self {
            cpu: Duration::new(
                time.tv_sec.unsigned_abs(),
                u32::try_from(time.tv_nsec).unwrap_or_default(),
            ),
            thread: std::thread::current().id(),
            poll: meter.polls.load(Ordering::Relaxed),
        }
    }
}

/// Stops the instance once it computes for `budget` without waiting.
pub(crate) fn watch(store: &mut Store<InstanceState>, sandbox: &Sandbox, budget: Duration) {
    let meter = store.data().meter.clone();
    let outlived = sandbox.outlived();
    let resumed: Arc<parking_lot::Mutex<Option<Mark>>> = Arc::default();
    let mut first: Option<Mark> = None;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        outlived();
        let now = Mark::now(&meter);
        let since = resumed.lock().take().or_else(|| first.take());
        let Some(since) = since.filter(|mark| mark.poll == now.poll && mark.thread == now.thread)
        else {
            // Found at work in this poll for the first time: it may have begun just now.
            first = Some(now);
            return Ok(UpdateDeadline::Continue(1));
        };
        let spent = now.cpu.saturating_sub(since.cpu).min(EPOCH_MAX);
        let spent = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
        let used = meter
            .used_ns
            .fetch_add(spent, Ordering::Relaxed)
            .saturating_add(spent);
        if Duration::from_nanos(used) >= budget {
            meter.stop(Stopped::Cpu);
            return Ok(UpdateDeadline::Interrupt);
        }
        meter.interrupted.store(true, Ordering::Relaxed);
        let (resumed, meter) = (resumed.clone(), meter.clone());
        let pause = async move {
            tokio::task::yield_now().await;
            *resumed.lock() = Some(Mark::now(&meter));
        };
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(pause)))
    });
    store.limiter(|state| &mut state.memory);
}

/// The memory of an instance, all its memories together.
#[derive(Debug)]
pub(crate) struct MemoryCap {
    bytes: usize,
    bytes_max: usize,
    meter: Arc<Meter>,
}

impl MemoryCap {
    /// For an instance that has no memory yet.
    #[must_use]
    pub(crate) fn new(bytes_max: usize, meter: Arc<Meter>) -> Self {
        Self {
            bytes: 0,
            bytes_max,
            meter,
        }
    }
}

impl ResourceLimiter for MemoryCap {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = self.bytes.saturating_add(desired.saturating_sub(current));
        if bytes > self.bytes_max {
            self.meter.stop(Stopped::Memory);
            return Ok(false);
        }
        let grows = maximum.is_none_or(|maximum| desired <= maximum);
        if grows {
            self.bytes = bytes;
        }
        Ok(grows)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000 && maximum.is_none_or(|maximum| desired <= maximum))
    }
}
