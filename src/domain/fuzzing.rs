//! Entry points of the fuzz targets `json`, `text` and `receipt` in `fuzz/`; the tests here run them for a few seconds.
//! Not part of the program.

use super::{
    answers::normal,
    call::FieldKind,
    json::{self, Limits},
    receipt::{MAX_RECEIPT_BYTES, verify_bytes},
    text::{
        clean::{KEPT, clean, is_blank},
        terminal::escape_for_terminal,
    },
};
use serde_json::Value as Json;

/// Bytes where JSON is expected: what the strict parser accepts, every parser accepts with the same result.
///
/// # Panics
/// When another parser rejects it, or parses something else after it is written again.
pub fn json(bytes: &[u8]) {
    let Ok(strict) = json::from_slice::<Json>(bytes, Limits::bytes(MAX_RECEIPT_BYTES)) else { return };
    let lenient: Option<Json> = serde_json::from_slice(bytes).ok();
    assert_eq!(lenient.as_ref(), Some(&strict), "another reader finds something else");
    let again = json::from_slice::<Json>(strict.to_string().as_bytes(), Limits::bytes(2 * MAX_RECEIPT_BYTES));
    assert_eq!(again.ok(), Some(strict), "written again it reads differently");
}

/// Text of every kind: cleaning is idempotent, text shown on a terminal has no control characters, and normalization is
/// idempotent.
///
/// # Panics
/// When one of these does not hold.
pub fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for kept in KEPT {
        let once = clean(kept.kind, &text);
        assert_eq!(clean(kept.kind, &once), once, "{:?} is not cleaned at once", kept.kind);
        assert!(!is_blank(&text) || is_blank(&once), "something came of nothing");
    }
    assert!(!escape_for_terminal(&text).chars().any(char::is_control), "a terminal would obey");
    for kind in [
        FieldKind::Siren,
        FieldKind::Siret,
        FieldKind::Naf,
        FieldKind::Date,
        FieldKind::Money,
        FieldKind::Integer,
        FieldKind::Hundredths,
        FieldKind::Email,
        FieldKind::Url,
        FieldKind::Phone,
        FieldKind::Country,
    ] {
        if let Ok(once) = normal(kind, &[], &text) {
            assert_eq!(normal(kind, &[], &once), Ok(once), "{kind:?} has two normal forms");
        }
    }
}

/// Bytes as a receipt: without a valid signature, verification fails; the report is bounded.
///
/// # Panics
/// When verification succeeds, or the report exceeds its limit.
pub fn receipt(bytes: &[u8]) {
    let (report, _) = verify_bytes(bytes, &[]);
    assert!(report.checks.len() < 200, "{} findings", report.checks.len());
    assert!(!report.is_valid() || is_genuine(bytes), "nobody has signed this");
}

/// Whether the bytes mean the same as a seed with a genuine signature.
fn is_genuine(bytes: &[u8]) -> bool {
    let value: Option<Json> = serde_json::from_slice(bytes).ok();
    GENUINE.iter().any(|known| value == serde_json::from_str(known).ok())
}

/// Seeds with a genuine signature.
static GENUINE: [&str; 1] = [include_str!("../../fuzz/corpus/receipt/golden")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutations::{mutated, seeds};

    #[test]
    fn json_is_read_or_refused_in_time() {
        mutated(&seeds("json"), 3000, 5, json);
    }

    #[test]
    fn text_is_cleaned_in_time() {
        mutated(&seeds("text"), 3000, 5, text);
    }

    #[test]
    fn receipts_are_refused_in_time() {
        mutated(&seeds("receipt"), 1000, 20, receipt);
    }
}
