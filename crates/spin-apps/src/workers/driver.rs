//! An instance as a future, and what it and those who poll it tell each other.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use wasmtime::WasmBacktrace;

use super::asked::{Asked, Ended, Seat};
use super::{Place, Workers};
use crate::budget::Meter;
use crate::output::Output;

/// What an instance is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It has no request, and nothing to do after one.
    Idle,
    /// It has requests that it has not answered; one of WASI 0.2 counts until its end.
    Requests,
    /// All requests are answered; the component still works for one.
    AfterReturn,
}

/// How many requests an instance takes, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) requests_max: usize,
    pub(super) concurrent_max: usize,
    /// From a request to the head of its answer.
    pub(super) timeout: Duration,
    /// From the head to the end of all that is done for it.
    pub(super) stream_timeout: Duration,
}

/// What an instance and those who poll it tell each other.
pub(crate) struct Shared {
    pub(super) bounds: Bounds,
    meter: Arc<Meter>,
    stderr: Output,
    component: Arc<str>,
    /// A request for this instance and no other.
    handed: Mutex<Option<Asked>>,
    /// The requests in it.
    seats: Mutex<Vec<Arc<Seat>>>,
    /// Requests that it has taken so far.
    entered: AtomicU64,
    status: AtomicU8,
    /// It would take another request.
    takes: AtomicBool,
    /// It has looked for requests in this poll. It does not where a call of the component blocks
    /// the whole instance until the host is done with it.
    looked: AtomicBool,
    /// It took a request and has not waited since: it may be computing, so that another request
    /// is served sooner elsewhere.
    fresh: AtomicBool,
    /// One had no answer in time. The instance takes no more.
    expired: AtomicBool,
    /// Of the task that drives it.
    waker: Mutex<Option<Waker>>,
    ended: OnceLock<Ended>,
    has_ended: Notify,
}

impl Shared {
    pub(super) fn new(
        meter: Arc<Meter>,
        stderr: Output,
        component: Arc<str>,
        bounds: Bounds,
    ) -> Self {
        Self {
            bounds,
            meter,
            stderr,
            component,
            handed: Mutex::default(),
            seats: Mutex::default(),
            entered: AtomicU64::new(0),
            status: AtomicU8::new(Status::Idle as u8),
            takes: AtomicBool::new(true),
            looked: AtomicBool::new(false),
            fresh: AtomicBool::new(false),
            expired: AtomicBool::new(false),
            waker: Mutex::default(),
            ended: OnceLock::new(),
            has_ended: Notify::new(),
        }
    }

    /// The request that was meant for this instance.
    pub(super) fn handed(&self) -> Option<Asked> {
        self.handed.lock().take()
    }

    /// A request comes into the instance.
    pub(super) fn enter(self: &Arc<Self>, seat: &Arc<Seat>) {
        seat.set_instance(self.clone());
        self.seats.lock().push(seat.clone());
        self.entered.fetch_add(1, Ordering::Relaxed);
        self.fresh.store(true, Ordering::Relaxed);
    }

    /// A request was answered.
    pub(super) fn leave(&self, seat: &Arc<Seat>) {
        let mut seats = self.seats.lock();
        if let Some(at) = seats.iter().position(|other| Arc::ptr_eq(other, seat)) {
            seats.swap_remove(at);
        }
    }

    /// Whether a request should join `requests` others now.
    pub(super) fn has_room(&self, requests: usize) -> bool {
        requests == 0
            || (requests < self.bounds.concurrent_max && !self.fresh.load(Ordering::Relaxed))
    }

    pub(super) fn set_status(&self, status: Status, takes: bool) {
        self.status.store(status as u8, Ordering::Relaxed);
        self.takes.store(takes, Ordering::Relaxed);
        self.looked.store(true, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> Status {
        match self.status.load(Ordering::Relaxed) {
            0 => Status::Idle,
            1 => Status::Requests,
            _ => Status::AfterReturn,
        }
    }

    /// Whether it would take a request now that it waits.
    pub(super) fn would_take(&self) -> bool {
        self.looked.load(Ordering::Relaxed)
            && self.takes.load(Ordering::Relaxed)
            && !self.is_expired()
            && self.has_room(self.seats.lock().len())
    }

    /// Requests that it has taken so far.
    pub(super) fn entered(&self) -> u64 {
        self.entered.load(Ordering::Relaxed)
    }

    /// Whether a client waits for the head of an answer.
    pub(super) fn any_unanswered(&self) -> bool {
        self.seats.lock().iter().any(|seat| !seat.is_answered())
    }

    pub(super) fn set_expired(&self) {
        self.expired.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// Notes whom [`Shared::wake`] wakes.
    pub(super) fn set_waker(&self, waker: &Waker) {
        let mut own = self.waker.lock();
        match &mut *own {
            Some(own) => own.clone_from(waker),
            None => *own = Some(waker.clone()),
        }
    }

    /// Lets the instance look for requests.
    pub(super) fn wake(&self) {
        let waker = self.waker.lock().clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Why the instance ended, once it has.
    pub(super) async fn ended(&self) -> Option<Ended> {
        let told = self.has_ended.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        if self.ended.get().is_none() {
            told.await;
        }
        self.ended.get().cloned()
    }
}

/// The future of an instance.
pub(super) type Running = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send>>;

/// An instance, to be polled by whoever has a request in it.
pub(super) struct Driver {
    future: Running,
    pub(super) shared: Arc<Shared>,
    place: Place,
    woken: Arc<Woken>,
    /// Tells `woken`.
    waker: Waker,
}

/// Something in the instance can go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// How often an instance is polled in the place of a call before it becomes a task.
const POLLS_MAX: usize = 64;

/// What a poll of an instance gave.
pub(super) enum Polled {
    /// It has nothing to do.
    Idle,
    /// It waits for something.
    Waits,
    /// It computes, and shares its thread.
    Yields,
    /// It is done.
    Ended(wasmtime::Result<()>),
}

thread_local! {
    /// This thread is inside of an instance.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside of an instance.
pub(super) fn is_inside() -> bool {
    INSIDE.get()
}

impl Driver {
    pub(super) fn new(future: Running, shared: Arc<Shared>, place: Place) -> Self {
        let woken = Arc::<Woken>::default();
        Self {
            future,
            shared,
            place,
            waker: woken.clone().into(),
            woken,
        }
    }

    /// Runs the component in the place of a call, until it waits for something else than itself.
    pub(super) fn poll_in_place(&mut self) -> Polled {
        let waker = self.waker.clone();
        let mut context = Context::from_waker(&waker);
        for _ in 0..POLLS_MAX {
            self.woken.0.store(false, Ordering::Relaxed);
            match self.poll(&mut context) {
                // Its parts take turns by waking each other.
                Polled::Waits if self.woken.0.load(Ordering::Acquire) => {}
                polled => return polled,
            }
        }
        Polled::Waits
    }

    /// Gives it a request, which it takes when it is polled.
    pub(super) fn hand(&mut self, asked: Asked) {
        *self.shared.handed.lock() = Some(asked);
    }

    /// Runs the component until it waits.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Polled {
        self.shared.looked.store(false, Ordering::Relaxed);
        INSIDE.set(true);
        let polled = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(context)));
        INSIDE.set(false);
        match polled {
            Ok(Poll::Ready(result)) => Polled::Ended(result),
            // What happened is in the log by the panic's hook.
            Err(_) => Polled::Ended(Err(wasmtime::format_err!("the host panicked"))),
            Ok(Poll::Pending) => {
                if !self.shared.meter.poll_ended() {
                    return Polled::Yields;
                }
                self.shared.fresh.store(false, Ordering::Relaxed);
                match self.shared.status() {
                    Status::Idle => Polled::Idle,
                    Status::Requests | Status::AfterReturn => Polled::Waits,
                }
            }
        }
    }

    /// The instance is done, or is stopped: those who wait for an answer of it are told why.
    pub(super) fn end(self, result: wasmtime::Result<()>) {
        let Self {
            future,
            shared,
            place,
            ..
        } = self;
        if let Err(error) = result {
            shared.tell(&error, false);
        }
        // With it the answers that are still waited for: their seats tell why.
        drop(future);
        let handed = shared.handed();
        if let (Some(asked), Some(workers)) = (handed, place.0.upgrade()) {
            // It never came in.
            workers.queue.push(asked);
        }
        // Who waits in the queue may have the place.
        drop(place);
    }

    /// The instance is stopped because an answer of it did not come in time.
    pub(super) fn stop_late(self) {
        let late = wasmtime::format_err!("it did not answer in time");
        self.shared.tell(&late, true);
        self.end(Ok(()));
    }

    /// Of whose component it is an instance.
    pub(super) fn workers(&self) -> Option<Arc<Workers>> {
        self.place.0.upgrade()
    }
}

impl Shared {
    fn tell(&self, error: &wasmtime::Error, late: bool) {
        let said = self.stderr.tail();
        // Without the stack, which is longer than a record has room for.
        let mut cause = error.root_cause().to_string();
        if !said.is_empty() {
            cause.push_str("; it said: ");
            cause.push_str(&said);
        }
        let stack = error.downcast_ref::<WasmBacktrace>();
        let stack = stack.map(ToString::to_string);
        tracing::warn!(
            component = &*self.component,
            cause,
            stack,
            "an instance ended"
        );
        let _ = self.ended.set(Ended {
            stopped: self.meter.stopped(),
            late,
            cause,
        });
        self.has_ended.notify_waiters();
    }
}
