//! `/_test/cache`: answers with the caching headers that the query asks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::conditional::{etag_listed, uncached};
use crate::extract::Query;
use crate::problem::Problem;
use crate::routes::App;

/// No two answers of this process bear the same number.
static ANSWERS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    cc: Option<String>,
    vary: Option<String>,
    set_cookie: Option<String>,
    /// Without quotes, or whole: `W/"a"`. An If-None-Match that names it gets 304.
    etag: Option<String>,
    age: Option<String>,
    expires: Option<String>,
    last_modified: Option<String>,
    status: Option<u16>,
}

/// `{"counter": n}` with a new number each time, under the headers asked for. The path may go on
/// (`/_test/cache/a/b`) so that tests have as many addresses as they need.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    request: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let counter = ANSWERS.fetch_add(1, Relaxed) + 1;
    let status = StatusCode::from_u16(wanted.status.unwrap_or(200))
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| Problem::bad_request("invalid_status", "The status is 200 to 599."))?;
    let etag = wanted.etag.map(|tag| {
        if tag.ends_with('"') {
            tag
        } else {
            format!("\"{tag}\"")
        }
    });
    let current = etag
        .as_ref()
        .is_some_and(|tag| etag_listed(&request, tag.as_bytes()));
    let mut response = if current {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        uncached(
            status,
            &json!({ "counter": counter, "brand": app.options.brand }),
        )
    };
    // `cc` alone decides; without it there is no Cache-Control at all.
    response.headers_mut().remove(header::CACHE_CONTROL);
    let chosen: [(HeaderName, Option<String>); 7] = [
        (header::CACHE_CONTROL, wanted.cc),
        (header::VARY, wanted.vary),
        (header::SET_COOKIE, wanted.set_cookie),
        (header::ETAG, etag),
        (header::AGE, wanted.age),
        (header::EXPIRES, wanted.expires),
        (header::LAST_MODIFIED, wanted.last_modified),
    ];
    for (name, value) in chosen {
        let Some(value) = value else { continue };
        let value = HeaderValue::try_from(value).map_err(|_| {
            Problem::bad_request("invalid_query", format!("{name} is no header value."))
        })?;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
