//! Stores with a memory cap, a CPU deadline and a wall-clock limit.
//!
//! A call is synchronous and never waits, so its CPU time is its thread's. Reading the thread's
//! clock costs a system call; it is first read when an epoch has passed, so that the usual call
//! of a few microseconds pays nothing.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

use crate::Sandbox;
use crate::priority;

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
    limits: Limits,
    budget: Budget,
    spent: Option<Spent>,
    stopped: Option<StopCause>,
    /// What the component wrote to its standard error: a panic's message, bounded.
    pub stderr: Vec<u8>,
}

/// What a call that has outlived an epoch has used since.
struct Spent {
    /// CPU time that counts.
    cpu: Duration,
    /// The thread's clock at the last look.
    looked: Duration,
    since: Instant,
}

impl Spent {
    fn new(clock: Duration) -> Self {
        Self {
            cpu: Duration::ZERO,
            looked: clock,
            since: Instant::now(),
        }
    }

    /// Adds what the thread's clock went on by, but no more than half of the budget at a time: a
    /// virtual machine that is not run for a while sees that as CPU time of whatever it was at,
    /// and a component that loops is looked at again at once.
    fn look(&mut self, clock: Duration, budget: &Budget) {
        let since = clock.saturating_sub(self.looked);
        self.cpu += since.min(budget.cpu / 2);
        self.looked = clock;
    }
}

/// Elements of a table.
const TABLE_ELEMENTS_MAX: usize = 100_000;

/// What a store's memories and tables may grow to.
struct Limits {
    /// Bytes that all linear memories together may still grow by.
    memory_bytes_left: usize,
    /// What they could grow by at first.
    memory_bytes_max: usize,
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        let left = self.memory_bytes_left.checked_sub(more);
        // Growth that the system refuses afterwards stays charged: the store is about to end.
        self.memory_bytes_left = left.unwrap_or(self.memory_bytes_left);
        Ok(left.is_some())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        32
    }

    fn tables(&self) -> usize {
        16
    }

    fn memories(&self) -> usize {
        8
    }
}

/// The most that is kept of a component's standard error.
pub(crate) const STDERR_BYTES_MAX: usize = 4096;

/// Makes a store whose memories may grow to `memory_bytes_max` in all.
#[must_use]
pub fn new_store(sandbox: &Sandbox, memory_bytes_max: usize) -> Store<State> {
    let limits = Limits {
        memory_bytes_left: memory_bytes_max,
        memory_bytes_max,
    };
    let budget = Budget {
        cpu: Duration::from_secs(10),
        wall: Duration::from_secs(60),
    };
    let state = State {
        limits,
        budget,
        spent: None,
        stopped: None,
        stderr: Vec::new(),
    };
    let mut store = Store::new(sandbox.engine(), state);
    let watch = sandbox.watch();
    store.limiter(|state| &mut state.limits);
    store.epoch_deadline_callback(move |mut context| {
        priority::goes_on();
        let state = context.data_mut();
        let clock = thread_cpu_time();
        let spent = state.spent.get_or_insert_with(|| Spent::new(clock));
        spent.look(clock, &state.budget);
        state.stopped = if spent.cpu >= state.budget.cpu {
            Some(StopCause::CpuDeadline)
        } else if spent.since.elapsed() >= state.budget.wall {
            Some(StopCause::WallClock)
        } else {
            watch.outlived();
            return Ok(UpdateDeadline::Continue(1));
        };
        watch.stopped();
        Ok(UpdateDeadline::Interrupt)
    });
    store
}

/// Starts the clock of a call; to be called before each.
pub fn start_call(store: &mut Store<State>, budget: Budget) {
    let state = store.data_mut();
    state.budget = budget;
    state.spent = None;
    state.stopped = None;
    store.set_epoch_deadline(1);
}

/// Why the last call was stopped, where we stopped it.
#[must_use]
pub fn stop_cause(store: &Store<State>) -> Option<StopCause> {
    store.data().stopped
}

/// Bytes of all linear memories together. They never shrink: it is also the most they had.
#[must_use]
pub fn memory_bytes(store: &Store<State>) -> usize {
    let limits = &store.data().limits;
    limits.memory_bytes_max - limits.memory_bytes_left
}

/// CPU time of the calling thread.
fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::{Memory, MemoryType};

    #[test]
    fn a_jump_of_the_clock_is_no_loop() {
        let budget = Budget {
            cpu: Duration::from_millis(6),
            wall: Duration::from_secs(1),
        };
        let at = Duration::from_millis;
        let mut spent = Spent::new(at(100));
        spent.look(at(109), &budget);
        assert_eq!(spent.cpu, at(3));
        spent.look(at(110), &budget);
        assert!(spent.cpu < budget.cpu);
        spent.look(at(112), &budget);
        assert!(spent.cpu >= budget.cpu, "a loop is still stopped");
    }

    #[test]
    fn memories_share_one_bound() {
        const PAGE: usize = 65_536;
        let sandbox = Sandbox::new().unwrap();
        let mut store = new_store(&sandbox, 10 * PAGE);
        let mut memory = |pages| Memory::new(&mut store, MemoryType::new(pages, None));
        let one = memory(4).unwrap();
        let two = memory(4).unwrap();
        assert!(
            memory(3).is_err(),
            "four and four and three are more than ten"
        );
        assert_eq!(one.grow(&mut store, 1).unwrap(), 4);
        assert!(two.grow(&mut store, 2).is_err());
        assert_eq!(two.grow(&mut store, 1).unwrap(), 4);
        assert!(one.grow(&mut store, 1).is_err());
        assert_eq!(memory_bytes(&store), 10 * PAGE);
    }
}
