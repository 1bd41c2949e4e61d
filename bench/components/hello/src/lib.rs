//! The smallest component that is of use as one: status 200, two fields, a short body. What it
//! costs is what a host costs.
#![cfg(target_family = "wasm")]

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn, wit_future, wit_stream};

const BODY: &[u8] = b"Hello from a component!\n";

/// What hosts call.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the export is generated"
)]
mod export {
    wasip3::http::service::export!(Hello);
    pub(super) struct Hello;
}

impl wasip3::exports::http::handler::Guest for export::Hello {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        let fields = Fields::new();
        for (name, value) in [
            ("content-type", "text/plain"),
            // The load counts bodies by it.
            ("content-length", &BODY.len().to_string()),
        ] {
            // Both are proper fields.
            let _ = fields.append(name, value.as_bytes());
        }
        let (mut to, contents) = wit_stream::new::<u8>();
        let (_, end) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(fields, Some(contents), end);
        spawn(async move {
            // Whatever is left was not wanted.
            let _ = to.write_all(BODY.to_vec()).await;
        });
        Ok(response)
    }
}
