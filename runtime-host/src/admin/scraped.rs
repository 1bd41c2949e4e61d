//! Metrics that others keep: read when they are asked for.

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// What others count already, read when it is asked for.
pub(super) struct Scraped {
    pub(super) records_lost: u64,
    pub(super) record_write_errors: u64,
    pub(super) policy_traps: u64,
    pub(super) limit_cells_evicted: u64,
    pub(super) cache_bytes: u64,
    pub(super) cache_bytes_max: u64,
    pub(super) cache_entries: u64,
    pub(super) requests_in_flight: u64,
    pub(super) inspection_queue: u64,
}

impl Scraped {
    /// Puts the values before the end mark of an exposition.
    pub(super) fn append_to(&self, mut text: String) -> String {
        let mut registry = Registry::with_prefix("lockgate");
        let counters = [
            (
                "records_lost",
                "Records dropped because the buffer was full",
                self.records_lost,
            ),
            (
                "record_write_errors",
                "Failed writes of records",
                self.record_write_errors,
            ),
            (
                "policy_traps",
                "Policy calls that trapped or were stopped",
                self.policy_traps,
            ),
            (
                "limit_cells_evicted",
                "Limit counters that gave way before they had run down",
                self.limit_cells_evicted,
            ),
        ];
        for (name, help, value) in counters {
            registry.register(name, help, ConstCounter::new(value));
        }
        let gauges = [
            (
                "cache_bytes",
                "Memory of stored responses",
                self.cache_bytes,
            ),
            (
                "cache_bytes_max",
                "Most memory of stored responses",
                self.cache_bytes_max,
            ),
            ("cache_entries", "Stored responses", self.cache_entries),
            (
                "requests_in_flight",
                "Requests on their way",
                self.requests_in_flight,
            ),
            (
                "inspection_queue",
                "Policy calls that wait for an inspection thread",
                self.inspection_queue,
            ),
        ];
        for (name, help, value) in gauges {
            registry.register(name, help, ConstGauge::new(value));
        }
        let mut end = String::new();
        // Formatting into a string does not fail.
        let _ = encode_eof(&mut end);
        let kept = text.strip_suffix(&end).map_or(text.len(), str::len);
        text.truncate(kept);
        let _ = encode_registry(&mut text, &registry);
        text.push_str(&end);
        text
    }
}
