//! Declarations of interest in dossiers, by users who examine and evaluate them.

use super::{StoreError, row::to_datetime};
use crate::domain::ids::{AccountId, DossierId};
use jiff::Timestamp;
use sqlx::MySqlConnection;

/// A declared conflict of interest.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Address of the person who declared it.
    pub email: String,
    /// When it was declared.
    pub at: Timestamp,
}

/// Writes a user's declaration. A declared conflict is never removed.
pub async fn declare(
    db: &mut MySqlConnection,
    dossier: DossierId,
    account: AccountId,
    conflict: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into interest (dossier_id, account_id, conflict, declared_at) values (?, ?, ?, ?)
         on duplicate key update declared_at = if(conflict, declared_at, values(declared_at)),
                                 conflict = conflict or values(conflict)",
    )
    .bind(dossier)
    .bind(account)
    .bind(conflict)
    .bind(to_datetime(now))
    .execute(db)
    .await?;
    Ok(())
}
