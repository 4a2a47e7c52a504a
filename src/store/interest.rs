//! Declarations of interest in dossiers, by users who examine and evaluate them.

use super::{StoreError, row::to_datetime};
use crate::domain::ids::{AccountId, DossierId};
use jiff::Timestamp;
use sqlx::MySqlConnection;

/// Returns a user's declaration on a dossier: a conflict (true), none (false), or nothing yet.
pub async fn declared(
    db: &mut MySqlConnection,
    dossier: DossierId,
    account: AccountId,
) -> Result<Option<bool>, StoreError> {
    Ok(sqlx::query_scalar("select conflict from interest where dossier_id = ? and account_id = ?")
        .bind(dossier)
        .bind(account)
        .fetch_optional(db)
        .await?)
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

/// Returns the dossiers on which a user has declared a conflict.
pub async fn conflicts(db: &mut MySqlConnection, account: AccountId) -> Result<Vec<DossierId>, StoreError> {
    Ok(sqlx::query_scalar("select dossier_id from interest where account_id = ? and conflict")
        .bind(account)
        .fetch_all(db)
        .await?)
}
