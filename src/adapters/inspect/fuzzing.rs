//! What the fuzz target `inspect` of `fuzz/` calls; the tests call the same for a few seconds. Nothing of this is in the
//! program.

use super::{inspect, watermark::mark};
use crate::domain::media::sniff;

/// A file from its bytes to its verdict and to its marked copy: what can be marked is accepted, and a PDF that was opened has
/// a page.
///
/// # Panics
/// When one of the two does not hold.
pub fn file(bytes: &[u8]) {
    let accepted = ["application/pdf", "image/png", "image/jpeg"].map(String::from);
    let verdict = inspect(bytes, &accepted);
    if let Ok(verdict) = &verdict {
        let found = verdict.inspection;
        let pdf = verdict.media == "application/pdf";
        assert_eq!(found.pages.is_some_and(|pages| pages > 0), pdf && found.opened, "{verdict:?}");
    }
    assert!(
        verdict.is_ok() || mark(sniff(bytes), bytes, "eve@audit.fr").is_none(),
        "{verdict:?}, and it can be marked"
    );
}
