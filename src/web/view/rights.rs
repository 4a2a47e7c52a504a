//! What somebody may do, and why.

use super::shell::Shell;
use crate::domain::ids::DossierId;
use askama::Template;

/// One thing that one may do, or may not.
#[derive(Clone, Debug)]
pub struct RightRow {
    /// What, in words.
    pub what: &'static str,
    /// To which part, where less than the whole was given.
    pub part: Option<String>,
    pub allowed: bool,
    /// Only once confirmed with a passkey.
    pub unconfirmed: bool,
    /// By which rule, in words.
    pub why: String,
    /// Who may, where the reader may not.
    pub others: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct RightsPage<'a> {
    /// The dossier that it is about; none: the call as a whole.
    pub dossier: Option<DossierId>,
    /// Whether the reader may see anything of it.
    pub known: bool,
    /// The reader's roles want a passkey that this sign-in has not seen.
    pub lacks_passkey: bool,
    /// What may be done.
    pub rows: &'a [RightRow],
}

#[derive(Template)]
#[template(path = "view/rights.html")]
struct RightsTemplate<'a> {
    s: &'a Shell<'a>,
    p: &'a RightsPage<'a>,
}

/// What the reader may do, and why.
pub fn rights(s: &Shell<'_>, p: &RightsPage<'_>) -> Result<String, askama::Error> {
    RightsTemplate { s, p }.render()
}
