//! The guests of a dossier with their rights, and the form that invites one.

use super::shell::Shell;
use crate::domain::{ids::DossierId, text::Text};
use askama::Template;
use uuid::Uuid;

/// The page of a dossier's guests.
#[derive(Clone, Debug)]
pub struct GuestsPage<'a> {
    pub dossier: DossierId,
    /// Title of the project, empty if it has none.
    pub title: &'a str,
    /// The guests.
    pub guests: &'a [GuestRow],
    /// The access log: who read or changed what.
    pub readings: &'a [ReadingRow],
    /// The page with newer entries.
    pub newer: Option<u32>,
    /// The page with older entries.
    pub older: Option<u32>,
    /// The parts that can be shared.
    pub choices: &'a [PartChoice],
    /// The contents of the form.
    pub typed: Typed<'a>,
    /// Errors in the form: field and message.
    pub problems: &'a [(&'static str, Text)],
    /// The owner must use the passkey before sharing the right to deposit.
    pub confirm: bool,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

/// The contents of the form, shown again after an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed<'a> {
    /// Email address of the guest.
    pub email: &'a str,
    /// The last day of the invitation.
    pub until: &'a str,
    /// A message to the guest.
    pub note: &'a str,
    /// The right to deposit is shared.
    pub deposit: bool,
}

/// A part that can be shared, and what was chosen for it.
#[derive(Clone, Debug)]
pub struct PartChoice {
    /// The part, as in the policy.
    pub part: String,
    pub title: String,
    /// `read`, `write` or empty.
    pub chosen: String,
}

/// A guest.
#[derive(Clone, Debug)]
pub struct GuestRow {
    /// Id of the delegation.
    pub id: Uuid,
    pub email: String,
    /// The shared parts, in words.
    pub parts: Vec<String>,
    /// Expiry, as shown.
    pub until: String,
    /// It has expired.
    pub over: bool,
    /// First visit of the guest, as shown.
    pub used: Option<String>,
}

/// An entry of the access log.
#[derive(Clone, Debug)]
pub struct ReadingRow {
    /// Time of the last access, as shown.
    pub at: String,
    /// Time of the first access on that day, if there were several.
    pub since: Option<String>,
    /// Who, in words.
    pub who: String,
    /// The action and the part, in words.
    pub what: String,
    /// The right that allowed it, in words.
    pub why: Text,
}

#[derive(Template)]
#[template(path = "view/guests.html")]
struct Guests<'a> {
    s: &'a Shell<'a>,
    p: &'a GuestsPage<'a>,
}

/// The guests of a dossier.
pub fn guests(s: &Shell<'_>, page: &GuestsPage<'_>) -> Result<String, askama::Error> {
    Guests { s, p: page }.render()
}

impl Guests<'_> {
    fn title(&self) -> &str {
        match self.p.title {
            "" => self.s.tr("Projet sans titre", "Untitled project"),
            title => title,
        }
    }
    fn problem(&self, field: &str) -> Option<&Text> {
        self.p.problems.iter().find(|(name, _)| *name == field).map(|(_, words)| words)
    }
}
