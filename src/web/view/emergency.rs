//! Emergency access.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;
use uuid::Uuid;

/// A request for emergency access to one dossier.
#[derive(Clone, Debug)]
pub struct EmergencyRow {
    pub id: Uuid,
    /// The user made it.
    pub own: bool,
    /// It can still be approved.
    pub waits: bool,
    /// The user may read the dossier now.
    pub readable: bool,
    /// Number of the current receipt.
    pub receipt: Option<String>,
    /// Who made the request.
    pub who: String,
    pub reason: String,
    /// When it was made, as shown.
    pub asked: String,
    /// Who approved it.
    pub allowed_by: Option<String>,
    /// Expiry, as shown.
    pub until: Option<String>,
}

#[derive(Template)]
#[template(path = "view/emergency.html")]
struct Emergency<'a> {
    s: &'a Shell<'a>,
    rows: &'a [EmergencyRow],
    asks: bool,
    receipt: &'a str,
    reason: &'a str,
    problems: &'a [(&'a str, Text)],
}

/// The requests, and the form for a new one.
pub fn emergency(
    s: &Shell<'_>,
    rows: &[EmergencyRow],
    asks: bool,
    typed: (&str, &str),
    problems: &[(&str, Text)],
) -> Result<String, askama::Error> {
    Emergency { s, rows, asks, receipt: typed.0, reason: typed.1, problems }.render()
}

impl Emergency<'_> {
    fn problem(&self, field: &str) -> Option<&Text> {
        self.problems.iter().find(|(of, _)| *of == field).map(|(_, words)| words)
    }
}
