//! Emergency readings.

use super::shell::Shell;
use crate::domain::text::Text;
use askama::Template;
use uuid::Uuid;

/// A request to read one dossier.
#[derive(Clone, Debug)]
pub struct EmergencyRow {
    pub id: Uuid,
    /// It is the reader's own.
    pub own: bool,
    /// It can still be allowed.
    pub waits: bool,
    /// The reader may read the dossier now.
    pub readable: bool,
    /// Receipt that stands.
    pub receipt: Option<String>,
    /// Who asks.
    pub who: String,
    pub reason: String,
    /// When, as shown.
    pub asked: String,
    /// Who allowed it.
    pub allowed_by: Option<String>,
    /// The last instant, as shown.
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

/// The requests, and the form for one's own.
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
