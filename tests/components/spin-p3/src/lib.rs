//! A component that does what the path of a request says.
#![cfg_attr(
    not(target_family = "wasm"),
    allow(unused_crate_dependencies, reason = "empty where it is no component")
)]

#[cfg(target_family = "wasm")]
mod component;
