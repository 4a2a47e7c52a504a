//! Delegations: the parts of a dossier that its owner has given to guests.

use super::{
    StoreError,
    account::Account,
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::{
    access::{Grant, GrantedAction, Part},
    ids::{AccountId, DossierId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// Parts of one dossier, given to a guest until an instant.
#[derive(Clone, Debug)]
pub struct Delegation {
    pub id: Uuid,
    pub dossier: DossierId,
    /// The account that gave it.
    pub given_by: AccountId,
    /// Address of the guest, who signs in with their own account.
    pub email: String,
    /// The parts, each with what may be done with it.
    pub parts: Vec<(Part, GrantedAction)>,
    /// The owner's note to the guest.
    pub note: String,
    pub given_at: Timestamp,
    /// Last valid instant.
    pub ends_at: Timestamp,
    /// Time of the guest's first visit.
    pub used_at: Option<Timestamp>,
}

impl Delegation {
    /// Returns its parts as grants.
    pub fn grants(&self) -> impl Iterator<Item = Grant> + '_ {
        let until = self.ends_at;
        self.parts.iter().map(move |(part, verb)| Grant { part: part.clone(), verb: *verb, until })
    }
}

#[derive(FromRow)]
struct DelegationRow {
    delegation_id: Uuid,
    dossier_id: DossierId,
    given_by: AccountId,
    email: String,
    parts: String,
    note: String,
    given_at: PrimitiveDateTime,
    ends_at: PrimitiveDateTime,
    used_at: Option<PrimitiveDateTime>,
}

/// Parses the parts of a delegation.
pub(super) fn parse_parts(text: &str) -> Option<Vec<(Part, GrantedAction)>> {
    text.split(' ').map(part).collect()
}

fn part(text: &str) -> Option<(Part, GrantedAction)> {
    let (part, verb) = text.rsplit_once('=')?;
    Some((part.parse().ok()?, verb.parse().ok()?))
}

impl TryFrom<DelegationRow> for Delegation {
    type Error = StoreError;
    fn try_from(row: DelegationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.delegation_id,
            dossier: row.dossier_id,
            given_by: row.given_by,
            email: row.email,
            parts: parse_parts(&row.parts).ok_or(inconsistent("delegation", "parts"))?,
            note: row.note,
            given_at: from_datetime(row.given_at),
            ends_at: from_datetime(row.ends_at),
            used_at: row.used_at.map(from_datetime),
        })
    }
}

/// A query for complete delegations.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "select delegation_id, dossier_id, given_by, email, parts, note, given_at, ends_at, used_at
             from delegation where revoked_at is null and ",
            $which
        )
    };
}

async fn all(
    query: sqlx::query::QueryAs<'_, sqlx::MySql, DelegationRow, sqlx::mysql::MySqlArguments>,
    db: &mut MySqlConnection,
) -> Result<Vec<Delegation>, StoreError> {
    query.fetch_all(db).await?.into_iter().map(Delegation::try_from).collect()
}

pub async fn insert(db: &mut MySqlConnection, given: &Delegation) -> Result<(), StoreError> {
    sqlx::query(
        "insert into delegation (delegation_id, dossier_id, given_by, email, parts, note, given_at, ends_at, used_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(given.id)
    .bind(given.dossier)
    .bind(given.given_by)
    .bind(&given.email)
    .bind(list(&given.parts))
    .bind(&given.note)
    .bind(to_datetime(given.given_at))
    .bind(to_datetime(given.ends_at))
    .bind(given.used_at.map(to_datetime))
    .execute(db)
    .await?;
    Ok(())
}

/// Serialises parts as one text.
fn list(parts: &[(Part, GrantedAction)]) -> String {
    let parts: Vec<String> = parts.iter().map(|(part, verb)| format!("{part}={}", verb.slug())).collect();
    parts.join(" ")
}

/// Whether these parts fit into one delegation.
#[must_use]
pub fn fits(parts: &[(Part, GrantedAction)]) -> bool {
    list(parts).len() <= 2000
}

/// Number of invitations sent since an instant, including revoked and replaced ones, because each was a mail.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct InvitationCounts {
    pub by_owner: i64,
    /// To the address, by anyone.
    pub to_guest: i64,
    /// By the owner to the address.
    pub between: i64,
}

/// Counts the invitations of an owner and of an address.
pub async fn sent(
    db: &mut MySqlConnection,
    owner: AccountId,
    email: &str,
    since: Timestamp,
) -> Result<InvitationCounts, StoreError> {
    Ok(sqlx::query_as(
        "select count(if(given_by = ?, 1, null)) as by_owner, count(if(email = ?, 1, null)) as to_guest,
                count(if(given_by = ? and email = ?, 1, null)) as `between`
         from delegation where (given_by = ? or email = ?) and given_at > ?",
    )
    .bind(owner)
    .bind(email)
    .bind(owner)
    .bind(email)
    .bind(owner)
    .bind(email)
    .bind(to_datetime(since))
    .fetch_one(db)
    .await?)
}

/// Returns the delegations of a dossier, including expired ones, the newest first.
pub async fn of_dossier(db: &mut MySqlConnection, id: DossierId) -> Result<Vec<Delegation>, StoreError> {
    all(sqlx::query_as(select!("dossier_id = ? order by given_at desc")).bind(id), db).await
}

/// Returns how many people hold a part of each dossier of an owner.
pub async fn guests_of_owner(
    db: &mut MySqlConnection,
    owner: AccountId,
    now: Timestamp,
) -> Result<Vec<(DossierId, i64)>, StoreError> {
    Ok(sqlx::query_as(
        "select dossier_id, count(distinct email) from delegation
         where given_by = ? and revoked_at is null and ends_at >= ? group by dossier_id",
    )
    .bind(owner)
    .bind(to_datetime(now))
    .fetch_all(db)
    .await?)
}

/// Returns the dossiers of which a user holds a part, without those on which the user has declared a conflict of
/// interest.
pub async fn dossiers_of(
    db: &mut MySqlConnection,
    account: &Account,
    now: Timestamp,
) -> Result<Vec<DossierId>, StoreError> {
    Ok(sqlx::query_scalar(
        "select distinct dossier_id from delegation g where revoked_at is null and email = ? and ends_at >= ?
         and not exists (select 1 from interest n
                         where n.dossier_id = g.dossier_id and n.account_id = ? and n.conflict)
         limit 200",
    )
    .bind(&account.email)
    .bind(to_datetime(now))
    .bind(account.id)
    .fetch_all(db)
    .await?)
}

/// Records that the guest has visited.
pub async fn used(db: &mut MySqlConnection, id: DossierId, email: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update delegation set used_at = ? where dossier_id = ? and email = ? and used_at is null")
        .bind(to_datetime(now))
        .bind(id)
        .bind(email)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the guest of a delegation, even if it has been revoked since.
pub async fn guest(db: &mut MySqlConnection, dossier: DossierId, id: Uuid) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("select email from delegation where delegation_id = ? and dossier_id = ?")
        .bind(id)
        .bind(dossier)
        .fetch_optional(db)
        .await?)
}

/// Revokes everything that a guest holds of a dossier, and returns what that was.
pub async fn revoke(
    db: &mut MySqlConnection,
    dossier: DossierId,
    email: &str,
    now: Timestamp,
) -> Result<Vec<Uuid>, StoreError> {
    let standing: Vec<Uuid> = sqlx::query_scalar(
        "select delegation_id from delegation where dossier_id = ? and email = ? and revoked_at is null for update",
    )
    .bind(dossier)
    .bind(email)
    .fetch_all(&mut *db)
    .await?;
    sqlx::query("update delegation set revoked_at = ? where dossier_id = ? and email = ? and revoked_at is null")
        .bind(to_datetime(now))
        .bind(dossier)
        .bind(email)
        .execute(db)
        .await?;
    Ok(standing)
}
