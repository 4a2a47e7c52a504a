//! Headroom under the de minimis ceiling, over a rolling window that ends at the grant (Regulation (EU) 2023/2831).

use crate::domain::{
    answers::{Answers, cell_date, cell_hundredths},
    calendar::add_months,
    call::Call,
    money::Cents,
};
use jiff::civil::Date;
use serde::Serialize;

/// What has been received and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeMinimisVerdict {
    /// Aid granted inside the window, in cents.
    pub counted: Cents,
    /// Ceiling less that, never below zero, in cents.
    pub headroom: Cents,
}

/// Whether what was counted rests on an amount or a day that could not be read.
pub(super) fn is_unreadable(call: &Call, answers: &Answers) -> bool {
    call.company.de_minimis.as_ref().is_some_and(|fields| {
        [&fields.date, &fields.amount].into_iter().any(|column| answers.has_unreadable(&fields.table, column))
    })
}

/// Counts the aid in `(grant − window, grant]`; `None` when the call does not count any.
pub(super) fn evaluate(call: &Call, answers: &Answers, grant: Date) -> Option<DeMinimisVerdict> {
    let limits = call.funding.de_minimis.as_ref()?;
    let fields = call.company.de_minimis.as_ref()?;
    let from = add_months(grant, -i32::try_from(limits.window_months).unwrap_or(i32::MAX));
    let counted = answers
        .rows(&fields.table)
        // An undated aid counts: leaving a date out may not make room.
        .filter(|(_, row)| cell_date(row, &fields.date).is_none_or(|date| date > from && date <= grant))
        .map(|(_, row)| Cents(cell_hundredths(row, &fields.amount)))
        .fold(Cents::ZERO, Cents::plus);
    Some(DeMinimisVerdict { counted, headroom: limits.ceiling_cents.minus(counted).max(Cents::ZERO) })
}
