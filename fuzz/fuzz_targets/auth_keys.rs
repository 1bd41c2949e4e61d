//! Fuzzes JWK Sets.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::auth_keys::run(data));
