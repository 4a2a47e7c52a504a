//! Bytes where JSON is expected.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::domain::fuzzing::json(bytes));
