//! The dossiers of experts and the jury, and the declaration of interests.

use super::shell::Shell;
use crate::domain::{ids::DossierId, text::Text};
use askama::Template;

/// A dossier to evaluate.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    pub dossier: DossierId,
    /// Project, empty if it has no title.
    pub title: String,
    pub company: String,
    /// Call and round, as shown.
    pub round: String,
    /// It is assigned to this expert; otherwise the user is a member of the jury.
    pub assigned: bool,
    /// It may be read now.
    pub readable: bool,
}

/// The page on which a user declares interests in a dossier.
#[derive(Clone, Copy, Debug)]
pub struct InterestPage<'a> {
    pub dossier: DossierId,
    /// Project, empty if it has no title.
    pub title: &'a str,
    pub company: &'a str,
    /// Round, as shown.
    pub round: &'a str,
    /// The user may declare no conflict, and has not yet.
    pub may_clear: bool,
    /// The address of the dossier for this user.
    pub back: &'a str,
    /// The error: in the form that declares a conflict (true), or in the other one.
    pub problem: Option<(bool, &'a Text)>,
}

#[derive(Template)]
#[template(path = "view/reviews.html")]
struct Reviews<'a> {
    s: &'a Shell<'a>,
    rows: &'a [ReviewRow],
    notice: Option<&'a Text>,
}

/// The dossiers to evaluate.
pub fn reviews(s: &Shell<'_>, rows: &[ReviewRow], notice: Option<&Text>) -> Result<String, askama::Error> {
    Reviews { s, rows, notice }.render()
}

#[derive(Template)]
#[template(path = "view/interest.html")]
struct Interest<'a> {
    s: &'a Shell<'a>,
    p: &'a InterestPage<'a>,
}

/// The declaration of interests in one dossier.
pub fn interest(s: &Shell<'_>, page: &InterestPage<'_>) -> Result<String, askama::Error> {
    Interest { s, p: page }.render()
}

impl Interest<'_> {
    fn title(&self) -> &str {
        if self.p.title.is_empty() { self.s.tr("Projet sans titre", "Untitled project") } else { self.p.title }
    }
    fn problem(&self, conflict: bool) -> Option<&Text> {
        self.p.problem.filter(|(form, _)| *form == conflict).map(|(_, words)| words)
    }
    fn in_conflict(&self) -> Option<&Text> {
        self.problem(true)
    }
    fn in_sworn(&self) -> Option<&Text> {
        self.problem(false)
    }
}
