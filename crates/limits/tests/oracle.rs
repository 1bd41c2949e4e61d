//! Our decisions for one window are `governor`'s, over random arrivals.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use lockgate_limits::{Cells, Charge, Decision, LimitSpec, Limiter, Window};
use proptest::prelude::*;

fn nonzero(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// A clock's first reading is 1: 0 is what governor takes for "no state".
const START_NS: u64 = 1;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn one_window_decides_as_governor_does(
        requests in 1_u32..200,
        per_ns in 1_000_u64..100_000_000_000,
        burst in proptest::option::of(1_u32..50),
        arrivals in proptest::collection::vec((0_u64..3_000, 1_u32..6), 1..300),
    ) {
        let per = Duration::from_nanos(per_ns);
        let interval_ns = per_ns / u64::from(requests);
        let burst_in_force = burst.unwrap_or(requests);
        let clock = FakeRelativeClock::default();
        clock.advance(Duration::from_nanos(START_NS));
        let quota = Quota::with_period(Duration::from_nanos(interval_ns)).unwrap()
            .allow_burst(nonzero(burst_in_force));
        let oracle = RateLimiter::direct_with_clock(quota, clock.clone());

        let window = Window { requests, per, burst };
        let spec = LimitSpec { scope: String::new(), name: "w".into(), windows: vec![window] };
        let ours = Limiter::new(&[spec], Arc::new(Cells::new(1024, [1, 2, 3, 4]))).unwrap();

        let mut now_ns = START_NS;
        for (step, cost) in arrivals {
            // Steps of 0 to 3 intervals, in thousandths, so that edges are met exactly as well.
            let step_ns = interval_ns * step / 1_000;
            now_ns += step_ns;
            clock.advance(Duration::from_nanos(step_ns));
            let expected = oracle.check_n(nonzero(cost));
            let got = ours.charge(now_ns, &[Charge { limit: 0, key: b"k", cost }]).unwrap();
            match (expected, got) {
                (Ok(Ok(())), Decision::Allowed(_)) => {}
                (Ok(Err(until)), Decision::Limited(l)) => {
                    let wait = until.wait_time_from(governor::clock::Clock::now(&clock));
                    prop_assert_eq!(Some(wait), l.retry_after);
                }
                (Err(_), Decision::Limited(l)) => prop_assert_eq!(None, l.retry_after),
                (expected, got) => prop_assert!(false, "{expected:?} but {got:?} at {now_ns}"),
            }
        }
    }
}
