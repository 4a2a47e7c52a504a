//! Deposited versions and their receipts: written once, never changed but for which one stands.

mod list;

pub(super) use list::hide;
pub use list::{Filter, Sort, list};

use super::{
    StoreError,
    account::Account,
    row::{impossible, instant, timestamp},
};
use crate::auth::{Guarded, Protected};
use crate::domain::{
    access::Stage,
    calendar::RoundId,
    dossier::Dossier,
    ids::{AccountId, AttemptId, DossierId},
    money::Cents,
    receipt::Receipt,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection, QueryBuilder};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// What a list shows of a deposit.
#[derive(Clone, Debug)]
pub struct Summary {
    pub dossier: DossierId,
    pub version: u32,
    /// Number of the receipt.
    pub receipt: String,
    /// SIREN or SIRET of the company.
    pub siren: String,
    pub company: String,
    /// Project.
    pub title: String,
    /// Bricks, separated by blanks.
    pub bricks: String,
    pub base: Cents,
    pub aid: Cents,
    /// Findings that did not block.
    pub warnings: u32,
    /// When the deposit was received.
    pub at: Timestamp,
    /// It was found admissible.
    pub admitted: bool,
    /// An expert to whom it was given has declared a conflict of interests.
    pub replace: bool,
}

/// A deposit about to be written.
#[derive(Debug)]
pub struct NewDeposit<'a> {
    /// What lists show.
    pub summary: &'a Summary,
    pub call: &'a str,
    pub round: &'a RoundId,
    /// Depositor.
    pub account: AccountId,
    /// The attempt that it answers.
    pub attempt: AttemptId,
    /// The sealed receipt.
    pub receipt: &'a Receipt,
    /// The receipt as text: what is stored is what was signed.
    pub text: &'a str,
    /// Code and SHA-256 of every piece.
    pub pieces: &'a [(String, String)],
}

/// The head of the receipt chain: sequence and digest of the last statement.
pub async fn chain_head(db: &mut MySqlConnection) -> Result<(u64, String), StoreError> {
    Ok(sqlx::query_as("select sequence, link from chain where name = 'receipt'").fetch_one(db).await?)
}

/// Writes a deposit.
///
/// # Errors
/// [`StoreError::Duplicate`] with `deposit_attempt` when the attempt has been done already.
pub async fn insert(db: &mut MySqlConnection, deposit: &NewDeposit<'_>) -> Result<(), StoreError> {
    let NewDeposit { summary, receipt, .. } = deposit;
    if summary.version > 1 {
        sqlx::query("update deposit set standing = false where dossier_id = ?")
            .bind(summary.dossier.0)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query(
        "insert into deposit (dossier_id, version, attempt_id, receipt_number, sequence, call_id, round_id, account_id,
                              standing, siren, company, title, bricks, base_cents, aid_cents, warnings, deposited_at,
                              sealed_at, receipt)
         values (?, ?, ?, ?, ?, ?, ?, ?, true, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(summary.dossier.0)
    .bind(summary.version)
    .bind(deposit.attempt.0)
    .bind(&summary.receipt)
    .bind(receipt.statement.sequence)
    .bind(deposit.call)
    .bind(&deposit.round.0)
    .bind(deposit.account.0)
    .bind(&summary.siren)
    .bind(&summary.company)
    .bind(&summary.title)
    .bind(&summary.bricks)
    .bind(summary.base.0)
    .bind(summary.aid.0)
    .bind(summary.warnings)
    .bind(instant(summary.at))
    .bind(instant(receipt.statement.sealed_at()))
    .bind(deposit.text)
    .execute(&mut *db)
    .await?;
    if !deposit.pieces.is_empty() {
        let mut query = QueryBuilder::new("insert into deposit_piece (dossier_id, version, code, sha256) ");
        query.push_values(deposit.pieces, |mut row, (code, sha256)| {
            row.push_bind(summary.dossier.0).push_bind(summary.version).push_bind(code).push_bind(sha256);
        });
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// The receipt that an attempt on a dossier got, and whether its version stands.
pub async fn by_attempt(
    db: &mut MySqlConnection,
    dossier: DossierId,
    attempt: AttemptId,
) -> Result<Option<(String, bool)>, StoreError> {
    Ok(sqlx::query_as("select receipt_number, standing from deposit where dossier_id = ? and attempt_id = ?")
        .bind(dossier.0)
        .bind(attempt.0)
        .fetch_optional(db)
        .await?)
}

/// A receipt's owner, whether its version stands, where it belongs, and its text.
#[derive(Clone, Debug)]
pub struct Stored {
    pub dossier: DossierId,
    /// Owner of the dossier.
    pub owner: AccountId,
    pub call: String,
    pub round: RoundId,
    /// True while this version is the one that stands.
    pub standing: bool,
    /// True when what stands was found admissible.
    pub admitted: bool,
    /// The receipt, as it was signed.
    pub text: String,
}

impl Protected for Stored {
    fn dossier(&self) -> DossierId {
        self.dossier
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn stage(&self) -> Stage {
        match (self.standing, self.admitted) {
            (true, true) => Stage::Admissible,
            (true, false) => Stage::Deposited,
            (false, _) => Stage::Withdrawn,
        }
    }
}

impl Stored {
    /// The receipt itself.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] when the column holds anything else.
    pub fn receipt(&self) -> Result<Receipt, StoreError> {
        serde_json::from_str(&self.text).map_err(|_| impossible("deposit", "receipt"))
    }
}

#[derive(FromRow)]
struct StoredRow {
    dossier_id: Uuid,
    account_id: Uuid,
    call_id: String,
    round_id: String,
    standing: bool,
    admitted: bool,
    receipt: String,
}

impl From<StoredRow> for Stored {
    fn from(row: StoredRow) -> Self {
        Self {
            dossier: DossierId(row.dossier_id),
            owner: AccountId(row.account_id),
            call: row.call_id,
            round: RoundId(row.round_id),
            standing: row.standing,
            admitted: row.admitted,
            text: row.receipt,
        }
    }
}

/// A receipt by its number.
pub async fn by_number(db: &mut MySqlConnection, number: &str) -> Result<Option<Guarded<Stored>>, StoreError> {
    let row: Option<StoredRow> = sqlx::query_as(
        "select p.dossier_id, d.account_id, p.call_id, p.round_id, p.standing,
                d.admitted_at is not null as admitted, p.receipt
         from deposit p join dossier d on d.dossier_id = p.dossier_id where p.receipt_number = ?",
    )
    .bind(number)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Stored::from).map(Guarded::new))
}

/// Takes a standing deposit out of the lists.
pub async fn withdraw(db: &mut MySqlConnection, dossier: DossierId) -> Result<(), StoreError> {
    sqlx::query("update deposit set standing = false where dossier_id = ?").bind(dossier.0).execute(db).await?;
    Ok(())
}

/// One deposited version, without its content.
#[derive(Clone, Debug)]
pub struct Version {
    /// Version, from 1.
    pub version: u32,
    /// Number of its receipt.
    pub receipt: String,
    /// Instant of the deposit.
    pub at: Timestamp,
    /// True while it is the one that stands.
    pub standing: bool,
    /// Owner of the dossier.
    pub owner: AccountId,
    pub call: String,
    pub round: RoundId,
}

#[derive(FromRow)]
struct VersionRow {
    version: u32,
    receipt_number: String,
    deposited_at: PrimitiveDateTime,
    standing: bool,
    account_id: Uuid,
    call_id: String,
    round_id: String,
}

/// Every version of a dossier, the latest first.
pub async fn versions(db: &mut MySqlConnection, dossier: DossierId) -> Result<Vec<Version>, StoreError> {
    let rows: Vec<VersionRow> = sqlx::query_as(
        "select p.version, p.receipt_number, p.deposited_at, p.standing, d.account_id, p.call_id, p.round_id
         from deposit p join dossier d on d.dossier_id = p.dossier_id
         where p.dossier_id = ? order by p.version desc",
    )
    .bind(dossier.0)
    .fetch_all(db)
    .await?;
    let version = |row: VersionRow| Version {
        version: row.version,
        receipt: row.receipt_number,
        at: timestamp(row.deposited_at),
        standing: row.standing,
        owner: AccountId(row.account_id),
        call: row.call_id,
        round: RoundId(row.round_id),
    };
    Ok(rows.into_iter().map(version).collect())
}

/// Other dossiers of the same company that stand in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// All of them, for whoever examines.
    pub all: u32,
    /// Those that the reader may know of: their own, and those of which they hold a part.
    pub known: u32,
}

/// Counts the other dossiers of a company that stand in a round (ELI-4), as a whole and for one reader: a company's number
/// is public, so whoever types it must not learn from the answer whether that company has deposited.
pub async fn others_of_company(
    db: &mut MySqlConnection,
    dossier: &Dossier,
    siren: &str,
    reader: &Account,
    now: Timestamp,
) -> Result<Others, StoreError> {
    let (all, known): (i64, i64) = sqlx::query_as(
        "select count(*),
                count(if(d.account_id = ?
                         or exists (select 1 from delegation g where g.dossier_id = p.dossier_id and g.email = ?
                                    and g.revoked_at is null and g.ends_at >= ?), 1, null))
         from deposit p join dossier d on d.dossier_id = p.dossier_id
         where p.call_id = ? and p.round_id = ? and p.standing and p.siren = ? and p.dossier_id <> ?",
    )
    .bind(reader.id.0)
    .bind(&reader.email)
    .bind(instant(now))
    .bind(&dossier.call)
    .bind(&dossier.round.0)
    .bind(siren)
    .bind(dossier.id.0)
    .fetch_one(db)
    .await?;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Others { all: count(all), known: count(known) })
}

/// Every receipt in the order of the chain, for checking it whole.
pub async fn chain(db: &mut MySqlConnection, after: u64, limit: u32) -> Result<Vec<Receipt>, StoreError> {
    let texts: Vec<String> =
        sqlx::query_scalar("select receipt from deposit where sequence > ? order by sequence limit ?")
            .bind(after)
            .bind(limit)
            .fetch_all(db)
            .await?;
    texts.iter().map(|text| serde_json::from_str(text).map_err(|_| impossible("deposit", "receipt"))).collect()
}
