//! Instances at work: when one is made, how many requests it takes, when it ends, and what its
//! end tells the requests that were in it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut, WasmBacktrace};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

use super::app::App;
use super::budget::{Meter, Stopped};
use super::component::{Given, Runner};
use super::instance::{InstanceState, new_store};
use super::outbound::Hooks;
use crate::sandbox::Sandbox;

/// Why an instance ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    /// This host stopped it.
    pub stopped: Option<Stopped>,
    /// What happened, for the operator.
    pub cause: String,
}

/// A request in an instance.
pub(super) struct Seat {
    /// Told why the instance ended.
    pub(super) ended: oneshot::Sender<Ended>,
    /// Its place among those on their way, held until the component is done with it, even where
    /// the client has long left.
    pub(super) place: Arc<OwnedSemaphorePermit>,
}

/// Every place for an instance is taken.
#[derive(Debug, thiserror::Error)]
#[error("instances_max is reached")]
pub(super) struct NoPlace;

/// Makes the instances of one component.
pub(super) struct Worker {
    pub(super) sandbox: Sandbox,
    pub(super) pre: ProxyPre<InstanceState>,
    pub(super) given: Arc<Given>,
    /// The app that it belongs to, for service chaining.
    pub(super) app: Arc<OnceLock<Weak<App>>>,
    pub(super) places: Arc<Semaphore>,
    /// Told when a place becomes free.
    pub(super) freed: Arc<Notify>,
    pub(super) concurrent: bool,
    /// The component behind a middleware.
    pub(super) next: Option<Arc<Runner>>,
}

/// A place for an instance.
struct Place {
    _permit: OwnedSemaphorePermit,
    freed: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.freed.notify_one();
    }
}

impl HandlerState for Worker {
    type StoreData = InstanceState;
    type WorkerExpiration = Expiration;
    type WorkerState = Running;

    async fn instantiate(&self) -> wasmtime::Result<Instance<InstanceState, Expiration, Running>> {
        let settings = &self.given.settings;
        // Not waited for: another instance may be free sooner than a place is.
        let permit = self.places.clone().try_acquire_owned();
        let place = Place {
            _permit: permit.map_err(|_| NoPlace)?,
            freed: self.freed.clone(),
        };
        let app = self.app.get().cloned().unwrap_or_default();
        let hooks = Hooks::new(self.given.clone(), app, self.next.clone());
        let mut store = new_store(&self.sandbox, &self.given, hooks)?;
        let made = tokio::time::timeout(settings.timeout, self.pre.instantiate_async(&mut store));
        let proxy = match made.await {
            Ok(Ok(proxy)) => proxy,
            Ok(Err(error)) => return Err(error.context(store.data().stderr.tail())),
            Err(_) => wasmtime::bail!("the component did not start in time"),
        };
        let meter = store.data().meter.clone();
        let requests = Arc::<Requests>::default();
        let default = if self.concurrent { 1_000 } else { 1 };
        let reused = settings.requests_per_instance_max.unwrap_or(default);
        Ok(Instance {
            store,
            proxy,
            view: InstanceState::http,
            expiration: Expiration {
                meter,
                requests: requests.clone(),
                idle: settings.idle_timeout,
                request: settings.timeout,
                stream: settings.stream_timeout,
                sleep: None,
            },
            state: Running {
                _place: place,
                requests_max: usize::try_from(reused).unwrap_or(usize::MAX),
                concurrent_max: if self.concurrent {
                    usize::try_from(settings.concurrent_requests_max).unwrap_or(usize::MAX)
                } else {
                    1
                },
                timeout: settings.timeout,
                requests,
            },
        })
    }
}

/// How long an instance goes on in which a request had no answer in time, once it has no other.
const GRACE: Duration = Duration::from_secs(1);

/// The requests of an instance.
#[derive(Default)]
struct Requests {
    /// Those whose answer has not begun are told why the instance ended.
    seats: Mutex<Vec<oneshot::Sender<Ended>>>,
    /// One had no answer in time. The instance takes no more.
    expired: AtomicBool,
}

impl Requests {
    /// Whether a client waits for the head of an answer.
    fn any_unanswered(&self) -> bool {
        self.seats.lock().iter().any(|seat| !seat.is_closed())
    }
}

/// When an instance ends by itself.
pub(super) struct Expiration {
    meter: Arc<Meter>,
    requests: Arc<Requests>,
    idle: Duration,
    request: Duration,
    stream: Duration,
    sleep: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl WorkerExpiration for Expiration {
    /// Polled whenever the worker has nothing more to do at the moment.
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        self.meter.poll_ended();
        let time = match status {
            WorkerStatus::Idle => self.idle,
            // One that does not answer is told by `on_request_start`; this is for those that do
            // not even let the instance look.
            WorkerStatus::Requests if self.requests.any_unanswered() => self.request + GRACE,
            WorkerStatus::PostReturn if self.requests.expired.load(Ordering::Relaxed) => GRACE,
            // The answers have begun. One of WASI 0.2 counts as a request until its end.
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.stream,
        };
        let deadline = start + time;
        let this = &mut *self;
        match &mut this.sleep {
            Some((at, _)) if *at == deadline => {}
            Some((at, sleep)) => {
                *at = deadline;
                sleep.as_mut().reset(deadline.into());
            }
            None => {
                let sleep = Box::pin(tokio::time::sleep_until(deadline.into()));
                this.sleep = Some((deadline, sleep));
            }
        }
        match &mut this.sleep {
            Some((_, sleep)) => sleep.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

/// An instance that takes requests.
pub(super) struct Running {
    _place: Place,
    requests_max: usize,
    concurrent_max: usize,
    timeout: Duration,
    requests: Arc<Requests>,
}

impl WorkerState for Running {
    type StoreData = InstanceState;
    type RequestData = Seat;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.requests_max {
            ShouldAccept::Never
        } else if concurrent >= self.concurrent_max {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, InstanceState>,
        seat: Seat,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let mut seats = self.requests.seats.lock();
        // Whoever has its answer does not listen any more.
        seats.retain(|seat| !seat.is_closed());
        seats.push(seat.ended);
        let (place, sleep) = (seat.place, tokio::time::sleep(self.timeout));
        let requests = self.requests.clone();
        Box::pin(async move {
            let _place = place;
            sleep.await;
            requests.expired.store(true, Ordering::Relaxed);
        })
    }

    fn drop(&self, store: Store<InstanceState>, result: Result<(), wasmtime::Error>) {
        let Err(error) = result else {
            return;
        };
        let state = store.data();
        let said = state.stderr.tail();
        // Without the stack, which is longer than a record has room for.
        let mut cause = error.root_cause().to_string();
        if !said.is_empty() {
            cause.push_str("; it said: ");
            cause.push_str(&said);
        }
        let stack = error.downcast_ref::<WasmBacktrace>();
        let stack = stack.map(ToString::to_string);
        tracing::warn!(
            component = &*state.given.id,
            cause,
            stack,
            "an instance ended"
        );
        let ended = Ended {
            stopped: state.meter.stopped(),
            cause,
        };
        for seat in self.requests.seats.lock().drain(..) {
            let _ = seat.send(ended.clone());
        }
    }
}
