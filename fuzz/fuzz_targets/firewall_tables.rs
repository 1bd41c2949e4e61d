//! Fuzzes compiled tables of the firewall.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lockgate_fuzz::firewall_tables::run(data));
