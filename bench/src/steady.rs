//! Steady callers, whose latency is measured, and crowds that do something else meanwhile.
//!
//! A steady caller has a connection of its own and sends at fixed times, whatever the server does.
//! Latency counts from the sending; where the last answer came too late to send in time, from the
//! time at which it was due, so that a server that stalls is charged for everybody it kept
//! waiting.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use crate::caller::{Caller, Ends};
use crate::load::Outcome;
use crate::process::find_program;
use crate::random::Random;
use crate::requests::RequestSet;

/// What 503 asks for (`Retry-After: 1`), of those who come again as soon as they are answered.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Callers whose answers must all be 200 and come from the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady<'a> {
    /// Whom they call.
    pub(crate) address: SocketAddr,
    /// What they send.
    pub(crate) set: &'a RequestSet,
    /// How many they are.
    pub(crate) callers: usize,
    /// Time from one request of a caller to the next.
    pub(crate) every: Duration,
}

impl Steady<'_> {
    /// Calls for `ramp`, which is not counted, and then for `counted`.
    ///
    /// # Errors
    /// Where an answer does not come, is not 200, or does not come from the cache.
    pub(crate) fn call(&self, ramp: Duration, counted: Duration) -> Result<Outcome> {
        let begun = Instant::now();
        let mut outcome = Outcome {
            elapsed: counted,
            ..Outcome::default()
        };
        thread::scope(|scope| {
            let callers: Vec<_> = (0..self.callers)
                .map(|number| scope.spawn(move || self.one(number, begun, ramp, counted)))
                .collect();
            for caller in callers {
                let one = caller.join().map_err(|_| anyhow!("a caller panicked"))??;
                outcome.requests += one.requests;
                outcome.latencies.merge(&one.latencies);
                for (status, count) in one.statuses {
                    *outcome.statuses.entry(status).or_default() += count;
                }
            }
            outcome.all_ok()
        })?;
        Ok(outcome)
    }

    fn one(
        &self,
        number: usize,
        begun: Instant,
        ramp: Duration,
        counted: Duration,
    ) -> Result<Outcome> {
        let mut caller = Caller::new(self.address);
        caller.connect()?;
        come_first();
        let mut outcome = Outcome::default();
        // Evenly spread over the time from one request to the next.
        let offset = self.every * number as u32 / self.callers.max(1) as u32;
        let first = number * self.set.len() / self.callers.max(1);
        for turn in 0_u32.. {
            let since = offset + self.every * turn;
            if since >= ramp + counted {
                break;
            }
            let due = begun + since;
            let from = if sleep_until(due) {
                Instant::now()
            } else {
                due
            };
            let (head, bytes) = caller.ask(self.set.get(first + turn as usize))?;
            let latency = from.elapsed();
            if since < ramp {
                continue;
            }
            ensure!(
                head.status != 200 || from_cache(bytes),
                "an answer did not come from the cache:\n{}",
                String::from_utf8_lossy(bytes)
            );
            outcome.requests += 1;
            outcome.latencies.add(latency);
            *outcome.statuses.entry(head.status).or_default() += 1;
        }
        Ok(outcome)
    }
}

/// `Cache-Status` (RFC 9211) of a hit.
fn from_cache(head: &[u8]) -> bool {
    head.windows(4).any(|four| four == b";hit")
}

/// False where it is too late for that already.
fn sleep_until(due: Instant) -> bool {
    let left = due.saturating_duration_since(Instant::now());
    thread::sleep(left);
    !left.is_zero()
}

/// Whether callers may come before everything else on their core, see [`come_first`].
pub(crate) fn may_come_first() -> bool {
    thread::spawn(come_first).join().unwrap_or(false)
}

/// Lets this thread run as soon as it is woken: callers stand for other machines, which do not
/// wait for what the server is at. Needs the right to do so.
fn come_first() -> bool {
    let Some(chrt) = find_program("chrt") else {
        return false;
    };
    let thread = rustix::thread::gettid().as_raw_nonzero().to_string();
    Command::new(chrt)
        .args(["--fifo", "--pid", "1", &thread])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Others, who do not wait for the measured ones.
pub(crate) struct Crowd {
    /// Whom they call.
    pub(crate) address: SocketAddr,
    /// How many they are, each with a connection.
    pub(crate) callers: usize,
    /// Time from one request of a caller to the next; `None`: as soon as the last is answered,
    /// or a second after a 503.
    pub(crate) every: Option<Duration>,
    /// The request number so-and-so.
    pub(crate) request: Arc<dyn Fn(usize) -> Vec<u8> + Send + Sync>,
}

/// A crowd at work, until it is ended.
pub(crate) struct Calling {
    ends: Arc<Ends>,
    threads: Vec<JoinHandle<BTreeMap<u16, u64>>>,
}

impl Crowd {
    /// Lets them begin, at times of chance.
    ///
    /// # Errors
    /// Where a thread does not start.
    pub(crate) fn begin(self) -> Result<Calling> {
        let ends = Arc::new(Ends::default());
        let mut random = Random::new(self.callers as u64);
        let crowd = Arc::new(self);
        let mut threads = Vec::with_capacity(crowd.callers);
        for number in 0..crowd.callers {
            let every = crowd.every.unwrap_or_default();
            let offset = every * random.below(1_000) as u32 / 1_000;
            let (crowd, ends) = (crowd.clone(), ends.clone());
            let thread = thread::Builder::new().stack_size(128 * 1024);
            let run = move || crowd.one(number, offset, &ends);
            threads.push(thread.spawn(run).context("a caller does not start")?);
        }
        Ok(Calling { ends, threads })
    }

    /// Answers by status; 0 for those that did not come.
    fn one(&self, number: usize, offset: Duration, ends: &Ends) -> BTreeMap<u16, u64> {
        let mut statuses = BTreeMap::new();
        let mut caller = Caller::new(self.address).ended_by(ends, number);
        let mut due = Instant::now() + offset;
        for turn in 0.. {
            sleep_until(due);
            if ends.ended() {
                break;
            }
            let request = (self.request)(number + turn * self.callers);
            let status = caller.ask(&request).map_or(0, |(head, _)| head.status);
            if ends.ended() {
                // Broken off by us.
                break;
            }
            *statuses.entry(status).or_default() += 1;
            due = match self.every {
                Some(every) => due + every,
                None if status == 200 => due,
                None => Instant::now() + RETRY_AFTER,
            };
        }
        statuses
    }
}

impl Calling {
    /// Ends it; answers by status, 0 for those that did not come.
    ///
    /// # Errors
    /// Where a caller panicked.
    pub(crate) fn end(self) -> Result<BTreeMap<u16, u64>> {
        self.ends.end();
        let mut all = BTreeMap::new();
        for thread in self.threads {
            let statuses = thread.join().map_err(|_| anyhow!("a caller panicked"))?;
            for (status, count) in statuses {
                *all.entry(status).or_default() += count;
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::tests::server;

    #[test]
    fn a_crowd_calls_until_it_is_ended() {
        let crowd = Crowd {
            address: server(),
            callers: 3,
            every: Some(Duration::from_millis(5)),
            request: Arc::new(|number| if number == 1 { b"quit" } else { b"ping" }.to_vec()),
        };
        let calling = crowd.begin().unwrap();
        thread::sleep(Duration::from_millis(100));
        let statuses = calling.end().unwrap();
        assert_eq!(statuses.get(&0), Some(&1), "{statuses:?}");
        assert!(statuses.get(&200).is_some_and(|count| *count > 3));
    }

    #[test]
    fn who_gets_no_answer_is_broken_off() {
        let crowd = Crowd {
            address: server(),
            callers: 2,
            every: None,
            request: Arc::new(|_| b"wait".to_vec()),
        };
        let calling = crowd.begin().unwrap();
        assert_eq!(calling.end().unwrap(), BTreeMap::new());
    }

    #[test]
    fn an_answer_that_does_not_come_from_the_cache_is_an_error() {
        let set = RequestSet::single(b"ping".to_vec());
        let steady = Steady {
            address: server(),
            set: &set,
            callers: 2,
            every: Duration::from_millis(1),
        };
        let error = steady.call(Duration::ZERO, Duration::from_millis(20));
        assert!(error.unwrap_err().to_string().contains("from the cache"));
    }
}
