//! What stands above everything else on the pages of a dossier: deposited or not, and until when.

use super::{DossierPage, shell::Shell};
use crate::domain::dossier::State;
use askama::Template;

#[derive(Template)]
#[template(path = "view/banner.html")]
pub(super) struct Banner<'a> {
    s: &'a Shell<'a>,
    p: &'a DossierPage<'a>,
    state: State,
    missing: usize,
}

impl askama::filters::HtmlSafe for Banner<'_> {}

impl<'a> Banner<'a> {
    pub(super) fn new(s: &'a Shell<'a>, p: &'a DossierPage<'a>) -> Self {
        Self { s, p, state: p.dossier.state(), missing: p.evaluation.missing() }
    }

    fn class(&self) -> &'static str {
        state_class(self.state)
    }

    fn closed(&self) -> bool {
        self.p.round.window.is_some_and(|window| window.closes <= self.s.now)
    }
}

/// A state as a class.
pub(super) fn state_class(state: State) -> &'static str {
    match state {
        State::Draft => "draft",
        State::Deposited => "deposited",
        State::Changed => "changed",
        State::Withdrawn => "withdrawn",
    }
}
