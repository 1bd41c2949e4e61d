//! The `lockgate` host: sockets, timers, counters, cache, origins; decisions and pixels run in
//! WebAssembly components ([`lockgate_sandbox`]).
//!
//! Start reading at [`gate::path`](gate), the path of one request.

pub mod admin;
pub mod cache;
pub mod cli;
pub mod exclude;
pub mod explain;
pub mod gate;
pub mod geo;
pub mod http;
pub mod http1;
pub mod http2;
pub mod image;
pub mod metrics;
pub mod net;
pub mod origin;
pub mod policy;
pub mod record;
pub mod reload;
pub mod reloader;
pub mod request_id;
pub mod secrets;
pub mod spin;
pub mod start;
pub mod versions;
