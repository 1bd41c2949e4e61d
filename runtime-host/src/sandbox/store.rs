//! Stores with a memory cap, a CPU deadline and a wall-clock limit.
//!
//! A call is synchronous and never waits, so its CPU time is its thread's. Reading the thread's
//! clock costs a system call; it is first read when an epoch has passed, so that the usual call
//! of a few microseconds pays nothing.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};

use super::Sandbox;

/// What one call may use.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// CPU time of the calling thread.
    pub cpu: Duration,
    /// Time on the wall, for a machine that is overloaded.
    pub wall: Duration,
}

/// Why a call was stopped by us rather than trapped by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// The CPU deadline.
    CpuDeadline,
    /// The wall-clock limit.
    WallClock,
}

/// What the host keeps beside a component's memory.
pub struct State {
    limits: StoreLimits,
    budget: Budget,
    first_tick: Option<(Duration, Instant)>,
    stopped: Option<StopCause>,
    /// What the component wrote to its standard error: a panic's message, bounded.
    pub(crate) stderr: Vec<u8>,
}

/// The most that is kept of a component's standard error.
pub(crate) const STDERR_BYTES_MAX: usize = 4096;

/// Makes a store whose memories may grow to `memory_bytes_max` in all.
#[must_use]
pub fn new_store(sandbox: &Sandbox, memory_bytes_max: usize) -> Store<State> {
    let limits = StoreLimitsBuilder::new()
        .memory_size(memory_bytes_max)
        .table_elements(100_000)
        .instances(32)
        .memories(8)
        .tables(16)
        .build();
    let budget = Budget {
        cpu: Duration::from_secs(10),
        wall: Duration::from_secs(60),
    };
    let state = State {
        limits,
        budget,
        first_tick: None,
        stopped: None,
        stderr: Vec::new(),
    };
    let mut store = Store::new(sandbox.engine(), state);
    let watch = sandbox.watch();
    store.limiter(|state| &mut state.limits);
    store.epoch_deadline_callback(move |mut context| {
        watch.store(true, Ordering::Relaxed);
        let state = context.data_mut();
        let cpu = thread_cpu_time();
        let now = Instant::now();
        let (cpu_start, wall_start) = *state.first_tick.get_or_insert((cpu, now));
        state.stopped = if cpu.saturating_sub(cpu_start) >= state.budget.cpu {
            Some(StopCause::CpuDeadline)
        } else if now.duration_since(wall_start) >= state.budget.wall {
            Some(StopCause::WallClock)
        } else {
            return Ok(UpdateDeadline::Continue(1));
        };
        Ok(UpdateDeadline::Interrupt)
    });
    store
}

/// Starts the clock of a call; to be called before each.
pub fn start_call(store: &mut Store<State>, budget: Budget) {
    let state = store.data_mut();
    state.budget = budget;
    state.first_tick = None;
    state.stopped = None;
    store.set_epoch_deadline(1);
}

/// Why the last call was stopped, where we stopped it.
#[must_use]
pub fn stop_cause(store: &Store<State>) -> Option<StopCause> {
    store.data().stopped
}

/// CPU time of the calling thread.
fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
