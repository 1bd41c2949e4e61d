//! A Spin component of somebody's own: it greets whoever the gate says is asking.
#![cfg(target_family = "wasm")]

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn, wit_future, wit_stream};

/// What Spin calls.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the export is generated"
)]
mod export {
    wasip3::http::service::export!(App);
    pub(super) struct App;
}

impl wasip3::exports::http::handler::Guest for export::App {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        // The gate sets it from a verified token and takes away what a client sends itself.
        let customer = request.get_headers().get("x-customer");
        let customer = customer.first().map(|name| String::from_utf8_lossy(name));
        let text = format!("Hello, {}!\n", customer.as_deref().unwrap_or("stranger"));
        let fields = Fields::new();
        for (name, value) in [
            ("content-type", "text/plain"),
            ("content-length", &text.len().to_string()),
        ] {
            // Both are proper fields.
            let _ = fields.append(name, value.as_bytes());
        }
        let (mut to, contents) = wit_stream::new::<u8>();
        let (_, end) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(fields, Some(contents), end);
        spawn(async move {
            // Whatever is left was not wanted.
            let _ = to.write_all(text.into_bytes()).await;
        });
        Ok(response)
    }
}
