//! One gate-wide budget without a key, over `governor`'s direct limiter.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// A budget for the whole gate: so many a second, so many at once. For example signatures not
/// seen before, which cost a thousand times a request and may come from many clients at once.
///
/// One atomic word; reads the monotonic clock itself.
#[derive(Debug)]
pub struct SingleLimit<C: Clock = DefaultClock> {
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    clock: C,
}

impl SingleLimit {
    /// `per_second` units come back each second, up to `burst` at once; 0 counts as 1.
    pub fn new(per_second: u32, burst: u32) -> Self {
        Self::with_clock(per_second, burst, DefaultClock::default())
    }
}

impl<C: Clock + Clone> SingleLimit<C> {
    /// The same with a clock handed in.
    pub fn with_clock(per_second: u32, burst: u32, clock: C) -> Self {
        let at_least_1 = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_1(per_second)).allow_burst(at_least_1(burst));
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
        }
    }

    /// Takes one unit.
    ///
    /// # Errors
    /// The time to wait, when the budget is spent.
    pub fn take(&self) -> Result<(), Duration> {
        self.limiter
            .check()
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    #[test]
    fn spends_and_comes_back() {
        let clock = FakeRelativeClock::default();
        let budget = SingleLimit::with_clock(10, 3, clock.clone());
        for _ in 0..3 {
            assert_eq!(budget.take(), Ok(()));
        }
        assert_eq!(budget.take(), Err(Duration::from_millis(100)));
        clock.advance(Duration::from_millis(40));
        assert_eq!(budget.take(), Err(Duration::from_millis(60)));
        clock.advance(Duration::from_millis(60));
        assert_eq!(budget.take(), Ok(()));
        assert!(budget.take().is_err());
    }

    #[test]
    fn zero_means_one() {
        let budget = SingleLimit::with_clock(0, 0, FakeRelativeClock::default());
        assert_eq!(budget.take(), Ok(()));
        assert_eq!(budget.take(), Err(Duration::from_secs(1)));
    }
}
