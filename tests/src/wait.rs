//! Waiting for something that happens soon, without a sleep of a guessed length.

use std::time::{Duration, Instant};

/// Longest wait for anything in the tests. Reaching it is a failure, never a result.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Calls `probe` until it gives something.
///
/// # Panics
/// After [`PATIENCE`], naming `what`.
pub fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, probe)
}

/// Calls `probe` until it gives something, for at most `patience`.
///
/// # Panics
/// After `patience`, naming `what`.
pub fn until_within<T>(patience: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(
            begun.elapsed() < patience,
            "waited {patience:?} in vain for {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
