//! The component: Spin's interfaces around the policy. `path` is the list of stages.

mod answer;
mod call;
mod charge;
mod decide;
mod fetch;
mod inspect;
mod lookup;
mod path;
mod picture;
mod push;
mod record;
mod refused;
mod route_fields;
mod state;
mod store;
mod upload;

use lockgate_spin_shell::clock::{micros_since, monotonic_ns, unix_ms, unix_ns};
use spin_sdk::wasip3::http::types::{ErrorCode, Request, Response};

/// The policy, which the composed file brings along.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::indexing_slicing,
    reason = "the bindings are generated; what they mean stands in wit/policy.wit"
)]
mod bindings {
    spin_sdk::wit_bindgen::generate!({
        inline: "
            package lockgate:spin-gateway;
            world gateway { import lockgate:policy/decisions@0.1.0; }
        ",
        path: "../../wit/policy.wit",
        world: "lockgate:spin-gateway/gateway",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

/// What Spin calls.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "the export is generated"
)]
mod export {
    spin_sdk::wasip3::http::service::export!(Gateway);
    pub(super) struct Gateway;
}

impl spin_sdk::wasip3::exports::http::handler::Guest for export::Gateway {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        Ok(path::handle(request).await)
    }
}
