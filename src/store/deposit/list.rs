//! Lists of the deposits of a round, for officers.

use super::{StoreError, Summary};
use crate::{
    domain::{calendar::RoundId, ids::DossierId, search::SearchQuery},
    store::search,
};
use sqlx::{FromRow, MySqlConnection, QueryBuilder};

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
    /// Dossiers that the reader may not see.
    pub hidden: Vec<DossierId>,
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

/// A row of a list: a deposit, and the state of its examination.
#[derive(Clone, Debug, FromRow)]
pub struct ListedDeposit {
    #[sqlx(flatten)]
    pub summary: Summary,
    /// It was found admissible.
    pub admitted: bool,
    /// Addresses of the experts to whom it is given, separated by spaces.
    pub experts: String,
    /// Addresses of those who have declared a conflict of interest, separated by spaces.
    pub in_conflict: String,
}

impl ListedDeposit {
    /// Addresses of the experts to whom it is given.
    pub fn experts(&self) -> impl Iterator<Item = &str> {
        self.experts.split_whitespace()
    }

    /// Addresses of those who have declared a conflict of interest.
    pub fn in_conflict(&self) -> impl Iterator<Item = &str> {
        self.in_conflict.split_whitespace()
    }

    /// True if the person with this address has declared a conflict of interest.
    #[must_use]
    pub fn has_conflict(&self, email: &str) -> bool {
        self.in_conflict().any(|other| other == email)
    }
}

/// The company of the deposit has other current ones in the round.
const HAS_OTHERS: &str = "exists (select 1 from deposit o
                                  where o.call_id = deposit.call_id and o.round_id = deposit.round_id and o.standing
                                  and o.siren = deposit.siren and o.siren <> '' and o.dossier_id <> deposit.dossier_id)";
/// It was found admissible.
const ADMITTED: &str = "exists (select 1 from dossier d
                                where d.dossier_id = deposit.dossier_id and d.admitted_at is not null)";
/// Somebody has declared a conflict of interest in it.
const DECLARED: &str = "exists (select 1 from interest n where n.dossier_id = deposit.dossier_id and n.conflict)";
/// An expert to whom it is given has declared one.
const EXPERT_IN_CONFLICT: &str = "exists (select 1 from assignment s join interest n using (dossier_id, account_id)
                                          where s.dossier_id = deposit.dossier_id and s.ended_at is null and n.conflict)";
/// It is given to some expert.
const GIVEN: &str =
    "exists (select 1 from assignment s where s.dossier_id = deposit.dossier_id and s.ended_at is null)";

/// Returns the current deposits of a round, and the total number that matches the filter.
pub async fn list(
    db: &mut MySqlConnection,
    call: &str,
    round: &RoundId,
    filter: &Filter,
) -> Result<(Vec<ListedDeposit>, u64), StoreError> {
    let mut query = QueryBuilder::new(
        "select dossier_id as dossier, version, receipt_number as receipt, siren, company, title, bricks,
                base_cents as base, aid_cents as aid, deposited_at as at,
                coalesce((select group_concat(a.email order by s.assigned_at, a.email separator ' ')
                          from assignment s join account a on a.account_id = s.account_id
                          where s.dossier_id = deposit.dossier_id and s.ended_at is null), '') as experts,
                coalesce((select group_concat(a.email order by n.declared_at, a.email separator ' ')
                          from interest n join account a on a.account_id = n.account_id
                          where n.dossier_id = deposit.dossier_id and n.conflict), '') as in_conflict, ",
    );
    query.push(ADMITTED).push(" as admitted, cast(warnings + if(").push(HAS_OTHERS).push(", ");
    query.push_bind(filter.findings_of_others).push(", 0) as unsigned) as warnings from deposit where call_id = ");
    push_filters(&mut query, call, round, filter);
    query.push(match filter.sort {
        Sort::Deposited => " order by deposited_at",
        Sort::Company => " order by company collate utf8mb4_unicode_ci",
        Sort::Title => " order by title collate utf8mb4_unicode_ci",
        Sort::Base => " order by base_cents",
        Sort::Aid => " order by aid_cents",
    });
    query.push(if filter.descending { " desc, sequence desc" } else { ", sequence" });
    query.push(" limit ").push_bind(filter.limit).push(" offset ").push_bind(filter.offset);
    let rows: Vec<ListedDeposit> = query.build_query_as().fetch_all(&mut *db).await?;
    let whole = filter.offset == 0 && rows.len() < filter.limit as usize;
    let total = if whole { rows.len() as u64 } else { count(db, call, round, filter).await? };
    Ok((rows, total))
}

async fn count(db: &mut MySqlConnection, call: &str, round: &RoundId, filter: &Filter) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::new("select count(*) from deposit where call_id = ");
    push_filters(&mut query, call, round, filter);
    let count: i64 = query.build_query_scalar().fetch_one(db).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn push_filters(query: &mut QueryBuilder<sqlx::MySql>, call: &str, round: &RoundId, filter: &Filter) {
    query.push_bind(call.to_owned()).push(" and round_id = ").push_bind(round.clone()).push(" and standing");
    hide(query, &filter.hidden);
    if let Some(search) = &filter.search {
        search::restrict(query, "deposit", call, round, search);
    }
    if !filter.brick.is_empty() {
        query.push(" and find_in_set(").push_bind(filter.brick.clone()).push(", replace(bricks, ' ', ','))");
    }
    if filter.warnings {
        query.push(" and (warnings > 0");
        if filter.findings_of_others > 0 {
            query.push(" or ").push(HAS_OTHERS);
        }
        query.push(")");
    }
    if let Some(admitted) = filter.admitted {
        query.push(if admitted { " and " } else { " and not " }).push(ADMITTED);
    }
    match &filter.assigned {
        None => {}
        Some(Assigned::Nobody) => {
            query.push(" and not ").push(GIVEN);
        }
        Some(Assigned::Somebody) => {
            query.push(" and ").push(GIVEN);
        }
        Some(Assigned::To(email)) => {
            query
                .push(
                    " and exists (select 1 from assignment s join account a on a.account_id = s.account_id
                                  where s.dossier_id = deposit.dossier_id and s.ended_at is null and a.email = ",
                )
                .push_bind(email.clone())
                .push(")");
        }
    }
    if let Some(conflicts) = filter.conflicts {
        query.push(" and ").push(match conflicts {
            Conflicts::Declared => DECLARED,
            Conflicts::OfExpert => EXPERT_IN_CONFLICT,
        });
    }
}

/// Excludes dossiers from a query.
pub(in crate::store) fn hide(query: &mut QueryBuilder<sqlx::MySql>, hidden: &[DossierId]) {
    if !hidden.is_empty() {
        query.push(" and dossier_id not in (");
        let mut ids = query.separated(", ");
        for id in hidden {
            ids.push_bind(id);
        }
        query.push(")");
    }
}
