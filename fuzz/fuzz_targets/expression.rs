//! Fuzzes expressions of native rules.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::expression::run(data));
