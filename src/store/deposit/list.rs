//! Lists of the deposits of a round, for officers.

use super::{StoreError, Summary, timestamp};
use crate::domain::{calendar::RoundId, ids::DossierId, money::Cents};
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use time::PrimitiveDateTime;
use uuid::Uuid;

#[derive(FromRow)]
struct SummaryRow {
    dossier_id: Uuid,
    version: u32,
    receipt_number: String,
    siren: String,
    company: String,
    title: String,
    bricks: String,
    base_cents: i64,
    aid_cents: i64,
    warnings: u32,
    deposited_at: PrimitiveDateTime,
    admitted: bool,
    replaced: bool,
}

impl From<SummaryRow> for Summary {
    fn from(row: SummaryRow) -> Self {
        Self {
            dossier: DossierId(row.dossier_id),
            version: row.version,
            receipt: row.receipt_number,
            siren: row.siren,
            company: row.company,
            title: row.title,
            bricks: row.bricks,
            base: Cents(row.base_cents),
            aid: Cents(row.aid_cents),
            warnings: row.warnings,
            at: timestamp(row.deposited_at),
            admitted: row.admitted,
            replace: row.replaced,
        }
    }
}

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
    pub words: String,
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
        "select dossier_id, version, receipt_number, siren, company, title, bricks, base_cents, aid_cents, warnings,
                deposited_at,
                exists (select 1 from dossier d
                        where d.dossier_id = deposit.dossier_id and d.admitted_at is not null) as admitted,
                exists (select 1 from assignment s join interest n using (dossier_id, account_id)
                        where s.dossier_id = deposit.dossier_id and s.ended_at is null and n.conflict) as replaced
         from deposit where call_id = ",
    );
    narrow(&mut query, call, round, filter);
    query.push(match filter.sort {
        Sort::Deposited => " order by deposited_at",
        Sort::Company => " order by company collate utf8mb4_unicode_ci",
        Sort::Title => " order by title collate utf8mb4_unicode_ci",
        Sort::Base => " order by base_cents",
        Sort::Aid => " order by aid_cents",
    });
    query.push(if filter.descending { " desc, sequence desc" } else { ", sequence" });
    query.push(" limit ").push_bind(filter.limit).push(" offset ").push_bind(filter.offset);
    let rows: Vec<SummaryRow> = query.build_query_as().fetch_all(&mut *db).await?;
    let whole = filter.offset == 0 && rows.len() < filter.limit as usize;
    let total = if whole { rows.len() as u64 } else { count(db, call, round, filter).await? };
    Ok((rows.into_iter().map(Summary::from).collect(), total))
}

async fn count(db: &mut MySqlConnection, call: &str, round: &RoundId, filter: &Filter) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::new("select count(*) from deposit where call_id = ");
    narrow(&mut query, call, round, filter);
    let count: i64 = query.build_query_scalar().fetch_one(db).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn narrow(query: &mut QueryBuilder<sqlx::MySql>, call: &str, round: &RoundId, filter: &Filter) {
    query.push_bind(call.to_owned()).push(" and round_id = ").push_bind(round.0.clone()).push(" and standing");
    hide(query, &filter.hidden);
    for word in filter.words.split_whitespace().take(5) {
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
            ids.push_bind(id.0);
        }
        query.push(")");
    }
}
