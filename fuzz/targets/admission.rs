//! Bytes where a token is expected.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::auth::fuzzing::admission(bytes));
