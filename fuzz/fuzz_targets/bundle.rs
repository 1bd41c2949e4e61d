//! Fuzzes policy bundles.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::bundle::run(data));
