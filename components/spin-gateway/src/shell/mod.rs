//! The component: Spin's interfaces around the policy. `path` is the list of stages.

mod answer;
mod call;
mod charge;
mod decide;
mod fetch;
mod lookup;
mod path;
mod picture;
mod push;
mod record;
mod refused;
mod route_fields;
mod state;
mod store;

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

/// Milliseconds since 1970.
fn unix_ms() -> u64 {
    unix_ns() / 1_000_000
}

/// Nanoseconds since 1970: the clock of the limits, since it is the only one that instances share.
fn unix_ns() -> u64 {
    let now = spin_sdk::wasip3::clocks::system_clock::now();
    let seconds = u64::try_from(now.seconds).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::from(now.nanoseconds))
}

/// Nanoseconds of a clock that does not go backwards.
fn monotonic_ns() -> u64 {
    spin_sdk::wasip3::clocks::monotonic_clock::now()
}

/// Microseconds since a moment of [`monotonic_ns`].
fn micros_since(begun_ns: u64) -> u64 {
    monotonic_ns().saturating_sub(begun_ns) / 1_000
}
