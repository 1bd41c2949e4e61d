//! Fuzzes route tables and paths.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::route::run(data));
