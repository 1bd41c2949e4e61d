//! Fuzzes HTTP/1 heads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::http1::head(data));
