//! The admin server: health, readiness, metrics and version, and the API for rules, on an address of its own.
//!
//! Whoever reaches the address may read all of the first four, so it belongs on loopback or a private
//! network. The API for rules asks for a token ([`rules`]), and so does why a request was refused ([`explain`]);
//! nothing else here changes the gate.

mod body;
mod explain;
mod rules;
mod scraped;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use scraped::Scraped;

use crate::gate::Gate;
use crate::versions::Versions;

/// Most connections at once; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// From the last answer to the end of the next head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest life of a connection: none holds its place for ever.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
/// Largest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Waited after a failed accept, which is usually a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The exposition format of OpenMetrics 1.0, which Prometheus reads.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves `/livez`, `/readyz`, `/metrics` and `/version` for as long as it is polled, while the
/// gate drains too. `traps` counts failed policy calls.
/// `versions`: those of the rules, where they are kept; their API is below `/rules/`.
pub async fn serve(
    listener: TcpListener,
    gate: Arc<Gate>,
    traps: Arc<AtomicU64>,
    versions: Option<Arc<Versions>>,
) {
    let live = Live {
        gate,
        traps,
        versions,
    };
    serve_view(listener, Arc::new(live)).await;
}

/// What the answers are made of.
trait View: Send + Sync + 'static {
    fn is_draining(&self) -> bool;
    fn metrics(&self) -> String;
    fn version(&self) -> Value;
    /// The versions of the rules, where they are kept.
    fn rules(&self) -> Option<Arc<Versions>> {
        None
    }
    /// The gate whose requests are explained.
    fn gate(&self) -> Option<&Arc<Gate>> {
        None
    }
}

struct Live {
    gate: Arc<Gate>,
    traps: Arc<AtomicU64>,
    versions: Option<Arc<Versions>>,
}

impl View for Live {
    fn is_draining(&self) -> bool {
        self.gate.is_leaving()
    }

    fn metrics(&self) -> String {
        let gate = &self.gate;
        let mut now = Scraped {
            counters: vec![
                (
                    "records_lost",
                    "Records dropped because the buffer was full",
                    gate.records().lost(),
                ),
                (
                    "record_write_errors",
                    "Failed writes of records",
                    gate.records().write_errors(),
                ),
                (
                    "policy_traps",
                    "Policy calls that trapped or were stopped",
                    self.traps.load(Ordering::Relaxed),
                ),
                (
                    "limit_cells_evicted",
                    "Limit counters that gave way before they had run down",
                    gate.cells.evicted(),
                ),
            ],
            gauges: vec![
                (
                    "cache_bytes",
                    "Memory of stored responses",
                    gate.cache.bytes(),
                ),
                (
                    "cache_bytes_max",
                    "Most memory of stored responses",
                    gate.cache.bytes_max(),
                ),
                ("cache_entries", "Stored responses", gate.cache.len() as u64),
                (
                    "requests_in_flight",
                    "Requests on their way",
                    gate.requests_in_flight() as u64,
                ),
                (
                    "inspection_queue",
                    "Policy calls that wait for an inspection thread",
                    gate.inspection.queued() as u64,
                ),
            ],
        };
        if let Some(images) = &gate.images {
            let counters = images.counters();
            let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            now.counters.extend([
                ("images", "Pictures made", read(&counters.done)),
                (
                    "images_refused",
                    "Pictures refused for what the source or the options are",
                    read(&counters.failed),
                ),
                (
                    "images_busy",
                    "Pictures refused because the queue was full or the wait too long",
                    read(&counters.busy),
                ),
                (
                    "image_traps",
                    "Image calls that trapped or were stopped",
                    read(&counters.trapped),
                ),
            ]);
            now.counters.push((
                "image_memory_found",
                "Sources and decoded pictures that were found, or waited for, instead of made again",
                images.memory().found(),
            ));
            now.gauges.extend([
                (
                    "image_queue",
                    "Pictures that wait for a thread",
                    images.queued() as u64,
                ),
                (
                    "image_memory_bytes",
                    "Sources and decoded pictures that are kept for the next seconds",
                    images.memory().bytes(),
                ),
                (
                    "image_degraded",
                    "1 while pictures are made with less effort",
                    u64::from(images.was_degraded()),
                ),
            ]);
        }
        now.append_to(gate.metrics().text())
    }

    fn version(&self) -> Value {
        let tag = u64::from_be_bytes(self.gate.component_tag());
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "bundle": self.gate.generation().bundle_digest,
            "policy_component": format!("{tag:016x}"),
        })
    }

    fn rules(&self) -> Option<Arc<Versions>> {
        self.versions.clone()
    }

    fn gate(&self) -> Option<&Arc<Gate>> {
        Some(&self.gate)
    }
}

async fn serve_view(listener: TcpListener, view: Arc<impl View>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // Never closed, so there is always a place to come.
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the admin address accepts no connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let view = view.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let view = view.clone();
                async move { Ok::<_, Infallible>(route(request, &*view).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service);
            // A client that speaks no HTTP or goes away is its own affair.
            let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
            drop(place);
        });
    }
}

async fn route(request: Request<Incoming>, view: &impl View) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if let Some(gate) = view.gate().filter(|gate| explain::is_for(path, gate)) {
        return explain::answer(request, gate).await;
    }
    match view.rules() {
        Some(versions) if rules::is_for(request.uri().path(), &versions) => {
            rules::answer(request, &versions).await
        }
        _ => answer(request.method(), request.uri().path(), view),
    }
}

fn answer(method: &Method, path: &str, view: &impl View) -> Response<Full<Bytes>> {
    let known = matches!(path, "/livez" | "/readyz" | "/metrics" | "/version");
    if known && !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match path {
        "/livez" => text("ok\n"),
        "/readyz" if view.is_draining() => problem(StatusCode::SERVICE_UNAVAILABLE, "draining"),
        "/readyz" => text("ok\n"),
        "/metrics" => respond(StatusCode::OK, METRICS_TYPE, view.metrics()),
        "/version" => respond(
            StatusCode::OK,
            "application/json",
            format!("{}\n", view.version()),
        ),
        _ => problem(StatusCode::NOT_FOUND, "not_found"),
    }
}

fn text(body: &str) -> Response<Full<Bytes>> {
    respond(StatusCode::OK, "text/plain; charset=utf-8", body.to_owned())
}

/// An error as RFC 9457 problem JSON.
fn problem(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({ "title": title, "status": status.as_u16(), "code": code });
    respond(status, "application/problem+json", format!("{body}\n"))
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    #[derive(Default)]
    struct Fake {
        draining: AtomicBool,
    }

    impl View for Fake {
        fn is_draining(&self) -> bool {
            self.draining.load(Ordering::Relaxed)
        }

        fn metrics(&self) -> String {
            scraped().append_to(crate::metrics::Metrics::new().text())
        }

        fn version(&self) -> Value {
            json!({ "bundle": "b4" })
        }
    }

    fn scraped() -> Scraped {
        Scraped {
            counters: vec![("records_lost", "Records dropped", 1)],
            gauges: vec![("cache_bytes_max", "Most memory", u64::MAX)],
        }
    }

    async fn start(view: &Arc<Fake>) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve_view(listener, view.clone()));
        address
    }

    /// Status line, fields and body of an answer.
    async fn ask(address: std::net::SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{request} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn body(answer: &str) -> &str {
        answer.split_once("\r\n\r\n").unwrap().1
    }

    #[tokio::test]
    async fn readiness_ends_with_draining_and_liveness_does_not() {
        let view = Arc::new(Fake::default());
        let address = start(&view).await;
        for path in ["/livez", "/readyz", "/readyz?verbose"] {
            let answer = ask(address, &format!("GET {path}")).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            assert_eq!(body(&answer), "ok\n");
        }
        view.draining.store(true, Ordering::Relaxed);
        assert!(
            ask(address, "GET /livez")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
        let answer = ask(address, "GET /readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        let problem: Value = serde_json::from_str(body(&answer)).unwrap();
        assert_eq!(problem["code"], "draining");
    }

    #[tokio::test]
    async fn other_paths_and_methods_are_refused() {
        let address = start(&Arc::default()).await;
        for request in [
            "GET /",
            "GET /livez/",
            "GET //livez",
            "POST /x",
            "GET /metrics%00",
        ] {
            let answer = ask(address, request).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{request}: {answer}");
            assert!(
                answer.contains("content-type: application/problem+json\r\n"),
                "{answer}"
            );
            let problem: Value = serde_json::from_str(body(&answer)).unwrap();
            assert_eq!(
                (&problem["status"], &problem["code"]),
                (&404.into(), &"not_found".into())
            );
        }
        let answer = ask(address, "POST /metrics").await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
        let answer = ask(address, "HEAD /livez").await;
        assert!(
            answer.contains("content-length: 3\r\n") && body(&answer).is_empty(),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn the_version_is_json() {
        let answer = ask(start(&Arc::default()).await, "GET /version").await;
        assert!(
            answer.contains("content-type: application/json\r\n"),
            "{answer}"
        );
        assert_eq!(body(&answer), "{\"bundle\":\"b4\"}\n");
    }

    #[tokio::test]
    async fn metrics_are_one_exposition() {
        let answer = ask(start(&Arc::default()).await, "GET /metrics").await;
        assert!(
            answer.contains(&format!("content-type: {METRICS_TYPE}\r\n")),
            "{answer}"
        );
        let text = body(&answer);
        for line in [
            "lockgate_connections 0",
            "lockgate_records_lost_total 1",
            "lockgate_cache_bytes_max 18446744073709551615",
            "# TYPE lockgate_records_lost counter",
            "# TYPE lockgate_cache_bytes_max gauge",
        ] {
            assert_eq!(
                text.lines().filter(|found| *found == line).count(),
                1,
                "{line}\n{text}"
            );
        }
        assert_eq!(text.matches("# EOF").count(), 1);
        assert!(text.ends_with("# EOF\n"));
        let mut families: Vec<_> = text.lines().filter(|l| l.starts_with("# TYPE ")).collect();
        let all = families.len();
        families.sort_unstable();
        families.dedup();
        assert_eq!(families.len(), all, "a family stands twice");
    }

    #[tokio::test]
    async fn idle_connections_do_not_keep_others_out() {
        let address = start(&Arc::default()).await;
        let mut idle = Vec::new();
        for _ in 0..CONNECTIONS_MAX - 1 {
            idle.push(TcpStream::connect(address).await.unwrap());
        }
        assert!(
            ask(address, "GET /livez")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
    }
}
