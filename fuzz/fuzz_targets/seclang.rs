//! Fuzzes SecLang.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::seclang::run(data));
