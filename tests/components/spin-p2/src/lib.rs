//! A component that answers by `wasi:http/incoming-handler@0.2`.

#[cfg(target_family = "wasm")]
mod component;
