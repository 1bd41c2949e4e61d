//! Clocks.

use wasip3::clocks::{monotonic_clock, system_clock};

/// Milliseconds since 1970.
#[must_use]
pub fn unix_ms() -> u64 {
    unix_ns() / 1_000_000
}

/// Nanoseconds since 1970: the clock of the limits, since it is the only one that instances share.
#[must_use]
pub fn unix_ns() -> u64 {
    let now = system_clock::now();
    let seconds = u64::try_from(now.seconds).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(now.nanoseconds))
}

/// Nanoseconds of a clock that does not go backwards.
#[must_use]
pub fn monotonic_ns() -> u64 {
    monotonic_clock::now()
}

/// Microseconds since a moment of [`monotonic_ns`].
#[must_use]
pub fn micros_since(begun_ns: u64) -> u64 {
    monotonic_ns().saturating_sub(begun_ns) / 1_000
}
