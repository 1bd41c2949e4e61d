//! Fuzzes the whole decision.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::policy::run(data));
