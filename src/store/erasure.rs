//! What goes when a draft is deleted or an account is closed. The rows of both stay without content: attempts, events and
//! receipts refer to them, and an id never serves again.

use super::{
    StoreError,
    row::{IDS_PER_STATEMENT, to_datetime},
};
use crate::domain::ids::{AccountId, DossierId};
use jiff::Timestamp;
use sqlx::{MySql, MySqlConnection, QueryBuilder};
use std::collections::BTreeMap;

/// What went with a draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DraftErasure {
    pub pieces: u64,
    /// Invitations that were valid or had run out.
    pub invitations: u64,
}

/// Takes the content of drafts, their pieces and their invitations, which are forgotten at an instant. The drafts must be
/// locked.
pub async fn delete_drafts(
    db: &mut MySqlConnection,
    drafts: &[DossierId],
    now: Timestamp,
    forget_at: Timestamp,
) -> Result<Vec<(DossierId, DraftErasure)>, StoreError> {
    let mut gone: BTreeMap<DossierId, DraftErasure> = drafts.iter().map(|id| (*id, DraftErasure::default())).collect();
    for some in drafts.chunks(IDS_PER_STATEMENT) {
        for id in delete_pieces(db, some).await? {
            gone.entry(id).or_default().pieces += 1;
        }
        let mut query = QueryBuilder::new("delete from company_lookup where dossier_id in ");
        push_ids(&mut query, some);
        query.build().execute(&mut *db).await?;
        let mut query =
            QueryBuilder::new("select dossier_id from delegation where revoked_at is null and dossier_id in ");
        push_ids(&mut query, some);
        // Whoever was invited may close their own account at the same time.
        query.push(" for update");
        let invited: Vec<DossierId> = query.build_query_scalar().fetch_all(&mut *db).await?;
        for id in invited {
            gone.entry(id).or_default().invitations += 1;
        }
        let mut query = QueryBuilder::new("update delegation set revoked_at = ");
        query.push_bind(to_datetime(now)).push(" where revoked_at is null and dossier_id in ");
        push_ids(&mut query, some);
        query.build().execute(&mut *db).await?;
        // Those that were revoked before are not needed either.
        let mut query = QueryBuilder::new("update delegation set note = '', forget_at = ");
        query.push_bind(to_datetime(forget_at)).push(" where forget_at is null and dossier_id in ");
        push_ids(&mut query, some);
        query.build().execute(&mut *db).await?;
        let mut query =
            QueryBuilder::new("update dossier set draft = '{}', changes = null, origin = null, deleted_at = ");
        query.push_bind(to_datetime(now)).push(" where dossier_id in ");
        push_ids(&mut query, some);
        query.build().execute(&mut *db).await?;
    }
    Ok(gone.into_iter().collect())
}

/// Takes from dossiers that were deposited what no receipt seals: the drafts and their pieces.
pub async fn empty_drafts(db: &mut MySqlConnection, dossiers: &[DossierId]) -> Result<(), StoreError> {
    for some in dossiers.chunks(IDS_PER_STATEMENT) {
        delete_pieces(db, some).await?;
        let mut query =
            QueryBuilder::new("update dossier set draft = '{}', changes = null, origin = null where dossier_id in ");
        push_ids(&mut query, some);
        query.build().execute(&mut *db).await?;
    }
    Ok(())
}

/// Deletes the pieces of drafts, and returns the dossier of each.
async fn delete_pieces(db: &mut MySqlConnection, dossiers: &[DossierId]) -> Result<Vec<DossierId>, StoreError> {
    let mut query = QueryBuilder::new("delete from piece where dossier_id in ");
    push_ids(&mut query, dossiers);
    query.push(" returning dossier_id");
    Ok(query.build_query_scalar().fetch_all(db).await?)
}

/// Appends a list of dossiers, in parentheses.
fn push_ids(query: &mut QueryBuilder<MySql>, dossiers: &[DossierId]) {
    query.push("(");
    let mut listed = query.separated(", ");
    for id in dossiers {
        listed.push_bind(*id);
    }
    query.push(")");
}

/// Whether a person held a part of a dossier until it was deleted.
pub async fn was_guest(
    db: &mut MySqlConnection,
    id: DossierId,
    email: &str,
    deleted_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "select exists(select 1 from delegation where dossier_id = ? and email = ? and revoked_at = ?)";
    Ok(sqlx::query_scalar(sql).bind(id).bind(email).bind(to_datetime(deleted_at)).fetch_one(db).await?)
}

/// Returns the dossiers of an account that are not deleted, each with its number of deposited versions.
pub async fn dossiers(db: &mut MySqlConnection, owner: AccountId) -> Result<Vec<(DossierId, u32)>, StoreError> {
    Ok(sqlx::query_as(
        "select dossier_id, versions from dossier where account_id = ? and deleted_at is null order by dossier_id",
    )
    .bind(owner)
    .fetch_all(db)
    .await?)
}

/// Returns the same, locked until the transaction ends.
pub async fn lock_dossiers(db: &mut MySqlConnection, owner: AccountId) -> Result<Vec<(DossierId, u32)>, StoreError> {
    Ok(sqlx::query_as(
        "select dossier_id, versions from dossier where account_id = ? and deleted_at is null
         order by dossier_id for update",
    )
    .bind(owner)
    .fetch_all(db)
    .await?)
}

/// Ends every way into an account: sessions, tokens, passkeys, ceremonies under way, roles that have ended.
pub async fn end_access(db: &mut MySqlConnection, id: AccountId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("delete from session where account_id = ?").bind(id).execute(&mut *db).await?;
    sqlx::query("delete from passkey where account_id = ?").bind(id).execute(&mut *db).await?;
    sqlx::query("delete from ceremony where account_id = ?").bind(id).execute(&mut *db).await?;
    sqlx::query("delete from account_role where account_id = ?").bind(id).execute(&mut *db).await?;
    // A token stays in the list of revoked ones until its last day: other services verify it without us.
    sqlx::query("delete n from narrowed_token n join api_token t on t.token_id = n.token_id where t.account_id = ?")
        .bind(id)
        .execute(&mut *db)
        .await?;
    sqlx::query("update api_token set revoked_at = coalesce(revoked_at, ?), label = '' where account_id = ?")
        .bind(to_datetime(now))
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends the invitations that a person gave or received, which are forgotten at an instant, and returns how many were
/// valid or had run out.
pub async fn end_invitations(
    db: &mut MySqlConnection,
    id: AccountId,
    email: &str,
    now: Timestamp,
    forget_at: Timestamp,
) -> Result<u64, StoreError> {
    let done =
        sqlx::query("update delegation set revoked_at = ? where (given_by = ? or email = ?) and revoked_at is null")
            .bind(to_datetime(now))
            .bind(id)
            .bind(email)
            .execute(&mut *db)
            .await?;
    sqlx::query(
        "update delegation set note = '', forget_at = ? where (given_by = ? or email = ?) and forget_at is null",
    )
    .bind(to_datetime(forget_at))
    .bind(id)
    .bind(email)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Takes the address of an account, which so is free for a new one. What stands in its place is no address, so that
/// nobody signs in with it; nor has it a space, which separates addresses in lists.
pub async fn close_account(db: &mut MySqlConnection, id: AccountId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update account set email = ?, closed_at = ? where account_id = ?")
        .bind(format!("closed:{id}"))
        .bind(to_datetime(now))
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

/// Removes some of the invitations that are to be forgotten, and returns how many.
pub async fn sweep_invitations(db: &mut MySqlConnection, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let done = sqlx::query("delete from delegation where forget_at < ? order by forget_at limit ?")
        .bind(to_datetime(now))
        .bind(limit)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
