//! The journal: append-only, each line chained to the previous one; and the heads of the chains.

use super::{
    StoreError,
    row::{instant, one_row},
};
use crate::domain::event::Event;
use sqlx::MySqlConnection;

/// The hash chains of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Events.
    Journal,
    /// Receipts.
    Receipt,
}

impl Chain {
    fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Receipt => "receipt",
        }
    }
}

/// Locks the head of a chain and tells its sequence and link.
pub(super) async fn lock_head(db: &mut MySqlConnection, chain: Chain) -> Result<(u64, String), StoreError> {
    Ok(sqlx::query_as("select sequence, link from chain where name = ? for update")
        .bind(chain.name())
        .fetch_one(db)
        .await?)
}

/// Moves the head of a chain.
pub(super) async fn move_head(
    db: &mut MySqlConnection,
    chain: Chain,
    sequence: u64,
    link: &str,
) -> Result<(), StoreError> {
    let done = sqlx::query("update chain set sequence = ?, link = ? where name = ?")
        .bind(sequence)
        .bind(link)
        .bind(chain.name())
        .execute(db)
        .await?;
    one_row(done.rows_affected())
}

/// Appends an event; the last step of a transaction, since the head stays locked until it ends.
///
/// # Errors
/// When the database fails.
pub async fn append(db: &mut MySqlConnection, event: &Event) -> Result<(), StoreError> {
    let (last, previous) = lock_head(db, Chain::Journal).await?;
    let sequence = last + 1;
    let link = event.link(sequence, &previous);
    sqlx::query(
        "insert into event (sequence, at, kind, account_id, dossier_id, data, previous, link)
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(sequence)
    .bind(instant(event.at))
    .bind(event.kind.slug())
    .bind(event.actor.map(|id| id.0))
    .bind(event.dossier.map(|id| id.0))
    .bind(event.data.to_string())
    .bind(&previous)
    .bind(&link)
    .execute(&mut *db)
    .await?;
    move_head(db, Chain::Journal, sequence, &link).await
}

/// Kinds and instants of the events of a dossier, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn kinds_of_dossier(
    db: &mut MySqlConnection,
    dossier: crate::domain::ids::DossierId,
) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar("select kind from event where dossier_id = ? order by sequence")
        .bind(dossier.0)
        .fetch_all(db)
        .await?)
}
