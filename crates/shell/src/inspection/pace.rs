//! How quickly a client has to send a body that is held back.

use serde::{Deserialize, Serialize};

/// How quickly a client has to send its body. Only the time in which it is waited for counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// The longest pause between two reads, milliseconds.
    pub timeout_ms: u64,
    /// The least rate, bytes a second, once the client was waited for as long as `timeout_ms` in
    /// all. 0: none.
    pub bytes_per_s_min: u32,
}

/// The client took too long: 408 [`Late::CODE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Late {
    /// It sent nothing.
    #[error("the client sent nothing for the configured time")]
    Silent,
    /// It sends, but less than the least rate.
    #[error("the client sent less than {0} bytes a second")]
    Slow(u32),
}

impl Late {
    /// The stable code of the answer.
    pub const CODE: &'static str = "body_timeout";
}

impl Pace {
    /// How long the client may be waited for now, after it was for `waited_ms` and has sent
    /// `received` bytes, which buy time at the least rate; in milliseconds.
    #[must_use]
    pub fn wait_ms(self, received: u64, waited_ms: u64) -> u64 {
        let rate = u64::from(self.bytes_per_s_min);
        let bought_ms = received.saturating_mul(1_000).checked_div(rate);
        let credit_ms = bought_ms.map_or(u64::MAX, |bought_ms| {
            self.timeout_ms
                .saturating_add(bought_ms)
                .saturating_sub(waited_ms)
        });
        self.timeout_ms.min(credit_ms)
    }

    /// Why a client is not waited for any longer that was for `paused_ms` just now.
    #[must_use]
    pub fn late(self, paused_ms: u64) -> Late {
        if paused_ms >= self.timeout_ms {
            Late::Silent
        } else {
            Late::Slow(self.bytes_per_s_min)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_buy_time_at_the_least_rate() {
        let pace = Pace {
            timeout_ms: 30_000,
            bytes_per_s_min: 500,
        };
        assert_eq!(pace.wait_ms(0, 0), 30_000);
        assert_eq!(pace.wait_ms(1, 29_000), 1_002);
        assert_eq!(pace.wait_ms(1, 31_000), 0);
        // Who keeps to the rate is waited for as long as ever.
        assert_eq!(pace.wait_ms(500_000_000, 1_000_000_000), 30_000);
        let no_rate = Pace {
            bytes_per_s_min: 0,
            ..pace
        };
        assert_eq!(no_rate.wait_ms(0, u64::MAX), 30_000);
        assert_eq!(pace.wait_ms(u64::MAX, 0), 30_000);
    }

    #[test]
    fn silence_and_a_trickle_are_told_apart() {
        let pace = Pace {
            timeout_ms: 30_000,
            bytes_per_s_min: 500,
        };
        assert_eq!(pace.late(30_000), Late::Silent);
        assert_eq!(pace.late(1_002), Late::Slow(500));
    }
}
