//! The current deposit as examiners and evaluators first see it: its owner and its title.

use super::{StoreError, column::OptionalInstantColumn, row::to_datetime};
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
    /// When it was found admissible, if it was.
    #[sqlx(try_from = "OptionalInstantColumn")]
    pub admitted_at: Option<Timestamp>,
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
         p.receipt_number as receipt, p.company, p.title, d.admitted_at"
    };
}

/// Returns the current deposit of a dossier.
pub async fn standing(db: &mut MySqlConnection, id: DossierId) -> Result<Option<Guarded<StandingDeposit>>, StoreError> {
    let row: Option<StandingDeposit> = sqlx::query_as(concat!(
        "select ",
        columns!(),
        ", (select cast(count(*) as unsigned) from deposit o where o.call_id = p.call_id and o.round_id = p.round_id and o.standing
            and o.siren = p.siren and o.siren <> '' and o.dossier_id <> p.dossier_id) as others
          from dossier d join deposit p on p.dossier_id = d.dossier_id and p.standing where d.dossier_id = ?"
    ))
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Guarded::new))
}

/// Returns the current deposit, with its dossier locked until the transaction ends.
pub async fn lock(db: &mut MySqlConnection, id: DossierId) -> Result<Option<Guarded<StandingDeposit>>, StoreError> {
    sqlx::query("select 1 from dossier where dossier_id = ? for update").bind(id).execute(&mut *db).await?;
    standing(db, id).await
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
