//! Is the company in difficulty? Regulation (EU) 651/2014, article 2(18); a rule of the call, not of de minimis.

use super::SmeVerdict;
use crate::domain::{
    answers::Answers,
    calendar::add_months,
    call::{Call, DifficultyFields},
    money::Cents,
};
use jiff::civil::Date;
use serde::Serialize;

/// Why the company is in difficulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// (a) and (b): more than half of the capital is lost.
    CapitalLost,
    /// (c): collective insolvency proceedings.
    Proceedings,
    /// (d): rescue aid not repaid, or a restructuring plan.
    RescueAid,
    /// (e): not an SME, debts over 7.5 times own capital and EBITDA below interest, two years running.
    Indebted,
}

/// The verdict with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DifficultyVerdict {
    /// Every ground that holds; empty means the company is not in difficulty.
    pub grounds: Vec<Ground>,
    /// Reserves, retained earnings, result and other own funds, in cents: negative when losses ate them.
    pub own_funds: Cents,
    /// Capital and issue premiums, in cents.
    pub capital: Cents,
}

/// Evaluates it; `None` while the form says nothing of the capital, or a figure that its loss rests on could not be read.
pub(super) fn evaluate(
    call: &Call,
    answers: &Answers,
    sme: Option<&SmeVerdict>,
    today: Date,
) -> Option<DifficultyVerdict> {
    let fields = call.company.difficulty.as_ref()?;
    answers.hundredths(&fields.capital)?;
    let rests_on = fields.own_funds.iter().chain([&fields.premiums, &fields.created]);
    if rests_on.into_iter().any(|path| answers.is_unreadable(path)) {
        return None;
    }
    let own_funds = fields.own_funds.iter().map(|path| answers.cents(path)).fold(Cents::ZERO, Cents::plus);
    let capital = answers.cents(&fields.capital).plus(answers.cents(&fields.premiums));
    let is_sme = sme.is_none_or(|verdict| verdict.recommendation);
    let young = answers.date(&fields.created).is_some_and(|created| add_months(created, 36) > today);
    let lost = i128::from(own_funds.0) * -2 > i128::from(capital.0) && own_funds < Cents::ZERO;
    let proceedings = answers.text(&fields.proceedings);
    let mut grounds = Vec::new();
    if lost && !(is_sme && young) {
        grounds.push(Ground::CapitalLost);
    }
    if !matches!(proceedings, "" | "none") {
        grounds.push(Ground::Proceedings);
    }
    if answers.text(&fields.rescue) == "yes" {
        grounds.push(Ground::RescueAid);
    }
    if !is_sme && indebted(fields, answers) {
        grounds.push(Ground::Indebted);
    }
    Some(DifficultyVerdict { grounds, own_funds, capital })
}

fn indebted(fields: &DifficultyFields, answers: &Answers) -> bool {
    (0..2).all(|year| {
        let figure = |paths: &[String; 2]| answers.hundredths(&paths[year]).map(i128::from);
        let ratios = (figure(&fields.debts), figure(&fields.equity), figure(&fields.ebitda), figure(&fields.interest));
        let (Some(debts), Some(equity), Some(ebitda), Some(interest)) = ratios else { return false };
        debts > 0 && (equity <= 0 || debts * 10 > equity * 75) && interest > 0 && ebitda < interest
    })
}
