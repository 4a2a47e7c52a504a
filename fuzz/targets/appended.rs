//! Blocks that a holder appends to a good token.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::auth::fuzzing::appended(bytes));
