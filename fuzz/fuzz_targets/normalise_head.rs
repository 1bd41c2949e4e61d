//! Fuzzes request heads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::normalise_head::run(data));
