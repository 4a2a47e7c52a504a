//! What sealing deposits reads and writes, of several at a time.

use super::Summary;
use crate::domain::{
    calendar::RoundId,
    ids::{AccountId, AttemptId, DossierId},
    receipt::Receipt,
};
use crate::store::{
    StoreError,
    account::Account,
    row::to_datetime,
    several::{chunks, padded, push_list},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use std::collections::HashMap;

/// Maximum length of the receipts in one statement: a quarter of what a server takes at once by default.
const MAX_STATEMENT_BYTES: usize = 4 * 1024 * 1024;

/// A deposit to be written.
#[derive(Debug)]
pub struct NewDeposit<'a> {
    /// Summary for lists.
    pub summary: &'a Summary,
    pub call: &'a str,
    pub round: &'a RoundId,
    /// Who deposited.
    pub account: AccountId,
    /// The attempt that it answers.
    pub attempt: AttemptId,
    /// The sealed receipt.
    pub receipt: &'a Receipt,
    /// The receipt as text, stored exactly as signed.
    pub text: &'a str,
}

/// Inserts deposits with the pieces that their dossiers have now. The dossiers and the head of the chain of receipts must
/// be locked; `after` is the sequence of that head.
///
/// # Errors
/// [`StoreError::Duplicate`] with `deposit_attempt` when an attempt was done before.
pub async fn insert_all(db: &mut MySqlConnection, after: u64, deposits: &[NewDeposit<'_>]) -> Result<(), StoreError> {
    let replaced = deposits.iter().map(|deposit| deposit.summary).filter(|summary| summary.version > 1);
    let replaced: Vec<DossierId> = replaced.map(|summary| summary.dossier).collect();
    if !replaced.is_empty() {
        // By the key, so that no row that another transaction holds is looked at.
        let mut query =
            QueryBuilder::new("update deposit force index (primary) set standing = false where dossier_id in ");
        push_list(&mut query, &replaced);
        query.build().execute(&mut *db).await?;
    }
    for chunk in chunks(deposits) {
        let bytes: usize = chunk.iter().map(|deposit| deposit.text.len()).sum();
        let rows_of_statement = if bytes > MAX_STATEMENT_BYTES { 1 } else { chunk.len() };
        for rows in chunk.chunks(rows_of_statement) {
            insert_rows(db, rows).await?;
        }
    }
    sqlx::query(
        "insert into deposit_piece (dossier_id, version, code, sha256)
         select n.dossier_id, n.version, p.code, p.sha256 from deposit n
         join piece p on p.dossier_id = n.dossier_id where n.sequence > ?",
    )
    .bind(after)
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_rows(db: &mut MySqlConnection, deposits: &[NewDeposit<'_>]) -> Result<(), StoreError> {
    let mut query = QueryBuilder::new(
        "insert into deposit (dossier_id, version, attempt_id, receipt_number, sequence, call_id, round_id, account_id,
                              standing, siren, company, title, bricks, base_cents, aid_cents, warnings, deposited_at,
                              sealed_at, receipt) ",
    );
    query.push_values(deposits, |mut row, deposit| {
        let NewDeposit { summary, receipt, .. } = deposit;
        row.push_bind(summary.dossier)
            .push_bind(summary.version)
            .push_bind(deposit.attempt)
            .push_bind(&summary.receipt)
            .push_bind(receipt.statement.sequence)
            .push_bind(deposit.call)
            .push_bind(deposit.round)
            .push_bind(deposit.account)
            .push("true")
            .push_bind(&summary.siren)
            .push_bind(&summary.company)
            .push_bind(&summary.title)
            .push_bind(&summary.bricks)
            .push_bind(summary.base)
            .push_bind(summary.aid)
            .push_bind(summary.warnings)
            .push_bind(to_datetime(summary.at))
            .push_bind(to_datetime(receipt.statement.sealed_at()))
            .push_bind(deposit.text);
    });
    query.build().execute(db).await?;
    Ok(())
}

/// What an attempt on a dossier has deposited.
#[derive(Clone, Debug, FromRow)]
pub struct KnownAttempt {
    #[sqlx(rename = "dossier_id")]
    pub dossier: DossierId,
    /// Number of the receipt.
    #[sqlx(rename = "receipt_number")]
    pub receipt: String,
    /// This version is the current one.
    #[sqlx(rename = "standing")]
    pub is_current: bool,
}

/// Returns what attempts have deposited, by dossier: one attempt on each.
pub async fn by_attempts(
    db: &mut MySqlConnection,
    attempts: &[(DossierId, AttemptId)],
) -> Result<HashMap<DossierId, KnownAttempt>, StoreError> {
    if attempts.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = QueryBuilder::new("select dossier_id, receipt_number, standing from deposit where ");
    let mut alternatives = query.separated(" or ");
    for (dossier, attempt) in padded(attempts) {
        alternatives.push("(dossier_id = ").push_bind_unseparated(*dossier).push_unseparated(" and attempt_id = ");
        alternatives.push_bind_unseparated(*attempt).push_unseparated(")");
    }
    let rows: Vec<KnownAttempt> = query.build_query_as().fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.dossier, row)).collect())
}

/// Which other deposits of a company are asked for.
#[derive(Clone, Copy, Debug)]
pub struct CompanyQuestion<'a> {
    /// The dossier that does not count.
    pub dossier: DossierId,
    pub call: &'a str,
    pub round: &'a RoundId,
    /// SIREN of the company: its French number, 9 digits.
    pub siren: &'a str,
    /// Who asks.
    pub reader: &'a Account,
    pub now: Timestamp,
}

/// Counts the other currently deposited dossiers of companies in their rounds (rule ELI-4 of `calls/hyper-open-x.toml`)
/// that a reader may know of: their own, and those of which they hold a part. A company's number is public, so a user who
/// types it must not learn from the answer whether that company has deposited. The counts are in the order of the
/// questions.
pub async fn others_of_companies(
    db: &mut MySqlConnection,
    questions: &[CompanyQuestion<'_>],
) -> Result<Vec<u32>, StoreError> {
    let mut counts = vec![0; questions.len()];
    if questions.is_empty() {
        return Ok(counts);
    }
    let mut query = QueryBuilder::new("select ");
    for (place, question) in padded(questions).enumerate() {
        if place > 0 {
            query.push(" union all select ");
        }
        query.push(place).push(
            " as place, count(*) as others from deposit p join dossier d on d.dossier_id = p.dossier_id
             where p.call_id = ",
        );
        query.push_bind(question.call).push(" and p.round_id = ").push_bind(question.round);
        query.push(" and p.standing = true and p.siren = ").push_bind(question.siren);
        query.push(" and p.dossier_id <> ").push_bind(question.dossier);
        query.push(" and (d.account_id = ").push_bind(question.reader.id);
        query.push(
            " or exists (select 1 from delegation g where g.dossier_id = p.dossier_id and g.revoked_at is null
                         and g.email = ",
        );
        query.push_bind(&question.reader.email);
        query.push(" and g.ends_at >= ").push_bind(to_datetime(question.now)).push("))");
    }
    let rows: Vec<(i64, i64)> = query.build_query_as().fetch_all(db).await?;
    for (place, others) in rows {
        if let Some(count) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
            *count = u32::try_from(others).unwrap_or(u32::MAX);
        }
    }
    Ok(counts)
}
