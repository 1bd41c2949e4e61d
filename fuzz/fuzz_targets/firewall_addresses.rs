//! Fuzzes IP sets as people write them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::firewall_addresses::run(data));
