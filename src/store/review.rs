//! The current deposit as examiners and evaluators first see it: its owner and its title.

use super::{
    StoreError,
    column::{InstantColumn, OptionalInstantColumn},
    relations::{RelationRow, StoredRelations, bind_relations, relation_columns, relation_joins},
    row::to_datetime,
};
use crate::{
    auth::{Guarded, Protected},
    domain::{
        access::{Relations, Role, Stage},
        calendar::RoundId,
        ids::{AccountId, DossierId},
    },
    store::account::Account,
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};

/// A current deposit, without its content.
#[derive(Clone, Debug, FromRow)]
pub struct StandingDeposit {
    pub dossier: DossierId,
    pub owner: AccountId,
    pub call: String,
    pub round: RoundId,
    /// Number of the receipt.
    pub receipt: String,
    pub company: String,
    /// Title of the project.
    pub title: String,
    pub version: u32,
    /// When it was received.
    #[sqlx(try_from = "InstantColumn")]
    pub at: Timestamp,
    /// Number of versions of the dossier.
    pub versions: u32,
    /// When it was found admissible, if it was.
    #[sqlx(try_from = "OptionalInstantColumn")]
    pub admitted_at: Option<Timestamp>,
    /// The officer who decided that.
    pub admitted_by: Option<AccountId>,
    /// Number of the company's other current deposits in the round, where counted.
    #[sqlx(default)]
    pub others: u32,
}

impl Protected for StandingDeposit {
    fn dossier(&self) -> DossierId {
        self.dossier
    }
    fn owner(&self) -> AccountId {
        self.owner
    }
    fn stage(&self) -> Stage {
        if self.admitted_at.is_some() { Stage::Admissible } else { Stage::Deposited }
    }
}

/// Columns of a [`StandingDeposit`], from tables `dossier d` and `deposit p`.
macro_rules! columns {
    () => {
        "d.dossier_id as dossier, d.account_id as owner, p.call_id as `call`, p.round_id as round,
         p.receipt_number as receipt, p.company, p.title, p.version, p.deposited_at as at, d.versions, d.admitted_at,
         d.admitted_by"
    };
}

#[derive(FromRow)]
struct RelatedRow {
    #[sqlx(flatten)]
    standing: StandingDeposit,
    #[sqlx(flatten)]
    relations: RelationRow,
}

/// Returns the current deposit of a dossier, and a person's relations to the dossier.
pub async fn standing(
    db: &mut MySqlConnection,
    id: DossierId,
    person: &Account,
    now: Timestamp,
) -> Result<Option<(Guarded<StandingDeposit>, StoredRelations)>, StoreError> {
    // The marker is compared, not tested: the index leads to the company's deposits only so.
    let query = sqlx::query_as(concat!(
        "select ",
        columns!(),
        ", (select cast(count(*) as unsigned) from deposit o
            where o.call_id = p.call_id and o.round_id = p.round_id and o.standing = true
              and o.siren = p.siren and o.siren <> '' and o.dossier_id <> p.dossier_id) as others, ",
        relation_columns!(),
        "from dossier d join deposit p on p.dossier_id = d.dossier_id and p.standing",
        relation_joins!(),
        "where d.dossier_id = ?"
    ));
    let rows: Vec<RelatedRow> = bind_relations(query, person, now).bind(id).fetch_all(db).await?;
    let (mut deposits, relations): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.standing, row.relations)).unzip();
    let relations = StoredRelations::of_rows(relations)?;
    Ok(deposits.pop().map(|standing| (Guarded::new(standing), relations)))
}

/// Returns the current deposit as [`standing`] does, with its dossier locked until the transaction ends.
pub async fn lock(
    db: &mut MySqlConnection,
    id: DossierId,
    person: &Account,
    now: Timestamp,
) -> Result<Option<(Guarded<StandingDeposit>, StoredRelations)>, StoreError> {
    sqlx::query("select 1 from dossier where dossier_id = ? for update").bind(id).execute(&mut *db).await?;
    standing(db, id, person, now).await
}

#[derive(FromRow)]
struct EvaluatedRow {
    #[sqlx(flatten)]
    standing: StandingDeposit,
    assigned: bool,
    conflict: Option<bool>,
}

/// Returns the admissible dossiers that a user has to evaluate, with the user's relations to each. An expert gets the
/// assigned ones unless they are a guest of the dossier; a member of the jury gets all. Dossiers with a declared
/// conflict of interest are excluded.
pub async fn to_evaluate(
    db: &mut MySqlConnection,
    account: &Account,
    now: Timestamp,
) -> Result<Vec<(Guarded<StandingDeposit>, Relations)>, StoreError> {
    let rows: Vec<EvaluatedRow> = sqlx::query_as(concat!(
        "select * from (
           select ",
        columns!(),
        ", n.conflict,
             exists (select 1 from assignment s
                     where s.dossier_id = d.dossier_id and s.account_id = ? and s.ended_at is null)
             and not exists (select 1 from delegation g where g.dossier_id = d.dossier_id and g.email = ?
                             and g.revoked_at is null and g.ends_at >= ?) as assigned
           from dossier d join deposit p on p.dossier_id = d.dossier_id and p.standing
           left join interest n on n.dossier_id = d.dossier_id and n.account_id = ?
           where d.admitted_at is not null and d.account_id <> ?
         ) as every
         where not coalesce(conflict, false) and (assigned or ?) order by admitted_at, receipt"
    ))
    .bind(account.id)
    .bind(&account.email)
    .bind(to_datetime(now))
    .bind(account.id)
    .bind(account.id)
    .bind(account.roles.has(Role::Jury))
    .fetch_all(db)
    .await?;
    let evaluated = |row: EvaluatedRow| {
        let relations = Relations { assigned: row.assigned, conflict: row.conflict, ..Relations::default() };
        (Guarded::new(row.standing), relations)
    };
    Ok(rows.into_iter().map(evaluated).collect())
}
