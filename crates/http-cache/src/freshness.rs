//! Age and freshness of a stored response (RFC 9111, section 4.2).

use crate::message::ResponseInfo;

/// When the response was asked for and when its head came, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// `request_time` of section 4.2.3.
    pub requested_at_ms: u64,
    /// `response_time` of section 4.2.3.
    pub received_at_ms: u64,
}

/// What the store keeps of a response's times; all that [`crate::lookup`] needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// When the response came, milliseconds since 1970.
    pub received_at_ms: u64,
    /// `corrected_initial_age` of section 4.2.3, milliseconds.
    pub initial_age_ms: u64,
    /// `freshness_lifetime` of section 4.2.1, milliseconds.
    pub lifetime_ms: u64,
}

impl Freshness {
    /// Works out the age of a response as it comes, for a lifetime in seconds.
    pub fn new(response: &ResponseInfo<'_>, exchange: Exchange, lifetime_s: u64) -> Self {
        let Exchange {
            requested_at_ms,
            received_at_ms,
        } = exchange;
        let date_ms = response
            .date_s
            .map_or(received_at_ms, |s| s.saturating_mul(1_000));
        // A Date has whole seconds: less than one is no age.
        let apparent_ms = match received_at_ms.saturating_sub(date_ms) {
            0..1_000 => 0,
            ms => ms,
        };
        let age_value_ms = u64::from(response.age_s.unwrap_or(0)).saturating_mul(1_000);
        let delay_ms = received_at_ms.saturating_sub(requested_at_ms);
        Self {
            received_at_ms,
            initial_age_ms: apparent_ms.max(age_value_ms.saturating_add(delay_ms)),
            lifetime_ms: lifetime_s.saturating_mul(1_000),
        }
    }

    /// `current_age` (section 4.2.3), milliseconds. A clock that went backwards adds nothing.
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        let resident_ms = now_ms.saturating_sub(self.received_at_ms);
        self.initial_age_ms.saturating_add(resident_ms)
    }

    /// The value of `Age` (section 5.1), whole seconds.
    pub fn age_s(&self, now_ms: u64) -> u64 {
        self.age_ms(now_ms) / 1_000
    }

    /// `freshness_lifetime > current_age` (section 4.2).
    pub fn is_fresh(&self, now_ms: u64) -> bool {
        self.lifetime_ms > self.age_ms(now_ms)
    }

    /// The first moment at which it is stale, milliseconds since 1970.
    pub fn fresh_until_ms(&self) -> u64 {
        let left_ms = self.lifetime_ms.saturating_sub(self.initial_age_ms);
        self.received_at_ms.saturating_add(left_ms)
    }

    /// What is left of the lifetime, whole seconds towards zero, below 0 when it is stale: `ttl`
    /// of Cache-Status.
    pub fn ttl_s(&self, now_ms: u64) -> i64 {
        let age_ms = self.age_ms(now_ms);
        let seconds = |ms: u64| i64::try_from(ms / 1_000).unwrap_or(i64::MAX);
        if age_ms <= self.lifetime_ms {
            seconds(self.lifetime_ms.saturating_sub(age_ms))
        } else {
            seconds(age_ms.saturating_sub(self.lifetime_ms)).saturating_neg()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = 784_111_777_000;

    fn initial(date_s: Option<u64>, age_s: Option<u32>, delay_ms: u64) -> u64 {
        let response = ResponseInfo {
            date_s,
            age_s,
            ..ResponseInfo::default()
        };
        let exchange = Exchange {
            requested_at_ms: T - delay_ms,
            received_at_ms: T,
        };
        Freshness::new(&response, exchange, 60).initial_age_ms
    }

    #[test]
    fn initial_age_of_4_2_3() {
        let date = T / 1_000;
        assert_eq!(initial(None, None, 0), 0);
        assert_eq!(initial(Some(date), None, 0), 0);
        assert_eq!(initial(Some(date - 10), None, 0), 10_000, "apparent_age");
        assert_eq!(
            initial(Some(date + 10), None, 0),
            0,
            "a Date ahead of us is no age"
        );
        assert_eq!(initial(Some(date), Some(5), 0), 5_000, "age_value");
        assert_eq!(
            initial(Some(date), Some(5), 300),
            5_300,
            "plus response_delay"
        );
        assert_eq!(
            initial(Some(date - 10), Some(5), 300),
            10_000,
            "the larger counts"
        );
        assert_eq!(initial(Some(0), Some(u32::MAX), T), 5_079_079_072_000);
    }

    #[test]
    fn fresh_until_the_lifetime_is_used_up() {
        let f = Freshness {
            received_at_ms: T,
            initial_age_ms: 4_500,
            lifetime_ms: 60_000,
        };
        assert_eq!((f.age_s(T), f.age_s(T + 500), f.ttl_s(T)), (4, 5, 55));
        assert_eq!(f.fresh_until_ms(), T + 55_500);
        assert!(f.is_fresh(T + 55_499) && !f.is_fresh(T + 55_500));
        assert_eq!((f.ttl_s(T + 55_500), f.ttl_s(T + 57_500)), (0, -2));
        assert_eq!(f.age_ms(0), 4_500, "a clock that went backwards");
    }
}
