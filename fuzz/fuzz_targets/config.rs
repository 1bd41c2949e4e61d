//! Fuzzes configurations and rule files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::config::run(data));
