//! What comes in of a request's body: how much, and whether it comes quickly enough.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::BodyError;

/// How quickly a client has to send its body.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The longest pause between two reads.
    pub timeout: Duration,
    /// The least rate, once the client was waited for as long as `timeout` in all. 0: none.
    pub bytes_per_s_min: u32,
}

/// Counts a body and times its client. Only the time in which we wait for the client counts: an
/// origin that takes the body slowly is not the client's fault.
pub(crate) struct Intake {
    pace: Pace,
    bytes_max: u64,
    received: Arc<AtomicU64>,
    /// How long the client was waited for, without the wait that goes on.
    waited: Duration,
    since: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Intake {
    /// For a body of which nothing has come yet.
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            bytes_max: u64::MAX,
            received: Arc::default(),
            waited: Duration::ZERO,
            since: None,
            sleep: None,
        }
    }

    /// Sets the most that may come, in bytes.
    pub(crate) fn limit(&mut self, bytes_max: u64) {
        self.bytes_max = bytes_max;
    }

    /// The bytes that came so far; goes on counting.
    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        self.received.clone()
    }

    /// Counts bytes of the body.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] beyond the limit.
    pub(crate) fn count(&self, bytes: usize) -> Result<(), BodyError> {
        let bytes = bytes as u64;
        let received = self.received.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if received > self.bytes_max {
            return Err(BodyError::TooLarge(self.bytes_max));
        }
        Ok(())
    }

    /// The client has sent something.
    pub(crate) fn moved(&mut self) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
    }

    /// To be called where the client owes the next bytes: ready once it is too late.
    pub(crate) fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<BodyError> {
        if self.since.is_none() {
            let now = Instant::now();
            let deadline = now + self.pace.timeout.min(self.credit());
            self.since = Some(now);
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => self.sleep = Some(Box::pin(sleep_until(deadline))),
            }
        }
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(context));
        }
        let paused = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        Poll::Ready(if paused >= self.pace.timeout {
            BodyError::ClientTimeout
        } else {
            BodyError::ClientSlow(self.pace.bytes_per_s_min)
        })
    }

    fn credit(&self) -> Duration {
        self.pace
            .credit(self.received.load(Ordering::Relaxed), self.waited)
    }
}

impl Pace {
    /// How much longer a client may be waited for in all, after it was for `waited` and has sent
    /// `received` bytes: they buy time at the least rate.
    fn credit(self, received: u64, waited: Duration) -> Duration {
        let rate = u64::from(self.bytes_per_s_min);
        match received.saturating_mul(1000).checked_div(rate) {
            Some(bought_ms) => {
                (self.timeout + Duration::from_millis(bought_ms)).saturating_sub(waited)
            }
            None => Duration::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn bytes_buy_time_at_the_least_rate() {
        let pace = Pace {
            timeout: seconds(30),
            bytes_per_s_min: 500,
        };
        assert_eq!(pace.credit(0, Duration::ZERO), seconds(30));
        assert_eq!(pace.credit(1, seconds(29)), Duration::from_millis(1002));
        assert_eq!(pace.credit(1, seconds(31)), Duration::ZERO);
        // Who keeps to the rate keeps its first credit for ever.
        assert_eq!(pace.credit(500_000_000, seconds(1_000_000)), seconds(30));
        let no_rate = Pace {
            bytes_per_s_min: 0,
            ..pace
        };
        assert_eq!(no_rate.credit(0, seconds(u64::MAX)), Duration::MAX);
        assert!(pace.credit(u64::MAX, Duration::ZERO) > seconds(1_000_000_000));
    }

    /// Lets a client send a byte after every `pause`, until it is not waited for any longer.
    async fn end(pace: Pace, pause: Duration) -> BodyError {
        let mut intake = Intake::new(pace);
        loop {
            let late = std::future::poll_fn(|context| intake.poll_late(context));
            if let Ok(error) = tokio::time::timeout(pause, late).await {
                return error;
            }
            intake.moved();
            intake.count(1).expect("no limit");
        }
    }

    #[tokio::test]
    async fn silence_and_a_trickle_end() {
        let pace = Pace {
            timeout: Duration::from_millis(200),
            bytes_per_s_min: 1,
        };
        let silent = end(pace, seconds(60)).await;
        assert!(matches!(silent, BodyError::ClientTimeout), "{silent}");
        let pace = Pace {
            timeout: seconds(2),
            bytes_per_s_min: 100_000,
        };
        let trickle = end(pace, Duration::from_millis(200)).await;
        assert!(
            matches!(trickle, BodyError::ClientSlow(100_000)),
            "{trickle}"
        );
    }

    #[test]
    fn more_than_the_limit_is_too_large() {
        let mut intake = Intake::new(Pace {
            timeout: seconds(1),
            bytes_per_s_min: 0,
        });
        intake.limit(10);
        assert!(intake.count(10).is_ok());
        assert!(matches!(intake.count(1), Err(BodyError::TooLarge(10))));
        assert_eq!(intake.received().load(Ordering::Relaxed), 11);
    }
}
