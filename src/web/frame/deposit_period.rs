//! Until when one may deposit, in a sentence.

use crate::{domain::call::DepositPeriod, web::frame::PageContext};
use askama::Template;

/// The sentence: open until when, open from when, or closed.
#[derive(Template)]
#[template(path = "frame/deposit_period.html")]
pub struct PeriodSentence<'a> {
    s: &'a PageContext<'a>,
    period: DepositPeriod<'a>,
}

impl askama::filters::HtmlSafe for PeriodSentence<'_> {}

impl<'a> PeriodSentence<'a> {
    pub fn new(s: &'a PageContext<'a>) -> Self {
        Self { s, period: s.call.deposit_period(s.now) }
    }

    fn days_left(&self, days: &i32) -> String {
        match (days, self.s.fr()) {
            (..=0, true) => "c’est le dernier jour".to_owned(),
            (..=0, false) => "this is the last day".to_owned(),
            (1, true) => "il reste un jour".to_owned(),
            (1, false) => "one day left".to_owned(),
            (days, true) => format!("il reste {days} jours"),
            (days, false) => format!("{days} days left"),
        }
    }

    fn days_to_opening(&self, days: &i32) -> String {
        match (days, self.s.fr()) {
            (..=0, true) => "aujourd’hui".to_owned(),
            (..=0, false) => "today".to_owned(),
            (1, true) => "demain".to_owned(),
            (1, false) => "tomorrow".to_owned(),
            (days, true) => format!("dans {days} jours"),
            (days, false) => format!("in {days} days"),
        }
    }
}
