//! The body of a posted form.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::web::fuzzing::form(bytes));
