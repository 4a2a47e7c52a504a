//! Declarations of interest in dossiers, by users who examine and evaluate them.

use super::{StoreError, column::InstantColumn, row::to_datetime};
use crate::domain::ids::{AccountId, DossierId};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};

/// A declared conflict of interest.
#[derive(Clone, Debug, FromRow)]
pub struct Conflict {
    /// Address of the person who declared it.
    pub email: String,
    /// When it was declared.
    #[sqlx(try_from = "InstantColumn")]
    pub at: Timestamp,
}

/// Returns the conflicts of interest that people have declared on a dossier, the first one first.
pub async fn conflicts_on(db: &mut MySqlConnection, dossier: DossierId) -> Result<Vec<Conflict>, StoreError> {
    Ok(sqlx::query_as(
        "select a.email, n.declared_at as at from interest n join account a on a.account_id = n.account_id
         where n.dossier_id = ? and n.conflict order by n.declared_at, a.email",
    )
    .bind(dossier)
    .fetch_all(db)
    .await?)
}

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
