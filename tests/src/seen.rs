//! The answers that the clients of a test have read, to be held against the records.

use std::sync::{Arc, Mutex};

use crate::records::Records;
use crate::response::Response;
use crate::wait::until;

/// Collects (request id, status) of every final answer; `None` where an answer had no id.
#[derive(Clone, Default)]
pub struct Seen {
    answers: Option<Arc<Mutex<Vec<Answered>>>>,
    stored_before: Option<Records>,
}

/// Request id and status of an answer.
pub type Answered = (Option<String>, u16);

impl Seen {
    /// Collects.
    #[must_use]
    pub fn new() -> Self {
        Self {
            answers: Some(Arc::default()),
            stored_before: None,
        }
    }

    /// Collects, and waits after each answer that is stored until it is: until its record is
    /// written. For a gate that stores an answer after it has been sent.
    #[must_use]
    pub fn stored_before_the_record(records: Records) -> Self {
        Self {
            stored_before: Some(records),
            ..Self::new()
        }
    }

    /// For answers that do not come through the gate.
    #[must_use]
    pub fn ignored() -> Self {
        Self::default()
    }

    /// Notes an answer.
    pub fn note(&self, response: &Response) {
        let Some(list) = &self.answers else { return };
        let id = response.header("x-request-id").map(str::to_owned);
        if let (Some(records), Some(id)) = (&self.stored_before, &id)
            && response.header_all("cache-status").contains(";stored")
        {
            until(&format!("{id} to be stored"), || {
                let records = records.all();
                records
                    .iter()
                    .any(|record| record["id"] == **id)
                    .then_some(())
            });
        }
        list.lock()
            .expect("no client panics here")
            .push((id, response.status));
    }

    /// All so far.
    #[must_use]
    pub fn all(&self) -> Vec<Answered> {
        let list = self.answers.as_ref();
        list.map(|list| list.lock().expect("no client panics here").clone())
            .unwrap_or_default()
    }
}
