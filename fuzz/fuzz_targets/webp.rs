//! Fuzzes lossy WebP frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::webp::run(data));
