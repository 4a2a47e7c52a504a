//! The user's rights, with reasons.

use super::shell::Shell;
use crate::domain::ids::DossierId;
use askama::Template;

/// One right, granted or not.
#[derive(Clone, Debug)]
pub struct RightRow {
    /// The action, in words.
    pub what: &'static str,
    /// The part, when only a part is shared.
    pub part: Option<String>,
    pub allowed: bool,
    /// Only after confirmation with a passkey.
    pub unconfirmed: bool,
    /// The rule that decides, in words.
    pub why: String,
    /// Who has the right, when the user has not.
    pub others: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct RightsPage<'a> {
    /// The dossier; `None` for the call as a whole.
    pub dossier: Option<DossierId>,
    /// Whether the user may see anything of it.
    pub known: bool,
    /// The user's roles require a passkey that was not used in this session.
    pub lacks_passkey: bool,
    /// The rights.
    pub rows: &'a [RightRow],
}

#[derive(Template)]
#[template(path = "view/rights.html")]
struct RightsTemplate<'a> {
    s: &'a Shell<'a>,
    p: &'a RightsPage<'a>,
}

/// The user's rights, with reasons.
pub fn rights(s: &Shell<'_>, p: &RightsPage<'_>) -> Result<String, askama::Error> {
    RightsTemplate { s, p }.render()
}
