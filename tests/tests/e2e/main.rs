//! Lockgate end to end: the real binary, the real components, a real shop, real sockets. One file
//! an area; one program, so that the components are compiled once and tests share the cores.

mod addresses;
mod cache;
mod components;
mod descriptors;
mod drain;
mod firewall;
mod http1;
mod http1_times;
mod http1_unread;
mod http2;
mod http2_continue;
mod http2_limits;
mod images;
mod imports;
mod limits;
mod origins;
mod proxy;
mod proxy_protocol;
mod records;
mod reload;
mod secrets;
mod sign_in;
mod sites;
mod spin_capabilities;
mod spin_gateway;
mod spin_isolation;
mod spin_manifest;
mod spin_origin;
mod spin_redis;
mod spin_requests;
mod tls;
mod tls_stall;
mod wary;
mod ways;
