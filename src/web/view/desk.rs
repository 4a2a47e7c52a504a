//! The examination of one deposit, as officers see and conduct it.

use super::shell::Shell;
use crate::domain::{calendar::Round, text::Text};
use askama::Template;
use uuid::Uuid;

/// The state of the examination of a deposit.
#[derive(Clone, Copy, Debug)]
pub struct DeskPage<'a> {
    /// Address of the deposit's page, in the language of the page.
    pub base: &'a str,
    /// When it was found admissible and by whom, as shown.
    pub admitted: Option<(&'a str, &'a str)>,
    /// It can be found admissible now.
    pub ready: bool,
    /// The experts assigned to it.
    pub experts: &'a [ExpertRow],
    /// The experts to whom it may be assigned: account and email address.
    pub candidates: &'a [(String, String)],
    /// The error in what was typed, and in which form.
    pub problem: Option<(DeskForm, &'a Text)>,
    /// The reason, as typed.
    pub reason: &'a str,
}

/// A form of the examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskForm {
    /// Admission, and taking it back.
    Admission,
    /// Assignment to an expert.
    Experts,
}

/// An expert assigned to a dossier.
#[derive(Clone, Debug)]
pub struct ExpertRow {
    /// Id of the assignment.
    pub id: Uuid,
    pub email: String,
    /// When the dossier was assigned, as shown.
    pub since: String,
    /// The expert's state.
    pub state: ExpertState,
}

/// The state of an expert's assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpertState {
    /// Has declared nothing yet.
    Waiting,
    /// Has declared no conflict.
    Clear,
    /// Has declared a conflict.
    Conflict,
    /// May not read: no longer an expert, suspended, or a guest of the dossier.
    Unable,
}

impl ExpertState {
    fn lost(self) -> bool {
        matches!(self, Self::Conflict | Self::Unable)
    }
}

#[derive(Template)]
#[template(path = "view/desk.html")]
pub(super) struct Desk<'a> {
    s: &'a Shell<'a>,
    d: &'a DeskPage<'a>,
    round: &'a Round,
}

impl askama::filters::HtmlSafe for Desk<'_> {}

impl<'a> Desk<'a> {
    pub(super) fn new(s: &'a Shell<'a>, d: &'a DeskPage<'a>, round: &'a Round) -> Self {
        Self { s, d, round }
    }
    fn problem(&self, form: DeskForm) -> Option<&Text> {
        self.d.problem.filter(|(wrong, _)| *wrong == form).map(|(_, words)| words)
    }
    fn in_admission(&self) -> Option<&Text> {
        self.problem(DeskForm::Admission)
    }
    fn in_experts(&self) -> Option<&Text> {
        self.problem(DeskForm::Experts)
    }
    /// The number of experts to replace.
    fn lost(&self) -> usize {
        self.d.experts.iter().filter(|expert| expert.state.lost()).count()
    }
}
