//! The file of a receipt.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::domain::fuzzing::receipt(bytes));
