//! A request on its way to an instance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use futures_channel::oneshot;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::handler::{Request, Response};

use super::driver::Shared;
use crate::budget::Stopped;

/// What becomes of a request.
pub(crate) type Answer = Result<Response, wasmtime::Error>;

/// A request, and who waits for its answer.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) seat: Arc<Seat>,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// A request's place among those on their way. The component holds it until it is done with the
/// request, even where the client has long left; the answer's body holds it until its end.
pub(crate) struct Seat {
    _place: OwnedSemaphorePermit,
    instance: OnceLock<Arc<Shared>>,
    /// Nobody waits for the head of the answer any more.
    answered: AtomicBool,
}

/// Why an instance ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// This host stopped it.
    pub(crate) stopped: Option<Stopped>,
    /// It did not answer in time.
    pub(crate) late: bool,
    /// What happened, for the operator.
    pub(crate) cause: String,
}

impl Seat {
    /// In no instance yet.
    pub(crate) fn new(place: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self {
            _place: place,
            instance: OnceLock::new(),
            answered: AtomicBool::new(false),
        })
    }

    /// Whoever waited has the head of the answer, or has left.
    pub(crate) fn set_answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub(super) fn set_instance(&self, instance: Arc<Shared>) {
        // A request enters one instance.
        let _ = self.instance.set(instance);
    }

    /// The request had no answer in time: its instance takes no more.
    pub(crate) fn expire(&self) {
        if let Some(instance) = self.instance.get() {
            instance.set_expired();
        }
    }

    /// Why the instance that the request was in ended. Waits for it to be known.
    pub(crate) async fn ended(&self) -> Option<Ended> {
        self.instance.get()?.ended().await
    }
}
