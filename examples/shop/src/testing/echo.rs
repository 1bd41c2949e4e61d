//! Answers that tell what reached the shop: heads, bodies, chosen codes and delays.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::conditional::uncached;
use crate::extract::{Path, Query};
use crate::listener::Received;
use crate::problem::Problem;
use crate::routes::App;

const DELAY_MS_MAX: u64 = 600_000;

#[derive(Debug, Deserialize)]
pub(super) struct Delay {
    ms: u64,
}

/// Answers after `ms` milliseconds.
pub(super) async fn slow(Query(Delay { ms }): Query<Delay>) -> Result<Response, Problem> {
    if ms > DELAY_MS_MAX {
        let detail = format!("ms is at most {DELAY_MS_MAX}.");
        return Err(Problem::bad_request("invalid_query", detail));
    }
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Ok(uncached(StatusCode::OK, &json!({ "slept_ms": ms })))
}

/// Answers with this status, 200 to 599.
pub(super) async fn status(Path(code): Path<u16>) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(code)
        .ok()
        .filter(|code| (200..600).contains(&code.as_u16()));
    let status = status
        .ok_or_else(|| Problem::bad_request("invalid_status", "The status is 200 to 599."))?;
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    Ok(if bodiless {
        status.into_response()
    } else {
        uncached(status, &json!({ "status": code }))
    })
}

/// The received head: `{"method", "target", "headers": [["Name", "value"], ...], "exact"}`.
/// `exact` says that names have their case and the list its order as on the wire; without it the
/// names are in lower case. Bytes that are not UTF-8 appear as U+FFFD.
pub(super) async fn headers(
    State(app): State<Arc<App>>,
    ConnectInfo(received): ConnectInfo<Received>,
    request: Request,
) -> Response {
    let method = request.method().as_str();
    let target = request.uri().to_string();
    let raw = received.head(method, &target);
    let exact = raw.is_some();
    let headers: Vec<Value> = match raw {
        Some(head) => wire_headers(&head),
        None => request
            .headers()
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
            .collect(),
    };
    let body = json!({
        "method": method,
        "target": target,
        "headers": headers,
        "exact": exact,
        "brand": app.options.brand,
    });
    uncached(StatusCode::OK, &body)
}

fn wire_headers(head: &[u8]) -> Vec<Value> {
    head.split(|byte| *byte == b'\n')
        .skip(1)
        .map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let colon = line
                .iter()
                .position(|byte| *byte == b':')
                .unwrap_or(line.len());
            let (name, rest) = line.split_at(colon);
            let value = rest.get(1..).unwrap_or_default().trim_ascii();
            json!([
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            ])
        })
        .collect()
}

/// Sends the body back as it comes, under its own Content-Type and, if known, Content-Length.
pub(super) async fn echo(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Body::new(body));
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        if let Some(value) = parts.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
