//! Entry points of the fuzz targets `form` and `upload_field` in `fuzz/`; the tests here run them for a few seconds.
//! Not part of the program.

use super::resumable::fields;
use crate::domain::{
    call::{self, Call},
    document::Document,
    evaluation::evaluate,
};
use crate::web::pages::applicant::editor::changes;
use crate::web::posted::PostedForm;
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
};
use jiff::Timestamp;
use std::sync::LazyLock;

static CALL: LazyLock<Option<Call>> =
    LazyLock::new(|| call::load("hyper-open-x.toml", include_str!("../../calls/hyper-open-x.toml")).ok());

/// Runs the body of a posted form through parsing and rules: it is accepted or rejected, and accepted answers are kept
/// unchanged.
///
/// # Panics
/// When a stored answer reads differently after it is written again.
pub fn form(bytes: &[u8]) {
    let Some(call) = &*CALL else { return };
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
    let Some(posted) = PostedForm::unchecked(&headers, Bytes::copy_from_slice(bytes)) else { return };
    let mut document = Document::default();
    for section in &call.sections {
        let changes = changes(section, &posted);
        if let Ok(conflicts) = document.merge(call, changes) {
            assert!(conflicts.iter().all(|conflict| conflict.path.starts_with(&section.id)));
        }
    }
    for (path, value) in document
        .0
        .iter()
        .flat_map(|(section, answers)| answers.iter().map(move |(field, value)| (format!("{section}.{field}"), value)))
    {
        let mut again = Document::default();
        assert!(again.set(call, &path, value.clone()).is_ok(), "{path} was kept once");
        assert_eq!(again.get(&path), Some(value), "{path} reads differently");
    }
    let findings = evaluate(call, &document, None, None, Timestamp::UNIX_EPOCH);
    assert!(findings.findings.len() < 10_000, "{} findings", findings.findings.len());
}

/// Parses a header field of a resumable upload: the parsed value matches the bytes, and no field parses as two types.
///
/// # Panics
/// When a field parses as two types, or as a value other than the written one.
pub fn upload_field(bytes: &[u8]) {
    let Ok(field) = HeaderValue::from_bytes(bytes) else { return };
    let Ok(field) = field.to_str() else { return };
    let (flag, number) = (fields::boolean(field), fields::integer(field));
    assert!(flag.is_none() || number.is_none(), "{field:?} is two things");
    if let Some(number) = number {
        assert_eq!(fields::integer(&number.to_string()), Some(number), "{field:?}");
    }
    if let Some(flag) = flag {
        assert!(field.contains(if flag { "?1" } else { "?0" }), "{field:?}");
    }
}

#[cfg(test)]
mod tests;
