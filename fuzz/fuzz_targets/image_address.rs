//! Fuzzes the addresses of pictures and the text of their options.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::image_address::run(data));
