//! Latencies in buckets of about 1.6 %, so that a million of them take no memory.

use std::time::Duration;

/// Sub-buckets of each power of two.
const FINE_BITS: u32 = 6;
const BUCKETS: usize = (64 - FINE_BITS as usize + 1) << FINE_BITS;

/// Counts by nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
        }
    }
}

impl Latencies {
    /// Counts one.
    pub(crate) fn add(&mut self, latency: Duration) {
        let ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(ns)) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Counts all that `others` has counted.
    pub(crate) fn merge(&mut self, others: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&others.counts) {
            *count += more;
        }
        self.total += others.total;
    }

    /// The latency in µs that `share` (0 to 1) of all stay under, to within a bucket; 0 if there
    /// are none.
    pub(crate) fn quantile_us(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return middle_ns(index) / 1e3;
            }
        }
        0.0
    }
}

fn bucket(ns: u64) -> usize {
    let exponent = ns.max(1).ilog2();
    if exponent < FINE_BITS {
        return ns as usize;
    }
    let shift = exponent - FINE_BITS;
    (((shift + 1) as usize) << FINE_BITS) + ((ns >> shift) as usize & ((1 << FINE_BITS) - 1))
}

fn middle_ns(bucket: usize) -> f64 {
    let (coarse, fine) = (
        bucket >> FINE_BITS,
        (bucket & ((1 << FINE_BITS) - 1)) as f64,
    );
    if coarse == 0 {
        return fine;
    }
    let width = 2f64.powi(coarse as i32 - 1);
    (fine + f64::from(1u32 << FINE_BITS) + 0.5) * width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_two_percent() {
        let mut latencies = Latencies::default();
        for us in 1..=1_000 {
            latencies.add(Duration::from_micros(us));
        }
        for (share, wanted) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let found = latencies.quantile_us(share);
            assert!((found / wanted - 1.0f64).abs() < 0.02, "{share}: {found}");
        }
        assert_eq!(Latencies::default().quantile_us(0.5), 0.0);
        let mut both = Latencies::default();
        both.add(Duration::from_micros(2_000));
        both.merge(&latencies);
        assert_eq!(both.quantile_us(0.5), latencies.quantile_us(0.5));
        assert!(both.quantile_us(1.0) > 1_900.0);
    }

    #[test]
    fn buckets_follow_each_other() {
        let mut last = 0;
        for ns in (0..10_000).chain([u64::MAX]) {
            let this = bucket(ns);
            assert!(this >= last && this < BUCKETS, "{ns}: {this}");
            last = this;
        }
    }
}
