//! Runs the fuzz target for a few seconds, with the same mutations of the seeds every time.

use super::*;
use crate::mutations::{mutated, seeds};

#[test]
fn posted_forms_are_read_or_refused_in_time() {
    mutated(&seeds("form"), 3000, 5, form);
}

#[test]
fn fields_of_uploads_are_read_or_left_in_time() {
    mutated(&seeds("upload_field"), 3000, 5, upload_field);
}

/// A complete form is accepted: the seeds reach the rules.
#[test]
fn a_seed_reaches_the_answers() {
    let call = CALL.as_ref().unwrap();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
    let read = |seed: Vec<u8>| {
        let posted = PostedForm::unchecked(&headers, Bytes::from(seed)).unwrap();
        let mut document = Document::default();
        for section in &call.sections {
            document.merge(call, changes(section, &posted)).unwrap();
        }
        document.0.values().map(std::collections::BTreeMap::len).sum::<usize>()
    };
    assert!(seeds("form").into_iter().map(read).any(|answers| answers > 20));
}
