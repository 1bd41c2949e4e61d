//! How threads give way to those that serve.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How far a thread gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// It gets a smaller share of a busy core: requests wait for what it does.
    Share,
    /// It runs where nothing else wants the core, and stops at once when something does. On a
    /// machine that stays busy its work takes too long, and that is answered.
    All,
}

/// Niceness of [`Gives::Share`]: a third of the weight of a thread that serves.
const NICE: i32 = 5;

/// A call is long after this time.
const LONG: Duration = Duration::from_micros(60);

/// What the calling thread is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Nothing that was to be short.
    Any,
    /// A call that is to be short; when it began.
    Short(Instant),
    /// A call that was to be short and was not: it gives all.
    Long,
}

thread_local! {
    static CALL: Cell<Call> = const { Cell::new(Call::Any) };
}

/// Lowers the calling thread's priority for good. Where the system does not let it, it stays as
/// it is.
pub fn give_way(gives: Gives) {
    // For `All` as well: it counts where the policy cannot be had.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    // Started by a thread that takes short turns it would take them too.
    set_slice(Duration::ZERO);
    if gives == Gives::All {
        schedule(libc::SCHED_IDLE);
    }
}

/// How long a thread that takes short turns runs before others may: the least that there is.
const SHORT_TURN: Duration = Duration::from_micros(100);

/// Asks for short turns of the calling thread: when it wakes up for a moment it is let in before
/// those that compute at length, where else it waited until their slice is over, a millisecond or
/// more. Its share stays the same. Linux has this from 6.12 on; before, nothing changes, nor where
/// the operator chose another policy than `SCHED_OTHER`.
pub fn take_short_turns() {
    set_slice(SHORT_TURN);
}

/// Sets the slice of the calling thread (`sched_runtime` of a thread of `SCHED_OTHER`,
/// sched_setattr(2)); zero: that of all.
fn set_slice(slice: Duration) {
    if policy() != libc::SCHED_OTHER {
        return;
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the size of a struct of eight fields, and a slice of less than a second"
    )]
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER as u32,
        sched_flags: 0,
        sched_nice: rustix::process::getpriority_process(None).unwrap_or(0),
        sched_priority: 0,
        sched_runtime: slice.as_nanos() as u64,
        sched_deadline: 0,
        sched_period: 0,
    };
    #[allow(
        unsafe_code,
        reason = "neither rustix nor libc has sched_setattr; the call reads one struct on our stack"
    )]
    // SAFETY: the pointer is to a live `sched_attr` that says its size, and 0 names the calling
    // thread.
    let _ = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
}

/// The policy of the calling thread (sched(7)).
fn policy() -> libc::c_int {
    #[allow(
        unsafe_code,
        reason = "rustix has no sched_getscheduler; no pointer at all"
    )]
    // SAFETY: 0 names the calling thread.
    let policy = unsafe { libc::sched_getscheduler(0) };
    policy & !libc::SCHED_RESET_ON_FORK
}

/// Makes a call that is to be short. When it proves to be long (see [`goes_on`]) the thread gives
/// all until the call has ended, where it has the right to take that back (`CAP_SYS_NICE`, or
/// `RLIMIT_NICE` of 20).
pub fn short<T>(call: impl FnOnce() -> T) -> T {
    if !*may_come_back() {
        return call();
    }
    CALL.set(Call::Short(Instant::now()));
    let result = call();
    if CALL.replace(Call::Any) == Call::Long {
        schedule(libc::SCHED_OTHER);
    }
    result
}

/// Told at every epoch that the thread's call goes on.
pub(crate) fn goes_on() {
    if let Call::Short(begun) = CALL.get()
        && begun.elapsed() >= LONG
        && schedule(libc::SCHED_IDLE)
    {
        CALL.set(Call::Long);
    }
}

/// Whether a thread that gives all may have its priority back, tried once on a thread of no use.
fn may_come_back() -> &'static bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    MAY.get_or_init(|| {
        let there_and_back = || schedule(libc::SCHED_IDLE) && schedule(libc::SCHED_OTHER);
        let thread = std::thread::Builder::new().spawn(there_and_back);
        thread.is_ok_and(|thread| thread.join().unwrap_or(false))
    })
}

/// Sets the policy (sched(7)) of the calling thread. Before a thread of `SCHED_IDLE` every other
/// one that wakes up takes its core at once; after a nicer one of its own policy it would wait
/// until the scheduler's slice is over, a millisecond or more.
fn schedule(policy: libc::c_int) -> bool {
    let none = libc::sched_param { sched_priority: 0 };
    #[allow(
        unsafe_code,
        reason = "rustix has no sched_setscheduler; the call reads one struct on our stack"
    )]
    // SAFETY: the pointer is to a live `sched_param`, and 0 names the calling thread.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const none) };
    result == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_call_gives_all_until_it_has_ended() {
        // A thread of its own: without the right to come back it would be lost for other tests.
        std::thread::spawn(|| {
            take_short_turns();
            let long = |told: bool| {
                std::thread::sleep(2 * LONG);
                if told {
                    goes_on();
                }
                policy()
            };
            let given = if *may_come_back() {
                libc::SCHED_IDLE
            } else {
                libc::SCHED_OTHER
            };
            assert_eq!(short(|| long(true)), given);
            assert_eq!(policy(), libc::SCHED_OTHER);
            assert_eq!(short(|| long(false)), libc::SCHED_OTHER);
            // Outside of a call nothing happens.
            assert_eq!(long(true), libc::SCHED_OTHER);
            give_way(Gives::All);
            assert_eq!(policy(), libc::SCHED_IDLE);
        })
        .join()
        .unwrap();
    }
}
