//! Fuzzes what crosses between host and policy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::wire::run(data));
