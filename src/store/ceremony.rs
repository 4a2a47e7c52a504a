//! Ceremonies under way: what a sign-in elsewhere began with, and what its end has to be held against. Each ends once.

use super::{
    StoreError,
    row::{impossible, instant},
};
use crate::domain::ids::AccountId;
use jiff::Timestamp;
use sqlx::MySqlConnection;
use uuid::Uuid;

/// What a ceremony is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CeremonyKind {
    /// To add a passkey.
    Register,
    /// To sign in by passkey.
    Authenticate,
    /// To show that the person at a session is still the same.
    StepUp,
    /// To sign in by an identity provider.
    Oidc,
}

impl CeremonyKind {
    /// The word in the database.
    fn slug(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Authenticate => "authenticate",
            Self::StepUp => "step_up",
            Self::Oidc => "oidc",
        }
    }
}

/// Old ceremonies forgotten when one begins, so that what nobody ends does not pile up.
const MAX_SWEPT_ROWS: u32 = 20;

/// Begins a ceremony, of an account or of nobody known yet.
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
        .bind(account.map(|account| account.0))
        .bind(state.to_string())
        .bind(instant(expires))
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets some of the ceremonies that nobody ended in time.
pub async fn sweep(db: &mut MySqlConnection, before: Timestamp) -> Result<(), StoreError> {
    sqlx::query("delete from ceremony where expires_at < ? order by expires_at limit ?")
        .bind(instant(before))
        .bind(MAX_SWEPT_ROWS)
        .execute(db)
        .await?;
    Ok(())
}

/// Takes a ceremony away and gives its state: whoever comes second finds none, and so does whoever comes too late, for
/// something else, or as somebody else.
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
    .bind(account.map(|account| account.0))
    .bind(instant(now))
    .fetch_optional(db)
    .await?;
    state.map(|(state,)| serde_json::from_str(&state).map_err(|_| impossible("ceremony", "state"))).transpose()
}
