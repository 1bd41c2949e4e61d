//! What the fuzz targets do with their inputs, a module for each: it takes any bytes and panics
//! where something does not hold. The files in `fuzz_targets/` hand it what libFuzzer makes up;
//! `README.md` says how they are run.

mod head;
mod http;
mod parts;
mod respell;
mod shop;

pub mod auth_keys;
pub mod auth_token;
pub mod bundle;
pub mod config;
pub mod expression;
pub mod firewall_addresses;
pub mod firewall_agents;
pub mod firewall_tables;
pub mod http1;
pub mod http_cache;
pub mod image;
pub mod image_address;
pub mod injection;
pub mod jpeg;
pub mod normalise_head;
pub mod normalise_target;
pub mod policy;
pub mod proxy_protocol;
pub mod record;
pub mod route;
pub mod seclang;
pub mod webp;
pub mod wire;

pub use shop::{bundle_bytes, input_and_verdict};
