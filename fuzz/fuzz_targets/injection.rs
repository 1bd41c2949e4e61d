//! Fuzzes the detectors of SQL injection and cross-site scripting.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::injection::run(data));
