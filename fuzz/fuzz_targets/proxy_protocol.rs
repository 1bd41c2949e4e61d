//! Fuzzes PROXY protocol headers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::proxy_protocol::run(data));
