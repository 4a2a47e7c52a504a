//! The money of a dossier, computed from its tables; amounts sent by anyone else are never used.

use super::DeMinimisVerdict;
use crate::domain::{
    answers::{Answers, cell_hundredths},
    call::{Call, CostAmount},
    money::{Cents, Rate},
};
use serde::Serialize;

/// One cost category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CostLine {
    /// Category of the call.
    pub id: String,
    pub amount: Cents,
    /// Share of the base in millionths.
    pub share_ppm: Option<Rate>,
}

/// The amounts of a dossier, in cents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Categories in the order of the call.
    pub costs: Vec<CostLine>,
    /// Eligible base (FIN-6).
    pub base: Cents,
    /// Aid by rate and cap (FIN-7).
    pub aid_by_rate: Cents,
    /// Aid after de minimis headroom (FIN-9).
    pub aid: Cents,
    /// Aid over base in millionths (FIN-8).
    pub effective_rate_ppm: Option<Rate>,
    /// What the company pays itself.
    pub own_share: Cents,
    /// Most that is paid in advance (PAY-1).
    pub advance: Cents,
    /// The rest (PAY-2).
    pub balance: Cents,
    /// Sum of the financing plan.
    pub financed: Cents,
}

impl Amounts {
    /// Amount of a category.
    pub fn cost(&self, id: &str) -> Cents {
        self.costs.iter().find(|line| line.id == id).map_or(Cents::ZERO, |line| line.amount)
    }
}

/// Totals that rest on a value which could not be read: only that value is told, nothing is said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// The eligible base, and with it every share of it and the aid.
    pub base: bool,
    /// The sum of the financing plan.
    pub financed: bool,
}

impl Unreadable {
    pub(super) fn find(call: &Call, answers: &Answers) -> Self {
        let base = call.funding.costs.iter().any(|cost| match &cost.amount {
            CostAmount::Product { table, quantity, unit } => {
                answers.has_unreadable(table, quantity) || answers.has_unreadable(table, unit)
            }
            CostAmount::Sum { table, column } => answers.has_unreadable(table, column),
            CostAmount::Flat { .. } => false,
        });
        let financed = call.funding.financing.as_ref().is_some_and(|at| answers.has_unreadable(&at.table, &at.column));
        Self { base, financed }
    }
}

pub(super) fn compute(call: &Call, answers: &Answers, de_minimis: Option<&DeMinimisVerdict>) -> Amounts {
    let mut costs: Vec<CostLine> = Vec::new();
    for cost in &call.funding.costs {
        let amount = match &cost.amount {
            CostAmount::Product { table, quantity, unit } => answers
                .rows(table)
                .map(|(_, row)| Cents(cell_hundredths(row, unit)).times_hundredths(cell_hundredths(row, quantity)))
                .fold(Cents::ZERO, Cents::plus),
            CostAmount::Sum { table, column } => sum(answers, table, column),
            CostAmount::Flat { of, rate_ppm } => {
                costs.iter().find(|line| line.id == *of).map_or(Cents::ZERO, |line| line.amount.share(*rate_ppm))
            }
        };
        costs.push(CostLine { id: cost.id.clone(), amount, share_ppm: None });
    }
    let base = costs.iter().map(|line| line.amount).fold(Cents::ZERO, Cents::plus);
    for line in &mut costs {
        line.share_ppm = line.amount.share_of(base);
    }
    let aid_by_rate = base.share_floor(call.funding.rate_ppm).min(call.funding.cap_cents).max(Cents::ZERO);
    let aid = de_minimis.map_or(aid_by_rate, |verdict| aid_by_rate.min(verdict.headroom));
    let advance = aid.share_floor(call.funding.advance_ppm);
    let financed = call.funding.financing.as_ref().map_or(Cents::ZERO, |at| sum(answers, &at.table, &at.column));
    Amounts {
        base,
        aid_by_rate,
        aid,
        effective_rate_ppm: aid.share_of(base),
        own_share: base.minus(aid),
        advance,
        balance: aid.minus(advance),
        financed,
        costs,
    }
}

fn sum(answers: &Answers, table: &str, column: &str) -> Cents {
    answers.rows(table).map(|(_, row)| Cents(cell_hundredths(row, column))).fold(Cents::ZERO, Cents::plus)
}
