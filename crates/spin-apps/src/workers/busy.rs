//! An instance that waits for something, as a task of its own. Other requests join it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::driver::{Driver, Polled, Shared, Status};
use super::{State, Workers};

/// How long an instance goes on in which a request had no answer in time, once it has no other.
const GRACE: Duration = Duration::from_secs(1);

/// How a busy instance came to rest.
enum Rest {
    Idle,
    Ended(wasmtime::Result<()>),
    Late,
}

/// Drives the instance until it has nothing to do.
pub(super) async fn drive(workers: Weak<Workers>, mut driver: Driver) {
    let mut deadline = Deadline::default();
    let mut sleep = pin!(sleep_until(Instant::now() + GRACE));
    let rest = poll_fn(|context| {
        // Noted first: who wakes it from now on is heard.
        driver.shared.set_waker(context.waker());
        loop {
            match driver.poll(context) {
                Polled::Ended(result) => return Poll::Ready(Rest::Ended(result)),
                Polled::Idle => return Poll::Ready(Rest::Idle),
                Polled::Waits | Polled::Yields => {}
            }
            if deadline.has_passed(&driver.shared, sleep.as_mut(), context) {
                return Poll::Ready(Rest::Late);
            }
            let Some(workers) = workers.upgrade() else {
                return Poll::Pending;
            };
            if !driver.shared.would_take() {
                // Whoever woke it for a request in the queue has to find another.
                workers.serve_queue();
                return Poll::Pending;
            }
            let mut state = workers.state.lock();
            if workers.queue.is_empty() {
                state.list(&driver.shared);
                return Poll::Pending;
            }
        }
    })
    .await;
    if let Some(workers) = workers.upgrade() {
        workers.state.lock().unlist(&driver.shared);
    }
    match rest {
        Rest::Idle => {
            if let Some(workers) = driver.workers() {
                workers.park(driver);
            }
        }
        Rest::Ended(result) => driver.end(result),
        Rest::Late => driver.stop_late(),
    }
}

impl State {
    pub(super) fn list(&mut self, shared: &Arc<Shared>) {
        if !self.is_listed(shared) {
            self.with_room.push(shared.clone());
        }
    }

    fn unlist(&mut self, shared: &Arc<Shared>) {
        self.with_room.retain(|other| !Arc::ptr_eq(other, shared));
    }

    fn is_listed(&self, shared: &Arc<Shared>) -> bool {
        let mut listed = self.with_room.iter();
        listed.any(|other| Arc::ptr_eq(other, shared))
    }
}

/// When an instance is stopped that does not come to rest.
#[derive(Default)]
struct Deadline {
    /// The status, the requests taken so far, and since when.
    seen: Option<(Status, u64, Instant)>,
}

impl Deadline {
    fn has_passed(
        &mut self,
        shared: &Shared,
        mut sleep: std::pin::Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> bool {
        loop {
            let at = self.at(shared);
            if sleep.deadline() != at {
                sleep.as_mut().reset(at);
            }
            if sleep.as_mut().poll(context).is_pending() {
                return false;
            }
            // It may have been answered meanwhile, which wakes nobody.
            if self.at(shared) <= Instant::now() {
                return true;
            }
        }
    }

    fn at(&mut self, shared: &Shared) -> Instant {
        let (status, entered) = (shared.status(), shared.entered());
        let since = match self.seen {
            Some((seen_status, seen_entered, since))
                if seen_status == status && seen_entered == entered =>
            {
                since
            }
            _ => {
                let now = Instant::now();
                self.seen = Some((status, entered, now));
                now
            }
        };
        let bounds = &shared.bounds;
        let time = match status {
            Status::Requests if shared.any_unanswered() || shared.is_expired() => {
                bounds.timeout + GRACE
            }
            Status::AfterReturn if shared.is_expired() => GRACE,
            // The answers have begun.
            _ => bounds.stream_timeout,
        };
        since + time
    }
}
