//! What of a round a list shows, and in which order.

use crate::domain::search::SearchQuery;

/// Columns by which a list can be sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Instant of the deposit.
    #[default]
    Deposited,
    Company,
    Title,
    Base,
    Aid,
}

/// To whom a deposit is given, as a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// To nobody.
    Nobody,
    /// To some expert.
    Somebody,
    /// To the expert with this address.
    To(String),
}

/// Declared conflicts of interest, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Somebody has declared one.
    Declared,
    /// An expert to whom the deposit is given has declared one, and must be replaced.
    OfExpert,
}

/// Filter, order and page of a list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Number of findings of a deposit whose company has other deposits in the round.
    pub findings_of_others: u32,
    /// Search terms as typed.
    pub search_terms: String,
    /// The same, parsed.
    pub search: Option<SearchQuery>,
    pub brick: String,
    /// Only deposits with warnings.
    pub warnings: bool,
    /// Only what was found admissible (true), or only what was not (false).
    pub admitted: Option<bool>,
    pub assigned: Option<Assigned>,
    pub conflicts: Option<Conflicts>,
    pub sort: Sort,
    pub descending: bool,
    /// Number of rows to skip.
    pub offset: u32,
    /// Maximum number of rows.
    pub limit: u32,
}
