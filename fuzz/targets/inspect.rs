//! The bytes of a file that somebody attaches.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::adapters::inspect::fuzzing::file(bytes));
