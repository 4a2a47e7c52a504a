//! Deposited versions and their receipts. A version is written once; only the marker of the current version changes.

mod list;

pub use list::{Assigned, BoundedCount, Conflicts, Filter, ListPage, ListedDeposit, Sort, list};

use super::{
    StoreError,
    account::{self, Account},
    column::InstantColumn,
    row::{inconsistent, to_datetime},
};
use crate::auth::{Guarded, Protected};
use crate::domain::{
    access::Stage,
    calendar::RoundId,
    dossier::Dossier,
    ids::{AccountId, AttemptId, DossierId},
    money::Cents,
    receipt::{Receipt, Standing, Statement},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};

/// Summary of a deposit.
#[derive(Clone, Debug, FromRow)]
pub struct Summary {
    pub dossier: DossierId,
    pub version: u32,
    /// Number of the receipt.
    pub receipt: String,
    /// SIREN of the company: its French number, 9 digits.
    pub siren: String,
    pub company: String,
    /// Title of the project.
    pub title: String,
    /// Bricks, separated by spaces.
    pub bricks: String,
    pub base: Cents,
    pub aid: Cents,
    /// Number of findings that an officer examines. A row has those of the answers and pieces alone; a list adds those
    /// that depend on other deposits, as they are now.
    pub warnings: u32,
    /// When the deposit was received.
    #[sqlx(try_from = "InstantColumn")]
    pub at: Timestamp,
}

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
    /// Code and SHA-256 of every piece.
    pub pieces: &'a [(String, String)],
}

/// Returns the head of the receipt chain: sequence and digest of the last statement.
pub async fn chain_head(db: &mut MySqlConnection) -> Result<(u64, String), StoreError> {
    Ok(sqlx::query_as("select sequence, link from chain where name = 'receipt'").fetch_one(db).await?)
}

/// Inserts a deposit.
///
/// # Errors
/// [`StoreError::Duplicate`] with `deposit_attempt` when the attempt was done before.
pub async fn insert(db: &mut MySqlConnection, deposit: &NewDeposit<'_>) -> Result<(), StoreError> {
    let NewDeposit { summary, receipt, .. } = deposit;
    if summary.version > 1 {
        sqlx::query("update deposit set standing = false where dossier_id = ?")
            .bind(summary.dossier)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query(
        "insert into deposit (dossier_id, version, attempt_id, receipt_number, sequence, call_id, round_id, account_id,
                              standing, siren, company, title, bricks, base_cents, aid_cents, warnings, deposited_at,
                              sealed_at, receipt)
         values (?, ?, ?, ?, ?, ?, ?, ?, true, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(summary.dossier)
    .bind(summary.version)
    .bind(deposit.attempt)
    .bind(&summary.receipt)
    .bind(receipt.statement.sequence)
    .bind(deposit.call)
    .bind(deposit.round)
    .bind(deposit.account)
    .bind(&summary.siren)
    .bind(&summary.company)
    .bind(&summary.title)
    .bind(&summary.bricks)
    .bind(summary.base)
    .bind(summary.aid)
    .bind(summary.warnings)
    .bind(to_datetime(summary.at))
    .bind(to_datetime(receipt.statement.sealed_at()))
    .bind(deposit.text)
    .execute(&mut *db)
    .await?;
    if !deposit.pieces.is_empty() {
        let mut query = QueryBuilder::new("insert into deposit_piece (dossier_id, version, code, sha256) ");
        query.push_values(deposit.pieces, |mut row, (code, sha256)| {
            row.push_bind(summary.dossier).push_bind(summary.version).push_bind(code).push_bind(sha256);
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Returns the receipt of an attempt on a dossier, and whether its version is current.
pub async fn by_attempt(
    db: &mut MySqlConnection,
    dossier: DossierId,
    attempt: AttemptId,
) -> Result<Option<(String, bool)>, StoreError> {
    Ok(sqlx::query_as("select receipt_number, standing from deposit where dossier_id = ? and attempt_id = ?")
        .bind(dossier)
        .bind(attempt)
        .fetch_optional(db)
        .await?)
}

/// A stored receipt, with its owner, its place and whether its version is current.
#[derive(Clone, Debug, FromRow)]
pub struct StoredReceipt {
    pub dossier: DossierId,
    /// Owner of the dossier.
    pub owner: AccountId,
    pub call: String,
    /// This version is the current one.
    #[sqlx(rename = "standing")]
    pub is_current: bool,
    /// True if the current deposit was found admissible.
    pub admitted: bool,
    /// The receipt as signed.
    pub text: String,
}

impl Protected for StoredReceipt {
    fn dossier(&self) -> DossierId {
        self.dossier
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn stage(&self) -> Stage {
        match (self.is_current, self.admitted) {
            (true, true) => Stage::Admissible,
            (true, false) => Stage::Deposited,
            (false, _) => Stage::Withdrawn,
        }
    }
}

impl StoredReceipt {
    /// Parses the receipt.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] when the column contains anything else.
    pub fn receipt(&self) -> Result<Receipt, StoreError> {
        serde_json::from_str(&self.text).map_err(|_| inconsistent("deposit", "receipt"))
    }
}

/// Returns a receipt by its number.
pub async fn by_number(db: &mut MySqlConnection, number: &str) -> Result<Option<Guarded<StoredReceipt>>, StoreError> {
    let row: Option<StoredReceipt> = sqlx::query_as(
        "select p.dossier_id as dossier, d.account_id as owner, p.call_id as `call`, p.standing,
                d.admitted_at is not null as admitted, p.receipt as text
         from deposit p join dossier d on d.dossier_id = p.dossier_id where p.receipt_number = ?",
    )
    .bind(number)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Guarded::new))
}

/// Returns what became of the deposit with this receipt.
pub async fn standing(db: &mut MySqlConnection, statement: &Statement) -> Result<Standing, StoreError> {
    let row: Option<(bool, bool)> = sqlx::query_as(
        "select p.standing, d.deposit_version is not null
         from deposit p join dossier d on d.dossier_id = p.dossier_id
         where p.receipt_number = ? and p.dossier_id = ? and p.version = ?",
    )
    .bind(&statement.number)
    .bind(statement.dossier)
    .bind(statement.version)
    .fetch_optional(db)
    .await?;
    Ok(match row {
        Some((true, _)) => Standing::Current,
        Some((false, true)) => Standing::Replaced,
        Some((false, false)) => Standing::Withdrawn,
        None => Standing::Unknown,
    })
}

/// Returns who made a deposit, and its receipt.
pub async fn depositor(db: &mut MySqlConnection, number: &str) -> Result<Option<(Account, Receipt)>, StoreError> {
    let row: Option<(AccountId, String)> =
        sqlx::query_as("select account_id, receipt from deposit where receipt_number = ?")
            .bind(number)
            .fetch_optional(&mut *db)
            .await?;
    let Some((depositor, text)) = row else { return Ok(None) };
    let receipt = serde_json::from_str(&text).map_err(|_| inconsistent("deposit", "receipt"))?;
    Ok(account::load(db, depositor).await?.map(|account| (account, receipt)))
}

/// Leaves a dossier without a current version, after a withdrawal: lists no longer show it.
pub async fn clear_current(db: &mut MySqlConnection, dossier: DossierId) -> Result<(), StoreError> {
    sqlx::query("update deposit set standing = false where dossier_id = ?").bind(dossier).execute(db).await?;
    Ok(())
}

/// One deposited version, without its content.
#[derive(Clone, Debug, FromRow)]
pub struct Version {
    /// Version number, from 1.
    pub version: u32,
    /// Number of its receipt.
    pub receipt: String,
    /// Instant of the deposit.
    #[sqlx(try_from = "InstantColumn")]
    pub at: Timestamp,
    /// It is the current version.
    #[sqlx(rename = "standing")]
    pub is_current: bool,
}

/// Returns every version of a dossier, the latest first.
pub async fn versions(db: &mut MySqlConnection, dossier: DossierId) -> Result<Vec<Version>, StoreError> {
    Ok(sqlx::query_as(
        "select version, receipt_number as receipt, deposited_at as at, standing from deposit
         where dossier_id = ? order by version desc",
    )
    .bind(dossier)
    .fetch_all(db)
    .await?)
}

/// Counts the other currently deposited dossiers of a company in a round (rule ELI-4 of `calls/hyper-open-x.toml`) that
/// a reader may know of: their own, and those of which they hold a part. A company's number is public, so a user who
/// types it must not learn from the answer whether that company has deposited.
pub async fn others_of_company(
    db: &mut MySqlConnection,
    dossier: &Dossier,
    siren: &str,
    reader: &Account,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from deposit p join dossier d on d.dossier_id = p.dossier_id
         where p.call_id = ? and p.round_id = ? and p.standing = true and p.siren = ? and p.dossier_id <> ?
         and (d.account_id = ?
              or exists (select 1 from delegation g where g.dossier_id = p.dossier_id and g.email = ?
                         and g.revoked_at is null and g.ends_at >= ?))",
    )
    .bind(&dossier.call)
    .bind(&dossier.round)
    .bind(siren)
    .bind(dossier.id)
    .bind(reader.id)
    .bind(&reader.email)
    .bind(to_datetime(now))
    .fetch_one(db)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Returns receipts in the order of the chain, to verify the complete chain.
pub async fn chain(db: &mut MySqlConnection, after: u64, limit: u32) -> Result<Vec<Receipt>, StoreError> {
    let texts: Vec<String> =
        sqlx::query_scalar("select receipt from deposit where sequence > ? order by sequence limit ?")
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?;
    texts.iter().map(|text| serde_json::from_str(text).map_err(|_| inconsistent("deposit", "receipt"))).collect()
}
