//! How many requests reached the shop, so that a test can tell a cache hit from a lucky answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// At most so many pairs of method and path are told apart; the rest counts as `other`.
const PATHS_MAX: usize = 20_000;

/// The counts since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    total: AtomicU64,
    connections: AtomicU64,
    by_path: Mutex<HashMap<String, u64>>,
    other: AtomicU64,
    detailed: bool,
}

impl Counts {
    /// Counts by method and path only if `detailed`; the total always.
    pub(crate) fn new(detailed: bool) -> Self {
        Self {
            detailed,
            ..Self::default()
        }
    }

    /// Counts one connection.
    pub(crate) fn connection(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// Counts one request.
    pub(crate) fn request(&self, method: &str, path: &str) {
        self.total.fetch_add(1, Relaxed);
        if !self.detailed {
            return;
        }
        let key = format!("{method} {path}");
        let mut by_path = self.by_path.lock();
        if let Some(count) = by_path.get_mut(&key) {
            *count += 1;
        } else if by_path.len() < PATHS_MAX {
            by_path.insert(key, 1);
        } else {
            self.other.fetch_add(1, Relaxed);
        }
    }

    /// All back to zero.
    pub(crate) fn reset(&self) {
        let mut by_path = self.by_path.lock();
        by_path.clear();
        for count in [&self.total, &self.connections, &self.other] {
            count.store(0, Relaxed);
        }
    }

    /// `{"total", "connections", "other", "by_path": {"GET /products": 3}}`.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "total": self.total.load(Relaxed),
            "connections": self.connections.load(Relaxed),
            "other": self.other.load(Relaxed),
            "by_path": *self.by_path.lock(),
        })
    }
}

/// The outermost layer: counts every request that has a readable head, whatever becomes of it.
/// Reading and resetting the counts does not count.
pub(crate) async fn count(
    State(counts): State<Arc<Counts>>,
    request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let control = matches!(
        (method, path),
        (&Method::GET, "/_test/requests") | (&Method::POST, "/_test/reset")
    );
    if !control {
        counts.request(method.as_str(), path);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_beyond_the_bound_count_as_other() {
        let counts = Counts::new(true);
        for n in 0..PATHS_MAX + 5 {
            counts.request("GET", &format!("/{n}"));
        }
        counts.request("GET", "/0");
        let json = counts.to_json();
        assert_eq!(json["other"], 5);
        assert_eq!(json["by_path"]["GET /0"], 2);
        assert_eq!(json["total"], PATHS_MAX as u64 + 6);
        counts.reset();
        assert_eq!(counts.to_json()["total"], 0);
    }
}
