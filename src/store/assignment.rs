//! Assignments of dossiers to experts.

use super::{
    StoreError,
    column::{InstantColumn, OptionalInstantColumn},
    row::to_datetime,
};
use crate::domain::{
    access::Role,
    ids::{AccountId, DossierId},
    text::Lang,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use uuid::Uuid;

#[derive(Clone, Debug, FromRow)]
pub struct Assignment {
    pub id: Uuid,
    /// Address of the expert.
    pub email: String,
    /// Address of the officer who assigned it.
    pub given_by: String,
    /// When it was assigned.
    #[sqlx(try_from = "InstantColumn")]
    pub at: Timestamp,
    /// The expert's declaration: a conflict of interest (true), none (false), or nothing yet.
    pub conflict: Option<bool>,
    /// When the expert made that declaration.
    #[sqlx(try_from = "OptionalInstantColumn")]
    pub declared_at: Option<Timestamp>,
    /// Whether the account still is an active expert and not a guest of the dossier.
    pub able: bool,
}

/// An expert to whom a dossier can be assigned.
#[derive(Clone, Debug)]
pub struct Expert {
    pub id: AccountId,
    pub email: String,
    /// Language of the mails.
    pub lang: Lang,
}

/// Condition that an account `a` is an active expert and has no delegation on the dossier. Binds the role, the dossier
/// and the instant.
macro_rules! able {
    () => {
        "a.suspended_at is null
         and exists (select 1 from account_role r where r.account_id = a.account_id and r.role = ?
                     and (r.ends_at is null or r.ends_at > utc_timestamp(6)))
         and not exists (select 1 from delegation g where g.dossier_id = ? and g.email = a.email
                         and g.revoked_at is null and g.ends_at >= ?)"
    };
}

/// Inserts an assignment. Returns false if the account of the expert was closed meanwhile.
pub async fn insert(
    db: &mut MySqlConnection,
    id: Uuid,
    dossier: DossierId,
    expert: AccountId,
    by: AccountId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "insert into assignment (assignment_id, dossier_id, account_id, assigned_by, assigned_at)
         select ?, ?, account_id, ?, ? from account where account_id = ? and closed_at is null lock in share mode",
    )
    .bind(id)
    .bind(dossier)
    .bind(by)
    .bind(to_datetime(now))
    .bind(expert)
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends an assignment, and returns the expert if it existed.
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
    .bind(to_datetime(now))
    .bind(by)
    .bind(id)
    .bind(dossier)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select account_id from assignment where assignment_id = ?")
        .bind(id)
        .fetch_optional(db)
        .await?)
}

/// An assignment that was ended.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct EndedAssignment {
    pub id: Uuid,
    pub dossier: DossierId,
}

/// Ends every assignment of an expert who leaves, and returns them.
pub async fn end_of_account(
    db: &mut MySqlConnection,
    expert: AccountId,
    now: Timestamp,
) -> Result<Vec<EndedAssignment>, StoreError> {
    let standing: Vec<EndedAssignment> = sqlx::query_as(
        "select assignment_id as id, dossier_id as dossier from assignment
         where account_id = ? and ended_at is null order by assignment_id for update",
    )
    .bind(expert)
    .fetch_all(&mut *db)
    .await?;
    sqlx::query("update assignment set ended_at = ?, ended_by = ? where account_id = ? and ended_at is null")
        .bind(to_datetime(now))
        .bind(expert)
        .bind(expert)
        .execute(db)
        .await?;
    Ok(standing)
}

/// Returns the experts of a dossier, in the order of assignment.
pub async fn of_dossier(
    db: &mut MySqlConnection,
    dossier: DossierId,
    now: Timestamp,
) -> Result<Vec<Assignment>, StoreError> {
    Ok(sqlx::query_as(concat!(
        "select s.assignment_id as id, a.email, b.email as given_by, s.assigned_at as at, n.conflict, n.declared_at, (",
        able!(),
        ") as able
         from assignment s join account a on a.account_id = s.account_id
         join account b on b.account_id = s.assigned_by
         left join interest n on n.dossier_id = s.dossier_id and n.account_id = s.account_id
         where s.dossier_id = ? and s.ended_at is null order by s.assigned_at"
    ))
    .bind(Role::Expert.slug())
    .bind(dossier)
    .bind(to_datetime(now))
    .bind(dossier)
    .fetch_all(db)
    .await?)
}

/// Whether a dossier is assigned to an expert.
pub async fn stands(db: &mut MySqlConnection, dossier: DossierId, expert: AccountId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from assignment where dossier_id = ? and account_id = ? and ended_at is null)",
    )
    .bind(dossier)
    .bind(expert)
    .fetch_one(db)
    .await?)
}

/// Returns the experts to whom a dossier can be assigned: not its owner, its guests, anyone with a conflict of
/// interest, or an expert who already has it.
pub async fn candidates(
    db: &mut MySqlConnection,
    dossier: DossierId,
    now: Timestamp,
) -> Result<Vec<Expert>, StoreError> {
    let rows: Vec<(AccountId, String, String)> = sqlx::query_as(concat!(
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
    .bind(dossier)
    .bind(to_datetime(now))
    .bind(dossier)
    .bind(dossier)
    .bind(dossier)
    .fetch_all(db)
    .await?;
    let expert = |(id, email, lang): (_, _, String)| Expert { id, email, lang: lang.parse().unwrap_or_default() };
    Ok(rows.into_iter().map(expert).collect())
}
