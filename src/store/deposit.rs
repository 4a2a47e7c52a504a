//! Deposited versions and their receipts. A version is written once; only the marker of the current version changes.

mod batch;
mod list;

pub use batch::{CompanyQuestion, NewDeposit, by_attempts, insert_all, others_of_companies};
pub use list::{Assigned, BoundedCount, Conflicts, Filter, ListPage, ListedDeposit, Sort, list};

use super::{
    StoreError,
    account::{self, Account},
    column::InstantColumn,
    row::inconsistent,
    several::push_list,
};
use crate::auth::{Guarded, Protected};
use crate::domain::{
    access::Stage,
    ids::{AccountId, DossierId},
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

/// Returns the head of the receipt chain: sequence and digest of the last statement.
pub async fn chain_head(db: &mut MySqlConnection) -> Result<(u64, String), StoreError> {
    Ok(sqlx::query_as("select sequence, link from chain where name = 'receipt'").fetch_one(db).await?)
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

#[derive(FromRow)]
struct ReaderReceiptRow {
    #[sqlx(flatten)]
    receipt: StoredReceipt,
    conflict: Option<bool>,
}

/// Returns receipts by their numbers, each with what a reader has declared of its dossier: a conflict of interests, none, or
/// nothing yet. A number without a receipt is missing.
pub async fn by_numbers(
    db: &mut MySqlConnection,
    numbers: &[&str],
    reader: AccountId,
) -> Result<Vec<(Guarded<StoredReceipt>, Option<bool>)>, StoreError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(
        "select p.dossier_id as dossier, d.account_id as owner, p.call_id as `call`, p.standing,
                d.admitted_at is not null as admitted, p.receipt as text, n.conflict
         from deposit p join dossier d on d.dossier_id = p.dossier_id
         left join interest n on n.dossier_id = p.dossier_id and n.account_id = ",
    );
    query.push_bind(reader).push(" where p.receipt_number in ");
    push_list(&mut query, numbers);
    let rows: Vec<ReaderReceiptRow> = query.build_query_as().fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (Guarded::new(row.receipt), row.conflict)).collect())
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
