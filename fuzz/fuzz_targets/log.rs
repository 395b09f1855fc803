//! Fuzzes the target "log" of the crate `hostile`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::read("log", bytes));
