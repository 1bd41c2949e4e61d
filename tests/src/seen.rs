//! The answers that the clients of a test have read, to be held against the records.

use std::sync::{Arc, Mutex};

use crate::response::Response;

/// Collects (request id, status) of every final answer; `None` where an answer had no id.
#[derive(Clone, Default)]
pub struct Seen(Option<Arc<Mutex<Vec<Answered>>>>);

/// Request id and status of an answer.
pub type Answered = (Option<String>, u16);

impl Seen {
    /// Collects.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// For answers that do not come through the gate.
    #[must_use]
    pub fn ignored() -> Self {
        Self(None)
    }

    /// Notes an answer.
    pub fn note(&self, response: &Response) {
        if let Some(list) = &self.0 {
            let id = response.header("x-request-id").map(str::to_owned);
            list.lock()
                .expect("no client panics here")
                .push((id, response.status));
        }
    }

    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<Answered> {
        let list = self.0.as_ref();
        list.map(|list| list.lock().expect("no client panics here").clone())
            .unwrap_or_default()
    }
}
