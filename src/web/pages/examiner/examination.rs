//! The examination of one deposit, as officers see and conduct it.

use crate::{
    app::Desk,
    domain::{calendar::Round, text::Text},
    store::assignment::Assignment,
    web::frame::PageContext,
};
use askama::Template;

/// The examination of a deposit.
#[derive(Clone, Copy, Debug)]
pub struct Examination<'a> {
    pub desk: &'a Desk,
    /// Address of the deposit's page, in the language of the page.
    pub base: &'a str,
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
    fn of(assignment: &Assignment) -> Self {
        match (assignment.conflict, assignment.able) {
            (Some(true), _) => Self::Conflict,
            (_, false) => Self::Unable,
            (Some(false), true) => Self::Clear,
            (None, true) => Self::Waiting,
        }
    }
    fn lost(self) -> bool {
        matches!(self, Self::Conflict | Self::Unable)
    }
}

#[derive(Template)]
#[template(path = "pages/examiner/examination.html")]
pub struct ExaminationBox<'a> {
    s: &'a PageContext<'a>,
    d: &'a Examination<'a>,
    round: &'a Round,
}

impl askama::filters::HtmlSafe for ExaminationBox<'_> {}

impl<'a> ExaminationBox<'a> {
    pub fn new(s: &'a PageContext<'a>, d: &'a Examination<'a>, round: &'a Round) -> Self {
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
    fn state(&self, assignment: &Assignment) -> ExpertState {
        ExpertState::of(assignment)
    }
    /// The number of experts to replace.
    fn lost(&self) -> usize {
        self.d.desk.assignments.iter().filter(|given| ExpertState::of(given).lost()).count()
    }
}
