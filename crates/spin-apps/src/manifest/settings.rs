//! `[component.ID.tool.lockgate]`: what this host may spend on a component. Spin ignores it.

use std::time::Duration;

use lockgate_config::Fault;

use super::reader::Table;

/// Limits of one component.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `requests_per_instance_max`: an instance ends after so many. Unless given: 1,000 of a
    /// component that serves several at once (WASI 0.3), 1 of others.
    pub requests_per_instance_max: Option<u64>,
    /// `concurrent_requests_max`: requests in one instance at the same time (WASI 0.3 only).
    pub concurrent_requests_max: u64,
    /// `instances_max`: instances at the same time.
    pub instances_max: u64,
    /// `requests_in_flight_max`: further ones are answered 503.
    pub requests_in_flight_max: u64,
    /// `memory_bytes_max`: of one instance, all its memories together.
    pub memory_bytes_max: u64,
    /// `cpu_ms_max`: how long an instance may compute without waiting for anything.
    pub cpu: Duration,
    /// `timeout_ms`: from the request to the head of its answer.
    pub timeout: Duration,
    /// `stream_timeout_ms`: from the head of the answer to its last byte, and for what the
    /// component does after it.
    pub stream_timeout: Duration,
    /// `idle_timeout_ms`: an instance without requests ends after this time.
    pub idle_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            requests_per_instance_max: None,
            concurrent_requests_max: 64,
            instances_max: 64,
            requests_in_flight_max: 1024,
            memory_bytes_max: 128 << 20,
            cpu: Duration::from_secs(1),
            timeout: Duration::from_secs(30),
            stream_timeout: Duration::from_secs(600),
            idle_timeout: Duration::from_secs(10),
        }
    }
}

/// The most instances of one component.
pub(crate) const INSTANCES_MAX: u64 = 1_000;

pub(super) fn read(table: &mut Table<'_>, faults: &mut Vec<Fault>) -> Settings {
    let mut settings = Settings::default();
    let mut set = |key, range, slot: &mut u64| {
        if let Some(number) = table.number(key, range, faults) {
            *slot = number;
        }
    };
    let mut reused = 0;
    set("requests_per_instance_max", (1, 1 << 40), &mut reused);
    settings.requests_per_instance_max = (reused > 0).then_some(reused);
    set(
        "concurrent_requests_max",
        (1, 10_000),
        &mut settings.concurrent_requests_max,
    );
    set(
        "instances_max",
        (1, INSTANCES_MAX),
        &mut settings.instances_max,
    );
    set(
        "requests_in_flight_max",
        (1, 1 << 20),
        &mut settings.requests_in_flight_max,
    );
    set(
        "memory_bytes_max",
        (64 << 10, 4 << 30),
        &mut settings.memory_bytes_max,
    );
    let mut time = |key, slot: &mut Duration| {
        let mut ms = u64::try_from(slot.as_millis()).unwrap_or(u64::MAX);
        set(key, (1, 86_400_000), &mut ms);
        *slot = Duration::from_millis(ms);
    };
    time("cpu_ms_max", &mut settings.cpu);
    time("timeout_ms", &mut settings.timeout);
    time("stream_timeout_ms", &mut settings.stream_timeout);
    time("idle_timeout_ms", &mut settings.idle_timeout);
    settings
}
