//! Text of every kind of field.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::domain::fuzzing::text(bytes));
