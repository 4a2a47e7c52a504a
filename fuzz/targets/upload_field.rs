//! A header field of an upload in parts.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| guichet::web::fuzzing::upload_field(bytes));
