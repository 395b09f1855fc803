//! Fuzzes the target "python" of the crate `hostile`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile::read("python", bytes));
