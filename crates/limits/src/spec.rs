//! What a limit is: its name and its windows, checked before they are used.

use std::time::Duration;

use crate::gcra::Gcra;

/// The most windows that one limit may have.
pub const WINDOWS_MAX: usize = 8;

/// The longest name, bytes.
const NAME_BYTES_MAX: usize = 64;

/// One window: `requests` in each `per`, and at most `burst` of them at once.
///
/// Same meaning as `governor::Quota::with_period(per / requests).allow_burst(burst)`: a full
/// window lets `burst` requests through at once, and one comes back every `per / requests`
/// (nanoseconds, rounded down: the rate is right to better than `requests` parts in `per` ns).
/// Over any span of time `T`, at most `burst + T * requests / per` requests pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Requests that come back in each `per`; at least 1.
    pub requests: u32,
    /// The length of the window; at least `requests` nanoseconds.
    pub per: Duration,
    /// Requests that may come at once; `requests` if not given; at least 1.
    pub burst: Option<u32>,
}

/// A limit: one name, one or more windows, each charged with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitSpec {
    /// What keeps equal names of different sites apart; part of the state's identity, never
    /// shown to clients. Usually the site.
    pub scope: String,
    /// The name as shown in `RateLimit` fields: 1 to 64 of `A-Z a-z 0-9 . _ : / -`.
    pub name: String,
    /// 1 to [`WINDOWS_MAX`] windows of different lengths.
    pub windows: Vec<Window>,
}

/// Why a limit's definition is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// More limits than a `u16` numbers.
    #[error("{0} limits are more than 65535")]
    TooManyLimits(usize),
    /// The name is empty, too long or has a character that is not allowed.
    #[error("limit name {0:?} must be 1 to 64 of A-Z a-z 0-9 . _ : / -")]
    Name(String),
    /// Two limits of one scope have one name.
    #[error("limit {0:?} is defined twice in {1:?}")]
    Duplicate(String, String),
    /// No window, or too many.
    #[error("limit {0:?} has {1} windows, it must have 1 to 8")]
    WindowCount(String, usize),
    /// Two windows of one limit have the same length.
    #[error("limit {0:?} has two windows of {1:?}")]
    SamePeriod(String, Duration),
    /// Requests, period or burst are 0, or the burst takes more than 36 years to come back, or
    /// there are more requests than nanoseconds.
    #[error("limit {0:?}: {1:?} is out of range")]
    Range(String, Window),
}

impl LimitSpec {
    /// Checks the definition: what passes, [`crate::Limiter::new`] takes.
    ///
    /// # Errors
    /// What is out of range.
    pub fn check(&self) -> Result<(), SpecError> {
        self.compile().map(drop)
    }

    /// Checks the definition and makes the constants of each window.
    pub(crate) fn compile(&self) -> Result<Vec<Gcra>, SpecError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
        if self.name.is_empty()
            || self.name.len() > NAME_BYTES_MAX
            || !self.name.bytes().all(allowed)
        {
            return Err(SpecError::Name(self.name.clone()));
        }
        if self.windows.is_empty() || self.windows.len() > WINDOWS_MAX {
            return Err(SpecError::WindowCount(
                self.name.clone(),
                self.windows.len(),
            ));
        }
        for (i, w) in self.windows.iter().enumerate() {
            if self.windows[..i].iter().any(|o| o.per == w.per) {
                return Err(SpecError::SamePeriod(self.name.clone(), w.per));
            }
        }
        self.windows
            .iter()
            .map(|w| {
                w.gcra()
                    .ok_or_else(|| SpecError::Range(self.name.clone(), *w))
            })
            .collect()
    }
}

impl Window {
    /// The burst in force.
    pub fn burst(&self) -> u32 {
        self.burst.unwrap_or(self.requests)
    }

    fn gcra(&self) -> Option<Gcra> {
        let per_ns = u64::try_from(self.per.as_nanos()).ok()?;
        let interval_ns = per_ns.checked_div(u64::from(self.requests))?;
        Gcra::new(interval_ns, self.burst())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, windows: &[(u32, Duration, Option<u32>)]) -> Result<Vec<Gcra>, SpecError> {
        let windows = windows
            .iter()
            .map(|&(requests, per, burst)| Window {
                requests,
                per,
                burst,
            })
            .collect();
        LimitSpec {
            scope: "shop".into(),
            name: name.into(),
            windows,
        }
        .compile()
    }

    #[test]
    fn definitions_are_checked() {
        let (s, m) = (Duration::from_secs(1), Duration::from_secs(60));
        assert_eq!(
            spec("per-client", &[(10, s, None), (60, m, Some(5))]).unwrap(),
            [
                Gcra::new(100_000_000, 10).unwrap(),
                Gcra::new(1_000_000_000, 5).unwrap()
            ]
        );
        assert_eq!(
            spec("", &[(1, s, None)]),
            Err(SpecError::Name(String::new()))
        );
        assert!(matches!(
            spec("a\"b", &[(1, s, None)]),
            Err(SpecError::Name(_))
        ));
        assert!(matches!(
            spec(&"x".repeat(65), &[(1, s, None)]),
            Err(SpecError::Name(_))
        ));
        assert!(matches!(spec("a", &[]), Err(SpecError::WindowCount(_, 0))));
        assert!(matches!(
            spec("a", &[(1, s, None), (2, s, None)]),
            Err(SpecError::SamePeriod(..))
        ));
        for bad in [
            (0, s, None),
            (1, Duration::ZERO, None),
            (1, s, Some(0)),
            (2, Duration::from_nanos(1), None),
            (1, Duration::MAX, None),
            (1, Duration::from_secs(86_400 * 366), Some(u32::MAX)),
        ] {
            assert!(
                matches!(spec("a", &[bad]), Err(SpecError::Range(..))),
                "{bad:?}"
            );
        }
    }
}
