//! The arithmetic of one GCRA window: integer nanoseconds, no state of its own.

/// The longest time that a full burst may take to come back: 2^60 ns, about 36 years.
/// Sums of a clock reading and this never overflow in practice, and saturate if they do.
pub(crate) const CAPACITY_NS_MAX: u64 = 1 << 60;

/// One window's constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gcra {
    /// Time that one unit of cost takes to come back.
    pub(crate) interval_ns: u64,
    /// Units that may be spent at once.
    pub(crate) burst: u32,
    /// `interval_ns * burst`: how far ahead of the clock the arrival time may run.
    pub(crate) capacity_ns: u64,
}

/// What a window says to a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It fits; the new theoretical arrival time.
    Fits(u64),
    /// It would fit this many nanoseconds later, if nothing else comes in between.
    Later(u64),
    /// The cost is larger than the burst and fits never.
    Never,
}

impl Gcra {
    /// `None` when the burst would take longer than [`CAPACITY_NS_MAX`] to come back, or when a
    /// figure is 0.
    pub(crate) fn new(interval_ns: u64, burst: u32) -> Option<Self> {
        let capacity_ns = interval_ns.checked_mul(u64::from(burst))?;
        let sane = capacity_ns > 0 && capacity_ns <= CAPACITY_NS_MAX;
        sane.then_some(Self {
            interval_ns,
            burst,
            capacity_ns,
        })
    }

    /// Tests `cost` against the theoretical arrival time `tat_ns` (0 or any time in the past:
    /// nothing was spent).
    #[inline]
    pub(crate) fn test(&self, tat_ns: u64, now_ns: u64, cost: u32) -> Verdict {
        if cost > self.burst {
            return Verdict::Never;
        }
        let next = tat_ns
            .max(now_ns)
            .saturating_add(self.interval_ns * u64::from(cost));
        let latest = now_ns.saturating_add(self.capacity_ns);
        if next <= latest {
            Verdict::Fits(next)
        } else {
            Verdict::Later(next - latest)
        }
    }

    /// Units that could be spent at once at `now_ns`.
    #[inline]
    pub(crate) fn remaining(&self, tat_ns: u64, now_ns: u64) -> u32 {
        let spent = tat_ns.saturating_sub(now_ns);
        let left = self.capacity_ns.saturating_sub(spent) / self.interval_ns;
        // At most `burst`, as `capacity_ns` is `interval_ns * burst`.
        u32::try_from(left).unwrap_or(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_second_spends_and_comes_back() {
        let g = Gcra::new(100, 10).unwrap();
        let mut tat = 0;
        for left in (0..10).rev() {
            let Verdict::Fits(next) = g.test(tat, 5_000, 1) else {
                panic!("{left} left")
            };
            tat = next;
            assert_eq!(g.remaining(tat, 5_000), left);
        }
        assert_eq!(g.test(tat, 5_000, 1), Verdict::Later(100));
        assert_eq!(g.test(tat, 5_099, 1), Verdict::Later(1));
        assert_eq!(g.test(tat, 5_100, 1), Verdict::Fits(6_100));
        assert_eq!(g.test(tat, 5_000, 10), Verdict::Later(1_000));
        assert_eq!(g.test(tat, 5_000, 11), Verdict::Never);
        assert_eq!(g.test(tat, 5_000, 0), Verdict::Fits(tat));
    }

    #[test]
    fn ends_of_the_range_do_not_overflow() {
        let g = Gcra::new(CAPACITY_NS_MAX, 1).unwrap();
        assert_eq!(g.test(u64::MAX, u64::MAX, 1), Verdict::Fits(u64::MAX));
        assert!(matches!(g.test(u64::MAX, 0, 1), Verdict::Later(_)));
        assert_eq!(g.remaining(u64::MAX, 0), 0);
        assert!(Gcra::new(CAPACITY_NS_MAX, 2).is_none());
        assert!(Gcra::new(u64::MAX, u32::MAX).is_none());
        assert!(Gcra::new(0, 1).is_none());
        assert!(Gcra::new(1, 0).is_none());
    }
}
