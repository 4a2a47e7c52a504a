//! Pending ceremonies: the state against which the response of a browser or an identity provider is verified. Each is
//! used once.

use super::{
    StoreError,
    row::{inconsistent, to_datetime},
};
use crate::domain::{ids::AccountId, slugs::slugs};
use jiff::Timestamp;
use sqlx::MySqlConnection;
use uuid::Uuid;

slugs! {
    /// Purpose of a ceremony.
    pub enum CeremonyKind {
        /// Add a passkey.
        Register = "register",
        /// Sign in by passkey.
        Authenticate = "authenticate",
        /// Confirm that the user of a session is still the same person.
        StepUp = "step_up",
        /// Sign in through an identity provider.
        Oidc = "oidc",
    }
}

/// Maximum number of expired ceremonies removed when one begins, so that abandoned ones do not accumulate.
const MAX_SWEPT_ROWS: u32 = 20;

/// Inserts a ceremony, with or without a known account.
pub async fn insert(
    db: &mut MySqlConnection,
    id: Uuid,
    kind: CeremonyKind,
    account: Option<AccountId>,
    state: &serde_json::Value,
    expires: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into ceremony (ceremony_id, kind, account_id, state, expires_at) values (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(kind.slug())
        .bind(account)
        .bind(state.to_string())
        .bind(to_datetime(expires))
        .execute(db)
        .await?;
    Ok(())
}

/// Removes some of the expired ceremonies.
pub async fn sweep(db: &mut MySqlConnection, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("delete from ceremony where expires_at < ? order by expires_at limit ?")
        .bind(to_datetime(before))
        .bind(MAX_SWEPT_ROWS)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes a ceremony and returns its state. Returns `None` if it was used already, has expired, has another purpose or
/// belongs to another account.
pub async fn take(
    db: &mut MySqlConnection,
    id: Uuid,
    kind: CeremonyKind,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<Option<serde_json::Value>, StoreError> {
    let state: Option<(String,)> = sqlx::query_as(
        "delete from ceremony where ceremony_id = ? and kind = ? and account_id <=> ? and expires_at > ?
         returning state",
    )
    .bind(id)
    .bind(kind.slug())
    .bind(account)
    .bind(to_datetime(now))
    .fetch_optional(db)
    .await?;
    state.map(|(state,)| serde_json::from_str(&state).map_err(|_| inconsistent("ceremony", "state"))).transpose()
}
