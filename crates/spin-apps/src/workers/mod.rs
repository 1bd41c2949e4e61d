//! The instances of one component: which of them takes a request, when one is made, how long one
//! without requests is kept.
//!
//! ```text
//! asked.rs     a request on its way to an instance
//! make.rs      an instance is made
//! requests.rs  the requests in an instance: its part inside of the component's event loop
//! driver.rs    an instance as a future, and what it tells those who poll it
//! busy.rs      one that waits for something, as a task: other requests join it
//! ```
//! An instance without requests is driven by the task of the request that it gets next, in the
//! place of the call: the usual request is answered in one poll, without another task, thread or
//! timer. Only an instance that waits for something becomes a task.

mod asked;
mod busy;
mod driver;
mod make;
mod requests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use parking_lot::Mutex;
use wasmtime_wasi_http::handler::ProxyPre;

pub(super) use asked::{Asked, Ended, Seat};
use driver::{Driver, Polled, Shared};

use super::app::App;
use super::component::{Given, Runner};
use super::instance::InstanceState;
use lockgate_sandbox::Sandbox;

/// What the instances of a component are made of.
pub(super) struct Workshop {
    pub(super) sandbox: Sandbox,
    pub(super) pre: ProxyPre<InstanceState>,
    pub(super) given: Arc<Given>,
    /// The app that it belongs to, for service chaining.
    pub(super) app: Arc<OnceLock<Weak<App>>>,
    /// It answers several requests at once: WASI 0.3.
    pub(super) concurrent: bool,
    /// The component behind a middleware.
    pub(super) next: Option<Arc<Runner>>,
}

/// The instances of one component.
pub(super) struct Workers {
    pub(super) workshop: Workshop,
    state: Mutex<State>,
    queue: Arc<Queue>,
    own: Weak<Self>,
}

#[derive(Default)]
struct State {
    /// Instances without a request and since when, the one used last at the end.
    idle: Vec<(Driver, Instant)>,
    /// Instances that wait for something and have room for another request.
    with_room: Vec<Arc<Shared>>,
    /// Instances in all, those that are being made among them.
    count: usize,
    /// Somebody looks after `idle`.
    reaped: bool,
}

/// Requests that no instance has room for yet. Their places bound it.
#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Asked>>,
    length: AtomicUsize,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }

    fn push(&self, asked: Asked) {
        let mut waiting = self.waiting.lock();
        waiting.push_back(asked);
        self.length.store(waiting.len(), Ordering::Release);
    }

    /// The next whose client has not left.
    fn pop(&self) -> Option<Asked> {
        if self.is_empty() {
            return None;
        }
        let mut waiting = self.waiting.lock();
        let found = loop {
            match waiting.pop_front() {
                Some(asked) if asked.answer.is_canceled() => {}
                other => break other,
            }
        };
        self.length.store(waiting.len(), Ordering::Release);
        found
    }
}

/// Where a request goes.
enum Goes {
    /// Into an instance without requests.
    Idle(Driver, Asked),
    /// Into one that is still to be made.
    New(Place, Asked),
    /// It waits for an instance with room.
    Queue,
}

/// A place for an instance.
struct Place(Weak<Workers>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(workers) = self.0.upgrade() {
            workers.state.lock().count -= 1;
            workers.serve_queue();
        }
    }
}

impl Workers {
    /// No instance yet.
    pub(super) fn new(workshop: Workshop) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            workshop,
            state: Mutex::default(),
            queue: Arc::default(),
            own: own.clone(),
        })
    }

    /// Gives a request to an instance and waits for the head of its answer.
    ///
    /// # Errors
    /// What the component or its instance said; [`oneshot::Canceled`] where the instance ended:
    /// then the seat knows more.
    pub(super) async fn ask(
        &self,
        asked: Asked,
        answer: oneshot::Receiver<asked::Answer>,
    ) -> asked::Answer {
        match self.dispatch(asked) {
            Goes::Idle(driver, asked) => self.enter(driver, asked),
            Goes::New(place, asked) => {
                let driver = self.make(place).await?;
                self.enter(driver, asked);
            }
            Goes::Queue => {}
        }
        answer.await?
    }

    fn dispatch(&self, asked: Asked) -> Goes {
        let mut state = self.state.lock();
        if let Some((driver, _)) = state.idle.pop() {
            return Goes::Idle(driver, asked);
        }
        if let Some(shared) = state.with_room.pop() {
            self.queue.push(asked);
            drop(state);
            shared.wake();
            return Goes::Queue;
        }
        match self.place(&mut state) {
            Some(place) => Goes::New(place, asked),
            None => {
                self.queue.push(asked);
                Goes::Queue
            }
        }
    }

    fn place(&self, state: &mut State) -> Option<Place> {
        let max = usize::try_from(self.workshop.given.settings.instances_max).unwrap_or(1);
        (state.count < max).then(|| {
            state.count += 1;
            Place(self.own.clone())
        })
    }

    /// Runs the instance where the request is, until it waits for something.
    fn enter(&self, mut driver: Driver, asked: Asked) {
        driver.hand(asked);
        if driver::is_inside() {
            // A component asks another: instances are not polled inside of each other, which
            // would need as much stack as the chain is long.
            return self.spawn(driver);
        }
        match driver.poll_in_place() {
            Polled::Idle => self.park(driver),
            Polled::Waits => {
                // Listed before its task runs: the next request of the same client may come while
                // that is still in the poll that answered this one.
                if driver.shared.would_take() {
                    self.state.lock().list(&driver.shared);
                }
                self.spawn(driver);
            }
            Polled::Yields => self.spawn(driver),
            Polled::Ended(result) => driver.end(result),
        }
    }

    /// Keeps an instance for the next request.
    fn park(&self, driver: Driver) {
        let mut state = self.state.lock();
        if !self.queue.is_empty() {
            drop(state);
            return self.spawn(driver);
        }
        state.idle.push((driver, Instant::now()));
        if !std::mem::replace(&mut state.reaped, true) {
            tokio::spawn(reap(
                self.own.clone(),
                self.workshop.given.settings.idle_timeout,
            ));
        }
    }

    fn spawn(&self, driver: Driver) {
        tokio::spawn(busy::drive(self.own.clone(), driver));
    }

    /// Finds somebody for the first request that waits.
    fn serve_queue(&self) {
        if self.queue.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        if let Some(shared) = state.with_room.pop() {
            drop(state);
            return shared.wake();
        }
        if let Some((driver, _)) = state.idle.pop() {
            drop(state);
            return self.spawn(driver);
        }
        if let Some(place) = self.place(&mut state) {
            drop(state);
            tokio::spawn(make_for_queue(self.own.clone(), place));
        }
    }
}

/// Makes an instance for requests that wait.
async fn make_for_queue(workers: Weak<Workers>, place: Place) {
    let Some(workers) = workers.upgrade() else {
        return;
    };
    match workers.make(place).await {
        Ok(driver) => workers.spawn(driver),
        Err(error) => {
            // With its place another is tried for the next, if there is one.
            if let Some(asked) = workers.queue.pop() {
                let _ = asked.answer.send(Err(error));
            }
            workers.serve_queue();
        }
    }
}

/// Ends instances that had no request for `idle_timeout`.
async fn reap(workers: Weak<Workers>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout / 2).await;
        let Some(workers) = workers.upgrade() else {
            return;
        };
        let mut state = workers.state.lock();
        let kept = |(_, since): &(Driver, Instant)| since.elapsed() < idle_timeout;
        let ended = state.idle.iter().take_while(|idle| !kept(idle)).count();
        let ended: Vec<_> = state.idle.drain(..ended).collect();
        let done = state.idle.is_empty();
        state.reaped = !done;
        drop(state);
        drop(ended);
        if done {
            return;
        }
    }
}
