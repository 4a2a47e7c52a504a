//! Lists of the deposits of a round, for officers.

use super::{StoreError, Summary};
use crate::domain::{calendar::RoundId, ids::DossierId};
use sqlx::{MySqlConnection, QueryBuilder};

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

/// Filter, order and page of a list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Dossiers that the reader may not see.
    pub hidden: Vec<DossierId>,
    /// Search terms for company, title, SIREN and receipt number.
    pub search_terms: String,
    pub brick: String,
    /// Only deposits with warnings.
    pub warnings: bool,
    pub sort: Sort,
    pub descending: bool,
    /// Number of rows to skip.
    pub offset: u32,
    /// Maximum number of rows.
    pub limit: u32,
}

/// Returns the current deposits of a round, and the total number that matches the filter.
pub async fn list(
    db: &mut MySqlConnection,
    call: &str,
    round: &RoundId,
    filter: &Filter,
) -> Result<(Vec<Summary>, u64), StoreError> {
    let mut query = QueryBuilder::new(
        "select dossier_id as dossier, version, receipt_number as receipt, siren, company, title, bricks,
                base_cents as base, aid_cents as aid, warnings, deposited_at as at,
                exists (select 1 from dossier d
                        where d.dossier_id = deposit.dossier_id and d.admitted_at is not null) as admitted,
                exists (select 1 from assignment s join interest n using (dossier_id, account_id)
                        where s.dossier_id = deposit.dossier_id and s.ended_at is null and n.conflict) as `replace`
         from deposit where call_id = ",
    );
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
    let rows: Vec<Summary> = query.build_query_as().fetch_all(&mut *db).await?;
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
    for word in filter.search_terms.split_whitespace().take(5) {
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        query
            .push(" and concat_ws(' ', company, title, siren, receipt_number) collate utf8mb4_unicode_ci like ")
            .push_bind(format!("%{escaped}%"));
    }
    if !filter.brick.is_empty() {
        query.push(" and find_in_set(").push_bind(filter.brick.clone()).push(", replace(bricks, ' ', ','))");
    }
    if filter.warnings {
        query.push(" and warnings > 0");
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
