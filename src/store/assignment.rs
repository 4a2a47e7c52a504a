//! Which dossiers were given to which experts.

use super::{
    StoreError,
    row::{instant, timestamp},
};
use crate::domain::{
    access::Role,
    ids::{AccountId, DossierId},
    text::Lang,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;
use uuid::Uuid;

/// A dossier in an expert's hands.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: Uuid,
    /// Address of the expert.
    pub email: String,
    /// When it was given.
    pub at: Timestamp,
    /// What the expert has declared: a conflict of interests, none, or nothing yet.
    pub conflict: Option<bool>,
    /// When that was.
    pub declared_at: Option<Timestamp>,
    /// Whether the person still is an expert who may act, and no guest of the dossier.
    pub able: bool,
}

#[derive(FromRow)]
struct AssignmentRow {
    assignment_id: Uuid,
    email: String,
    assigned_at: PrimitiveDateTime,
    conflict: Option<bool>,
    declared_at: Option<PrimitiveDateTime>,
    able: bool,
}

/// Somebody to whom a dossier may be given.
#[derive(Clone, Debug)]
pub struct Expert {
    /// Account.
    pub id: AccountId,
    /// Address.
    pub email: String,
    /// Language of the mails.
    pub lang: Lang,
}

/// That an account `a` is an expert who may act, and that it holds no part of a dossier; binds the role, the dossier and
/// the instant.
macro_rules! able {
    () => {
        "a.suspended_at is null
         and exists (select 1 from account_role r where r.account_id = a.account_id and r.role = ?
                     and (r.ends_at is null or r.ends_at > utc_timestamp(6)))
         and not exists (select 1 from delegation g where g.dossier_id = ? and g.email = a.email
                         and g.revoked_at is null and g.ends_at >= ?)"
    };
}

/// Gives.
pub async fn insert(
    db: &mut MySqlConnection,
    id: Uuid,
    dossier: DossierId,
    expert: AccountId,
    by: AccountId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into assignment (assignment_id, dossier_id, account_id, assigned_by, assigned_at)
         values (?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(dossier.0)
    .bind(expert.0)
    .bind(by.0)
    .bind(instant(now))
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back; the expert, if it was given.
pub async fn end(
    db: &mut MySqlConnection,
    dossier: DossierId,
    id: Uuid,
    by: AccountId,
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    let done = sqlx::query(
        "update assignment set ended_at = ?, ended_by = ?
         where assignment_id = ? and dossier_id = ? and ended_at is null",
    )
    .bind(instant(now))
    .bind(by.0)
    .bind(id)
    .bind(dossier.0)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let expert: Option<Uuid> = sqlx::query_scalar("select account_id from assignment where assignment_id = ?")
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(expert.map(AccountId))
}

/// The experts of a dossier, the first given first.
pub async fn of_dossier(
    db: &mut MySqlConnection,
    dossier: DossierId,
    now: Timestamp,
) -> Result<Vec<Assignment>, StoreError> {
    let rows: Vec<AssignmentRow> = sqlx::query_as(concat!(
        "select s.assignment_id, a.email, s.assigned_at, n.conflict, n.declared_at, (",
        able!(),
        ") as able
         from assignment s join account a on a.account_id = s.account_id
         left join interest n on n.dossier_id = s.dossier_id and n.account_id = s.account_id
         where s.dossier_id = ? and s.ended_at is null order by s.assigned_at"
    ))
    .bind(Role::Expert.slug())
    .bind(dossier.0)
    .bind(instant(now))
    .bind(dossier.0)
    .fetch_all(db)
    .await?;
    let assignment = |row: AssignmentRow| Assignment {
        id: row.assignment_id,
        email: row.email,
        at: timestamp(row.assigned_at),
        conflict: row.conflict,
        declared_at: row.declared_at.map(timestamp),
        able: row.able,
    };
    Ok(rows.into_iter().map(assignment).collect())
}

/// Whether an expert has a dossier in hand.
pub async fn stands(db: &mut MySqlConnection, dossier: DossierId, expert: AccountId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from assignment where dossier_id = ? and account_id = ? and ended_at is null)",
    )
    .bind(dossier.0)
    .bind(expert.0)
    .fetch_one(db)
    .await?)
}

/// The experts to whom a dossier may be given: not its owner, none of its guests, nobody in conflict, nobody who has it.
pub async fn candidates(
    db: &mut MySqlConnection,
    dossier: DossierId,
    now: Timestamp,
) -> Result<Vec<Expert>, StoreError> {
    let rows: Vec<(Uuid, String, String)> = sqlx::query_as(concat!(
        "select a.account_id, a.email, a.lang from account a where ",
        able!(),
        " and not exists (select 1 from dossier d where d.dossier_id = ? and d.account_id = a.account_id)
          and not exists (select 1 from interest n
                          where n.dossier_id = ? and n.account_id = a.account_id and n.conflict)
          and not exists (select 1 from assignment s
                          where s.dossier_id = ? and s.account_id = a.account_id and s.ended_at is null)
          order by a.email"
    ))
    .bind(Role::Expert.slug())
    .bind(dossier.0)
    .bind(instant(now))
    .bind(dossier.0)
    .bind(dossier.0)
    .bind(dossier.0)
    .fetch_all(db)
    .await?;
    let expert = |(id, email, lang): (Uuid, String, String)| Expert {
        id: AccountId(id),
        email,
        lang: lang.parse().unwrap_or_default(),
    };
    Ok(rows.into_iter().map(expert).collect())
}
