//! Answers that misbehave on request, for end-to-end tests and benchmarks: `/_test/` and the fault listener.

mod bodies;
mod cache;
mod echo;
pub(crate) mod faults;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get, post};

use crate::conditional::uncached;
use crate::routes::App;

/// The routes under `/_test/`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/_test/requests", get(requests))
        .route("/_test/reset", post(reset))
        .route("/_test/bytes/{n}", get(bodies::bytes))
        .route("/_test/truncate", get(bodies::truncate))
        .route("/_test/trailers", get(bodies::trailers))
        .route("/_test/slow", any(echo::slow))
        .route("/_test/status/{code}", any(echo::status))
        .route("/_test/headers", any(echo::headers))
        .route("/_test/headers/{*rest}", any(echo::headers))
        .route("/_test/cache", any(cache::answer))
        .route("/_test/cache/{*rest}", any(cache::answer))
        .route(
            "/_test/echo",
            any(echo::echo).layer(DefaultBodyLimit::disable()),
        )
}

async fn requests(State(app): State<Arc<App>>) -> Response {
    uncached(StatusCode::OK, &app.counts.to_json())
}

async fn reset(State(app): State<Arc<App>>) -> StatusCode {
    app.counts.reset();
    StatusCode::NO_CONTENT
}
