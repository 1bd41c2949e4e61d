//! Fuzzes tokens and claims.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::auth_token::run(data));
