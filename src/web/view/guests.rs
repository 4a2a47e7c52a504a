//! Who holds what of a dossier: the list, and the form that gives.

use super::shell::Shell;
use crate::domain::{ids::DossierId, text::Text};
use askama::Template;
use uuid::Uuid;

/// The page of a dossier's guests.
#[derive(Clone, Debug)]
pub struct GuestsPage<'a> {
    pub dossier: DossierId,
    /// Title of the project, empty while it has none.
    pub title: &'a str,
    /// Who holds what.
    pub guests: &'a [GuestRow],
    /// Who has read or changed what.
    pub readings: &'a [ReadingRow],
    /// The page of newer ones.
    pub newer: Option<u32>,
    /// The page of older ones.
    pub older: Option<u32>,
    /// What can be given.
    pub choices: &'a [PartChoice],
    /// What was typed in the form.
    pub typed: Typed<'a>,
    /// What is wrong with it: the field and the words.
    pub problems: &'a [(&'static str, Text)],
    /// The owner has to show the passkey before the deposit can be given.
    pub confirm: bool,
    /// What was just done.
    pub notice: Option<&'a Text>,
}

/// What was typed in the form, to be shown again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed<'a> {
    /// Address of the guest.
    pub email: &'a str,
    /// The last day.
    pub until: &'a str,
    /// A word to the guest.
    pub note: &'a str,
    /// The deposit is given.
    pub deposit: bool,
}

/// Something that can be given, and what was chosen for it.
#[derive(Clone, Debug)]
pub struct PartChoice {
    /// The part, as in the policy.
    pub part: String,
    pub title: String,
    /// `read`, `write` or empty.
    pub chosen: String,
}

/// Somebody who holds something.
#[derive(Clone, Debug)]
pub struct GuestRow {
    /// Id of what was given.
    pub id: Uuid,
    pub email: String,
    /// What, in words.
    pub parts: Vec<String>,
    /// The last instant, as shown.
    pub until: String,
    /// It has run out.
    pub over: bool,
    /// When the guest came first, as shown.
    pub used: Option<String>,
}

/// Something that somebody read or changed.
#[derive(Clone, Debug)]
pub struct ReadingRow {
    /// When last, as shown.
    pub at: String,
    /// When first on that day, if it was more than once.
    pub since: Option<String>,
    /// Who, in words.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// By which right, in words.
    pub why: Text,
}

#[derive(Template)]
#[template(path = "view/guests.html")]
struct Guests<'a> {
    s: &'a Shell<'a>,
    p: &'a GuestsPage<'a>,
}

/// Who holds what of a dossier.
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
