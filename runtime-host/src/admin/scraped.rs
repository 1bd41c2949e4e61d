//! Metrics that others keep: read when they are asked for.

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Values that others keep already, read when they are asked for: name, help, value.
#[derive(Default)]
pub(super) struct Scraped {
    pub(super) counters: Vec<(&'static str, &'static str, u64)>,
    pub(super) gauges: Vec<(&'static str, &'static str, u64)>,
}

impl Scraped {
    /// Puts the values before the end mark of an exposition.
    pub(super) fn append_to(self, mut text: String) -> String {
        let mut registry = Registry::with_prefix("lockgate");
        for (name, help, value) in self.counters {
            registry.register(name, help, ConstCounter::new(value));
        }
        for (name, help, value) in self.gauges {
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
