//! What is counted, for Prometheus.

use lockgate_record::{CacheState, LimitsState, Record};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The labels of a request: names from the configuration and closed vocabularies only, so that
/// no client can make a new series.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    site: String,
    stage: &'static str,
    status: &'static str,
}

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    cache_hits: Counter,
    cache_misses: Counter,
    limited: Counter,
    duration: Histogram,
    policy: Histogram,
    /// Connections open now.
    pub connections: Gauge,
    /// Connections refused because `connections_max` was reached.
    pub connections_refused: Counter,
    /// Configurations that took effect.
    pub reloads: Counter,
    /// Configurations that were refused.
    pub reloads_refused: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Registers all metrics.
    #[must_use]
    pub fn new() -> Self {
        let seconds = [
            0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
            0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ];
        let mut metrics = Self {
            registry: Registry::with_prefix("lockgate"),
            requests: Family::default(),
            cache_hits: Counter::default(),
            cache_misses: Counter::default(),
            limited: Counter::default(),
            duration: Histogram::new(seconds),
            policy: Histogram::new(seconds),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            reloads: Counter::default(),
            reloads_refused: Counter::default(),
        };
        let registry = &mut metrics.registry;
        registry.register(
            "requests",
            "Requests answered, by site, the stage that answered and the class of the status",
            metrics.requests.clone(),
        );
        registry.register(
            "cache_hits",
            "Answers from the cache",
            metrics.cache_hits.clone(),
        );
        registry.register(
            "cache_misses",
            "Requests of cached routes that went to the origin",
            metrics.cache_misses.clone(),
        );
        registry.register(
            "limited",
            "Requests refused by a rate limit",
            metrics.limited.clone(),
        );
        registry.register(
            "request_duration_seconds",
            "From the head read to the last byte sent",
            metrics.duration.clone(),
        );
        registry.register(
            "policy_seconds",
            "Time in the policy component",
            metrics.policy.clone(),
        );
        registry.register(
            "connections",
            "Connections open now",
            metrics.connections.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections refused because connections_max was reached",
            metrics.connections_refused.clone(),
        );
        registry.register(
            "reloads",
            "Configurations that took effect",
            metrics.reloads.clone(),
        );
        registry.register(
            "reloads_refused",
            "Configurations that were refused",
            metrics.reloads_refused.clone(),
        );
        metrics
    }

    /// Counts a finished request.
    #[allow(
        clippy::cast_precision_loss,
        reason = "microseconds of a request stay far below 2^52"
    )]
    pub fn count(&self, record: &Record<'_>) {
        let labels = RequestLabels {
            site: record.site.unwrap_or_default().to_owned(),
            stage: record.stage.as_str(),
            status: match record.status / 100 {
                1 => "1xx",
                2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                5 => "5xx",
                _ => "none",
            },
        };
        self.requests.get_or_create(&labels).inc();
        match record.cache {
            Some(CacheState::Hit) => self.cache_hits.inc(),
            Some(CacheState::Miss | CacheState::Stored) => self.cache_misses.inc(),
            _ => 0,
        };
        // An origin's own 429 is none of ours.
        if matches!(record.limits, Some(LimitsState::Limited(_))) {
            self.limited.inc();
        }
        self.duration.observe(record.duration_us as f64 / 1e6);
        self.policy.observe(f64::from(record.policy_us) / 1e6);
    }

    /// The text exposition.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Formatting into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
