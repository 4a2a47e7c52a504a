//! Is the company an SME? Two readings: Recommendation 2003/361/EC, which is applied, and the call's footnote.

use crate::domain::{
    answers::{Answers, cell_hundredths},
    call::Call,
    money::Cents,
};
use serde::Serialize;

/// Full-time equivalents, in hundredths, below which a company is an SME (Recommendation 2003/361/EC, annex, article 2).
const MAX_STAFF_HUNDREDTHS: i64 = 25_000;
/// Turnover ceiling, in cents.
const MAX_TURNOVER: Cents = Cents(5_000_000_000);
/// Balance-sheet ceiling, in cents.
const MAX_BALANCE_SHEET: Cents = Cents(4_300_000_000);
/// Public ownership, in hundredths of a per cent, from which a company is not an SME (article 3(4)).
const PUBLIC_SHARE_LIMIT_HUNDREDTHS: i64 = 2_500;

/// Consolidated figures of one year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Full-time equivalents, hundredths.
    pub staff: i64,
    pub turnover: Cents,
    /// Balance-sheet total, cents.
    pub balance: Cents,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SmeVerdict {
    /// Consolidated figures of the last closed year.
    pub latest: Figures,
    /// Under Recommendation 2003/361/EC: the reading applied.
    pub recommendation: bool,
    /// Under the call's footnote read word for word: one of its conditions is enough.
    pub footnote: bool,
}

impl Figures {
    fn within(self) -> bool {
        self.staff < MAX_STAFF_HUNDREDTHS && (self.turnover <= MAX_TURNOVER || self.balance <= MAX_BALANCE_SHEET)
    }
    fn within_footnote(self) -> bool {
        self.staff < MAX_STAFF_HUNDREDTHS || self.turnover < MAX_TURNOVER || self.balance < MAX_BALANCE_SHEET
    }
}

/// Columns of the linked companies that the figures rest on.
const LINK_COLUMNS: [&str; 5] = ["kind", "share", "staff", "turnover", "balance"];

/// Evaluates it; `None` while a figure of the last year is missing, or any could not be read.
pub(super) fn evaluate(call: &Call, answers: &Answers) -> Option<SmeVerdict> {
    let fields = call.company.sme.as_ref()?;
    let mut figures = [&fields.staff, &fields.turnover, &fields.balance].into_iter().flatten();
    if figures.any(|path| answers.is_unreadable(path))
        || answers.is_unreadable(&fields.public_share)
        || LINK_COLUMNS.iter().any(|column| answers.has_unreadable(&fields.links, column))
    {
        return None;
    }
    let year = |index: usize| -> Option<Figures> {
        let own = Figures {
            staff: answers.hundredths(&fields.staff[index])?,
            turnover: Cents(answers.hundredths(&fields.turnover[index])?),
            balance: Cents(answers.hundredths(&fields.balance[index])?),
        };
        Some(consolidate(own, answers, &fields.links))
    };
    let latest = year(0)?;
    let public = answers.hundredths(&fields.public_share).unwrap_or(0) >= PUBLIC_SHARE_LIMIT_HUNDREDTHS;
    // Article 4(2): the status changes only when two years in a row say so; a lone year above keeps the former status.
    let within = latest.within() || year(1).is_some_and(|previous| previous.within() && !latest.within());
    let settled = year(1).is_none_or(|previous| previous.within() || !latest.within());
    Some(SmeVerdict { latest, recommendation: within && settled && !public, footnote: latest.within_footnote() })
}

/// Adds linked companies whole and partners by their share (articles 3 and 6).
fn consolidate(own: Figures, answers: &Answers, links: &str) -> Figures {
    answers.rows(links).fold(own, |sum, (_, row)| {
        let share = match row.get("kind").map(String::as_str) {
            Some("linked") => 10_000,
            _ => cell_hundredths(row, "share").clamp(0, 10_000),
        };
        let part = |column: &str| {
            i64::try_from(i128::from(cell_hundredths(row, column)) * i128::from(share) / 10_000).unwrap_or(i64::MAX)
        };
        Figures {
            staff: sum.staff.saturating_add(part("staff")),
            turnover: sum.turnover.plus(Cents(part("turnover"))),
            balance: sum.balance.plus(Cents(part("balance"))),
        }
    })
}
