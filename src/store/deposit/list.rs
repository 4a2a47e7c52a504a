//! Lists of the deposits of a round, for officers.

mod filter;
mod statement;

pub use filter::{Assigned, Conflicts, Filter, Sort};

use super::{StoreError, Summary};
use crate::{
    domain::{calendar::RoundId, ids::AccountId},
    store::column::OptionalInstantColumn,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use statement::List;
use std::collections::BTreeSet;

/// Numbers of deposits and drafts are exact up to here: what a list costs must not grow with the round.
pub const MAX_COUNTED_DOSSIERS: u64 = 1000;

/// A row of a list: a deposit, and the state of its examination.
#[derive(Clone, Debug)]
pub struct ListedDeposit {
    pub summary: Summary,
    /// It was found admissible.
    pub admitted: bool,
    /// Addresses of the experts to whom it is given, in the order of assignment.
    pub experts: Vec<String>,
    /// Addresses of those who have declared a conflict of interest, the first one first.
    pub in_conflict: Vec<String>,
}

impl ListedDeposit {
    /// True if the person with this address has declared a conflict of interest.
    #[must_use]
    pub fn has_conflict(&self, email: &str) -> bool {
        self.in_conflict.iter().any(|other| other == email)
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    pub rows: Vec<ListedDeposit>,
    /// Rows follow on another page.
    pub has_next: bool,
    /// Number of rows that match the filter.
    pub total: BoundedCount,
    /// Number of dossiers of the round that were never deposited.
    pub drafts: BoundedCount,
}

/// A number that is exact up to [`MAX_COUNTED_DOSSIERS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundedCount {
    /// At most [`MAX_COUNTED_DOSSIERS`].
    pub number: u64,
    /// There are more.
    pub more: bool,
}

impl BoundedCount {
    /// Of a statement that counted at most one more.
    fn of(counted: i64) -> Self {
        let counted = u64::try_from(counted).unwrap_or(0);
        Self { number: counted.min(MAX_COUNTED_DOSSIERS), more: counted > MAX_COUNTED_DOSSIERS }
    }
}

/// A deposit with one of its experts and one of its declarations of a conflict, if it has any.
#[derive(FromRow)]
struct PageRow {
    #[sqlx(flatten)]
    summary: Summary,
    admitted: bool,
    expert: Option<String>,
    #[sqlx(try_from = "OptionalInstantColumn")]
    assigned_at: Option<Timestamp>,
    in_conflict: Option<String>,
    #[sqlx(try_from = "OptionalInstantColumn")]
    declared_at: Option<Timestamp>,
    #[sqlx(flatten)]
    counts: CountRow,
}

#[derive(Clone, Copy, FromRow)]
struct CountRow {
    total: i64,
    drafts: i64,
}

/// Returns a page of the current deposits of a round, and the numbers of the whole list, in one statement: the page is
/// chosen in an index, and only its rows are read.
pub async fn list(
    db: &mut MySqlConnection,
    call: &str,
    round: &RoundId,
    reader: AccountId,
    filter: &Filter,
) -> Result<ListPage, StoreError> {
    let list = List { call, round, reader, filter };
    let found: Vec<PageRow> = list.page().build_query_as().fetch_all(&mut *db).await?;
    let counts = match found.first() {
        Some(row) => row.counts,
        // Without a row, nothing has told the numbers: an empty list, or a page behind its end.
        None => list.numbers().build_query_as().fetch_one(db).await?,
    };
    let mut rows = listed(found);
    let has_next = rows.len() > filter.limit as usize;
    rows.truncate(filter.limit as usize);
    Ok(ListPage { rows, has_next, total: BoundedCount::of(counts.total), drafts: BoundedCount::of(counts.drafts) })
}

/// People with the instant at which they came to a deposit, in that order.
type People = BTreeSet<(Option<Timestamp>, String)>;

/// One row for each deposit. Experts and conflicts were joined, which costs the server less than a list of addresses for
/// each row.
fn listed(found: Vec<PageRow>) -> Vec<ListedDeposit> {
    let mut deposits: Vec<(Summary, bool, People, People)> = Vec::with_capacity(found.len());
    for row in found {
        let PageRow { summary, admitted, expert, assigned_at, in_conflict, declared_at, .. } = row;
        let experts = expert.map(|email| (assigned_at, email));
        let in_conflict = in_conflict.map(|email| (declared_at, email));
        match deposits.last_mut().filter(|(last, ..)| last.dossier == summary.dossier) {
            Some((.., others, conflicts)) => {
                others.extend(experts);
                conflicts.extend(in_conflict);
            }
            None => deposits.push((summary, admitted, People::from_iter(experts), People::from_iter(in_conflict))),
        }
    }
    let emails = |people: People| people.into_iter().map(|(_, email)| email).collect();
    let listed = |(summary, admitted, experts, in_conflict)| ListedDeposit {
        summary,
        admitted,
        experts: emails(experts),
        in_conflict: emails(in_conflict),
    };
    deposits.into_iter().map(listed).collect()
}

#[cfg(test)]
mod tests;
