//! The amounts of a dossier and how they are computed; the tests on the company.

use super::show;
use crate::{
    domain::{
        call::{Cost, CostAmount},
        evaluation::{Amounts, DifficultyVerdict, Evaluation},
        money::Cents,
    },
    web::frame::{PageContext, why::Why},
};
use askama::Template;

/// The amounts, updated live beside a form.
#[derive(Template)]
#[template(path = "frame/amounts.html")]
pub struct AmountsBox<'a> {
    s: &'a PageContext<'a>,
    amounts: &'a Amounts,
    lines: Vec<(&'a Cost, Cents, String)>,
    live: bool,
}

impl askama::filters::HtmlSafe for AmountsBox<'_> {}

impl<'a> AmountsBox<'a> {
    /// `live`: the script updates the amounts, so only amounts that it updates are shown.
    pub fn new(s: &'a PageContext<'a>, amounts: &'a Amounts, live: bool) -> Self {
        let lines = s
            .call
            .funding
            .costs
            .iter()
            .map(|cost| {
                let share = amounts.costs.iter().find(|line| line.id == cost.id).and_then(|line| line.share_ppm);
                (cost, amounts.cost(&cost.id), share.filter(|_| !live).map_or_else(String::new, |share| s.rate(&share)))
            })
            .collect();
        Self { s, amounts, lines, live }
    }

    pub fn aid(&self) -> show::Money {
        show::Money(self.amounts.aid)
    }

    fn financed(&self) -> bool {
        self.s.call.funding.financing.is_some() && (self.live || self.amounts.financed > Cents::ZERO)
    }

    /// The rules by which the costs count.
    fn why(&self) -> Why<'_> {
        let rules: Vec<String> = self.lines.iter().map(|(cost, ..)| cost.rule.clone()).collect();
        self.s.why_rules(self.s.tr("ces montants", "these amounts"), rules)
    }

    fn effective(&self) -> String {
        self.amounts.effective_rate_ppm.map_or_else(|| "–".to_owned(), |rate| rate.show())
    }

    fn capped(&self) -> bool {
        !self.live && self.amounts.aid_by_rate == self.s.call.funding.cap_cents
    }

    fn reduced(&self) -> bool {
        !self.live && self.amounts.aid < self.amounts.aid_by_rate
    }
}

/// True when the budget is filled in in this section: it feeds a cost or the financing plan.
pub fn feeds_budget(s: &PageContext<'_>, section: &str) -> bool {
    let inside = |path: &str| path.split('.').next() == Some(section);
    s.call.funding.costs.iter().any(|cost| match &cost.amount {
        CostAmount::Product { table, .. } | CostAmount::Sum { table, .. } => inside(table),
        CostAmount::Flat { .. } => false,
    })
}

/// The tests on the company, each with its figures.
#[derive(Template)]
#[template(path = "frame/verdicts.html")]
pub struct Verdicts<'a> {
    s: &'a PageContext<'a>,
    e: &'a Evaluation,
}

impl askama::filters::HtmlSafe for Verdicts<'_> {}

impl<'a> Verdicts<'a> {
    pub fn new(s: &'a PageContext<'a>, e: &'a Evaluation) -> Self {
        Self { s, e }
    }

    /// The grounds on which the company is in difficulty, in words.
    fn grounds(&self, verdict: &DifficultyVerdict) -> String {
        let words: Vec<&str> = verdict
            .grounds
            .iter()
            .map(|ground| match serde_json::to_value(ground).unwrap_or_default().as_str() {
                Some("capital_lost") => {
                    self.s.tr("plus de la moitié du capital est perdue", "more than half of the capital is lost")
                }
                Some("proceedings") => self.s.tr("procédure collective", "insolvency proceedings"),
                Some("rescue_aid") => {
                    self.s.tr("aide au sauvetage ou à la restructuration", "rescue or restructuring aid")
                }
                Some("indebted") => {
                    self.s.tr("endettement excessif deux années de suite", "excessive debt two years running")
                }
                _ => self.s.tr("autre motif", "another ground"),
            })
            .collect();
        words.join(", ")
    }

    fn half(&self, capital: &Cents) -> show::Money {
        show::Money(Cents(capital.0 / 2))
    }

    fn staff(&self, hundredths: &i64) -> String {
        crate::domain::money::decimal(*hundredths)
            .trim_end_matches('0')
            .trim_end_matches('.')
            .replace('.', self.s.tr(",", "."))
    }
}
