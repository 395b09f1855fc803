//! Fuzzes the target "plan" of the crate `hostile`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::read("plan", bytes));
