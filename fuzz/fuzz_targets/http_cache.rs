//! Fuzzes the cache's decisions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::http_cache::run(data));
