//! The checks that rules are made of. Each answers with its failures; none means it holds or has nothing to evaluate yet.

use super::{Case, CheckFailure, de_minimis};
use crate::domain::{
    calendar::{RoundState, add_months, show_day, show_deadline, show_instant},
    call::{Check, Field},
    country,
    money::{Cents, Rate, decimal},
    text::{Text, shorten},
};
use jiff::civil::Date;

/// Most characters of an answer that a message repeats.
const MAX_QUOTED_CHARS: usize = 200;

type Values = Vec<(&'static str, Text)>;

fn plain(text: impl Into<String>) -> Text {
    let text = text.into();
    Text::new(text.clone(), text)
}

/// A number of full-time equivalents.
fn staff(hundredths: i64) -> Text {
    let number = decimal(hundredths);
    Text::new(number.replace('.', ","), number)
}

fn date(day: Date) -> Text {
    show_day(day)
}

fn one(path: &str, values: Values) -> Vec<CheckFailure> {
    vec![CheckFailure { path: path.into(), values }]
}

fn unless(holds: bool, path: &str, values: impl FnOnce() -> Values) -> Vec<CheckFailure> {
    if holds { Vec::new() } else { one(path, values()) }
}

/// First table or field that the amounts come from: where the reader can do something about the base.
fn budget_path(case: &Case<'_>) -> String {
    use crate::domain::call::CostAmount::{Flat, Product, Sum};
    case.call
        .funding
        .costs
        .iter()
        .find_map(|cost| match &cost.amount {
            Product { table, .. } | Sum { table, .. } => Some(table.clone()),
            Flat { .. } => None,
        })
        .unwrap_or_default()
}

/// Whether a check compares a total that rests on a value which could not be read. Any sentence about it would be untrue,
/// and would make people change what is right.
fn rests_on_unreadable(case: &Case<'_>, check: &Check) -> bool {
    let unreadable = case.unreadable;
    match check {
        Check::MinBase | Check::AidAsked { .. } | Check::ShareBelow { .. } | Check::ShareExplained { .. } => {
            unreadable.base
        }
        Check::FinancingBalanced => unreadable.base || unreadable.financed,
        Check::DeMinimisHeadroom => unreadable.base || de_minimis::is_unreadable(case.call, case.answers),
        // The others look at answers one by one, or at a verdict that is none then.
        _ => false,
    }
}

pub(super) fn fail(case: &Case<'_>, check: &Check) -> Vec<CheckFailure> {
    if rests_on_unreadable(case, check) {
        return Vec::new();
    }
    let answers = case.answers;
    match check {
        Check::MinBase => {
            let (base, minimum) = (case.amounts.base, case.call.funding.min_base_cents);
            unless(base >= minimum, &budget_path(case), || {
                vec![("base", base.text()), ("minimum", minimum.text()), ("missing", minimum.minus(base).text())]
            })
        }
        Check::NotAfterDeposit { field } => answers
            .date(field)
            .map_or_else(Vec::new, |day| unless(day <= case.today, field, || vec![("date", date(day))])),
        Check::Equals { field, is } => {
            let answer = answers.text(field);
            unless(answer.is_empty() || answer == is, field, || {
                vec![("answer", plain(shorten(answer, MAX_QUOTED_CHARS)))]
            })
        }
        Check::OneOf { field, is } => {
            let answer = answers.text(field);
            unless(answer.is_empty() || is.iter().any(|one| one == answer), field, || {
                vec![("answer", country::by_code(answer).map_or_else(|| plain(answer), |country| country.names()))]
            })
        }
        Check::AtLeast { field, count } => {
            let found = answers.choices(field).len().max(answers.rows(field).count());
            unless(found >= *count, field, || vec![("count", plain(count.to_string()))])
        }
        Check::BrickOpen { field } => {
            let (open, chosen) = (case.round.map_or(&[][..], |round| &round.bricks), answers.choices(field));
            let holds = open.is_empty() || chosen.is_empty() || chosen.iter().any(|brick| open.contains(brick));
            let name = |slug: &String| case.call.brick(slug).map_or_else(|| slug.clone(), |brick| brick.name.clone());
            unless(holds, field, || vec![("open", plain(open.iter().map(name).collect::<Vec<_>>().join(", ")))])
        }
        Check::AnyOf { fields } => {
            let first = fields.first().map_or("", String::as_str);
            unless(fields.iter().any(|field| !answers.is_empty(field)), first, Vec::new)
        }
        Check::AfterDeposit { field } => answers.date(field).map_or_else(Vec::new, |day| {
            unless(day > case.today, field, || {
                vec![("date", date(day)), ("earliest", date(case.today.tomorrow().unwrap_or(case.today)))]
            })
        }),
        Check::Duration { start, end } => duration(case, start, end),
        Check::FinancingBalanced => {
            let path = case.call.funding.financing.as_ref().map_or("", |at| at.table.as_str());
            let (financed, base) = (case.amounts.financed, case.amounts.base);
            unless(financed == base, path, || vec![("financed", financed.text()), ("base", base.text())])
        }
        Check::AidAsked { field } => answers.hundredths(field).map(Cents).map_or_else(Vec::new, |asked| {
            let aid = case.amounts.aid_by_rate;
            unless(asked <= aid, field, || vec![("asked", asked.text()), ("aid", aid.text())])
        }),
        Check::AtLeastValue { field, value } => answers.integer(field).map_or_else(Vec::new, |found| {
            unless(found >= *value, field, || {
                vec![("value", plain(found.to_string())), ("minimum", plain(value.to_string()))]
            })
        }),
        Check::NotOlderThan { field, months } => answers.date(field).map_or_else(Vec::new, |day| {
            let limit = add_months(day, i32::try_from(*months).unwrap_or(i32::MAX));
            unless(limit >= case.today, field, || vec![("date", date(day)), ("months", plain(months.to_string()))])
        }),
        Check::OnlyDossier => {
            let count = case.other_deposits;
            unless(count == 0, &case.call.company.siret, || vec![("count", plain(count.to_string()))])
        }
        Check::NoCell { .. } | Check::SameSiren { .. } => columns(case, check),
        Check::ShareBelow { cost, target_ppm } => share(case, cost, *target_ppm, &cost_path(case, cost)),
        Check::ShareExplained { cost, target_ppm, field } => {
            if answers.is_empty(field) {
                share(case, cost, *target_ppm, field)
            } else {
                Vec::new()
            }
        }
        Check::RoundOpen => round_open(case),
        Check::Sme | Check::SmeReadingsAgree | Check::NotInDifficulty | Check::DeMinimisHeadroom => {
            company(case, check)
        }
    }
}

fn duration(case: &Case<'_>, start: &str, end: &str) -> Vec<CheckFailure> {
    let (Some(first), Some(last)) = (case.answers.date(start), case.answers.date(end)) else { return Vec::new() };
    let months = i32::try_from(case.call.funding.duration_months).unwrap_or(i32::MAX);
    let next = add_months(first, months);
    let expected = next.yesterday().unwrap_or(next);
    unless(last == expected, end, || vec![("expected", date(expected))])
}

fn cost_path(case: &Case<'_>, id: &str) -> String {
    use crate::domain::call::CostAmount::{Flat, Product, Sum};
    case.call.funding.costs.iter().find(|cost| cost.id == id).map_or_else(String::new, |cost| match &cost.amount {
        Product { table, .. } | Sum { table, .. } => table.clone(),
        Flat { of, .. } => of.clone(),
    })
}

fn share(case: &Case<'_>, cost: &str, target: Rate, path: &str) -> Vec<CheckFailure> {
    let (amount, base) = (case.amounts.cost(cost), case.amounts.base);
    unless(amount == Cents::ZERO || amount.below_share(target, base), path, || {
        let share = amount.share_of(base).unwrap_or_default();
        vec![("share", share.text()), ("target", target.text())]
    })
}

fn columns(case: &Case<'_>, check: &Check) -> Vec<CheckFailure> {
    let answers = case.answers;
    match check {
        Check::NoCell { at, is } => answers
            .rows(&at.table)
            .take(most_rows(case, &at.table))
            .filter(|row| answers.cell(&at.table, *row, &at.column) == Some(is))
            .map(|(index, _)| CheckFailure {
                path: format!("{}[{index}].{}", at.table, at.column),
                values: vec![("rows", plain((index + 1).to_string()))],
            })
            .collect(),
        Check::SameSiren { at } => {
            let siret = answers.text(&case.call.company.siret);
            let Some(siren) = siret.get(..9) else { return Vec::new() };
            answers
                .rows(&at.table)
                .take(most_rows(case, &at.table))
                .filter(|row| answers.cell(&at.table, *row, &at.column).is_some_and(|cell| cell != siren))
                .map(|(index, _)| CheckFailure {
                    path: format!("{}[{index}].{}", at.table, at.column),
                    values: vec![("row", plain((index + 1).to_string()))],
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

fn most_rows(case: &Case<'_>, table: &str) -> usize {
    case.call.field(table).map_or(0, Field::most_rows)
}

fn round_open(case: &Case<'_>) -> Vec<CheckFailure> {
    let Some(round) = case.round else { return Vec::new() };
    let shown = |at: Option<Text>| at.unwrap_or_else(|| Text::new("date à venir", "date to come"));
    unless(round.state(case.now) == RoundState::Open, "", || {
        vec![
            ("opens", shown(round.window.map(|window| show_instant(window.opens, &case.zone)))),
            ("closes", shown(round.window.map(|window| show_deadline(window.closes, &case.zone)))),
        ]
    })
}

fn company(case: &Case<'_>, check: &Check) -> Vec<CheckFailure> {
    match check {
        Check::Sme => case.sme.map_or_else(Vec::new, |verdict| {
            unless(verdict.recommendation, &sme_path(case), || {
                vec![
                    ("staff", staff(verdict.latest.staff)),
                    ("turnover", verdict.latest.turnover.text()),
                    ("balance", verdict.latest.balance.text()),
                ]
            })
        }),
        Check::SmeReadingsAgree => case.sme.map_or_else(Vec::new, |verdict| {
            unless(verdict.recommendation == verdict.footnote, &sme_path(case), Vec::new)
        }),
        Check::NotInDifficulty => case.difficulty.map_or_else(Vec::new, |verdict| {
            let path = case.call.company.difficulty.as_ref().map_or("", |fields| fields.capital.as_str());
            unless(verdict.grounds.is_empty(), path, || {
                vec![
                    ("losses", Cents::ZERO.minus(verdict.own_funds).max(Cents::ZERO).text()),
                    ("half", Cents(verdict.capital.0 / 2).text()),
                ]
            })
        }),
        Check::DeMinimisHeadroom => case.de_minimis.map_or_else(Vec::new, |verdict| {
            let path = case.call.company.de_minimis.as_ref().map_or("", |fields| fields.table.as_str());
            unless(verdict.headroom >= case.amounts.aid_by_rate, path, || {
                vec![
                    ("counted", verdict.counted.text()),
                    ("headroom", verdict.headroom.text()),
                    ("aid", case.amounts.aid_by_rate.text()),
                ]
            })
        }),
        _ => Vec::new(),
    }
}

fn sme_path(case: &Case<'_>) -> String {
    case.call.company.sme.as_ref().map_or_else(String::new, |fields| fields.staff[0].clone())
}
