//! A header field of an upload in parts.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::testing::web::fuzzing::upload_field(bytes));
