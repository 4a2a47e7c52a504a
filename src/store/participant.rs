//! The people around the examination of one dossier: its owner, the officer who found it admissible, its experts, those who
//! have declared a conflict of interest, and the experts to whom it can be assigned.

use super::{
    StoreError,
    assignment::{Assignment, Expert},
    column::OptionalInstantColumn,
    failing_address::{self, FailingAddress},
    interest::Conflict,
    row::{inconsistent, to_datetime},
};
use crate::domain::{
    access::Role,
    ids::{AccountId, DossierId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use uuid::Uuid;

/// Everyone around the examination of a dossier.
#[derive(Clone, Debug, Default)]
pub struct Participants {
    /// Address of the officer who found it admissible.
    pub admitted_by: Option<String>,
    /// The assignments that stand, in their order.
    pub assignments: Vec<Assignment>,
    /// The experts to whom it can be assigned, by address: not its owner, its guests, anyone with a conflict of interest,
    /// or an expert who already has it.
    pub candidates: Vec<Expert>,
    /// The conflicts of interest, the first one first.
    pub conflicts: Vec<Conflict>,
    /// Set if mails to the owner fail.
    pub owner_unreachable: Option<FailingAddress>,
}

#[derive(FromRow)]
struct ParticipantRow {
    account_id: AccountId,
    email: String,
    lang: String,
    is_owner: bool,
    has_admitted: bool,
    assignment_id: Option<Uuid>,
    given_by: Option<String>,
    #[sqlx(try_from = "OptionalInstantColumn")]
    assigned_at: Option<Timestamp>,
    conflict: Option<bool>,
    #[sqlx(try_from = "OptionalInstantColumn")]
    declared_at: Option<Timestamp>,
    able: bool,
    failure_kind: Option<String>,
    failure_status: Option<String>,
    letter_id: Option<Uuid>,
    #[sqlx(try_from = "OptionalInstantColumn")]
    failed_at: Option<Timestamp>,
}

impl ParticipantRow {
    fn assignment(&self) -> Option<Assignment> {
        Some(Assignment {
            id: self.assignment_id?,
            email: self.email.clone(),
            given_by: self.given_by.clone()?,
            at: self.assigned_at?,
            conflict: self.conflict,
            declared_at: self.declared_at,
            able: self.able,
        })
    }

    fn candidate(&self) -> Option<Expert> {
        let free = self.able && !self.is_owner && self.conflict != Some(true) && self.assignment_id.is_none();
        let lang = self.lang.parse().unwrap_or_default();
        free.then(|| Expert { id: self.account_id, email: self.email.clone(), lang })
    }

    fn conflict(&self) -> Option<Conflict> {
        let at = self.declared_at.filter(|_| self.conflict == Some(true))?;
        Some(Conflict { email: self.email.clone(), at })
    }

    fn unreachable(&self) -> Result<Option<FailingAddress>, StoreError> {
        let (Some(kind), Some(status)) = (&self.failure_kind, &self.failure_status) else { return Ok(None) };
        let (Some(letter), Some(failed_at)) = (self.letter_id, self.failed_at) else {
            return Err(inconsistent("failing_address", "letter_id"));
        };
        failing_address::standing(&self.email, kind, status, letter, failed_at).map(Some)
    }
}

/// Returns everyone around the examination of a dossier at an instant.
pub async fn of_dossier(
    db: &mut MySqlConnection,
    dossier: DossierId,
    now: Timestamp,
) -> Result<Participants, StoreError> {
    let rows: Vec<ParticipantRow> = sqlx::query_as(
        "select a.account_id, a.email, a.lang, a.account_id = d.account_id as is_owner,
                a.account_id <=> d.admitted_by as has_admitted, s.assignment_id, b.email as given_by, s.assigned_at,
                n.conflict, n.declared_at, f.kind as failure_kind, f.status as failure_status, f.letter_id, f.failed_at,
                a.suspended_at is null
                and exists (select 1 from account_role r where r.account_id = a.account_id and r.role = ?
                            and (r.ends_at is null or r.ends_at > utc_timestamp(6)))
                and not exists (select 1 from delegation g where g.dossier_id = d.dossier_id and g.email = a.email
                                and g.revoked_at is null and g.ends_at >= ?) as able
         from (select account_id from dossier where dossier_id = ?
               union select admitted_by from dossier where dossier_id = ?
               union select account_id from assignment where dossier_id = ? and ended_at is null
               union select account_id from interest where dossier_id = ? and conflict
               union select account_id from account_role where role = ?) who
         join account a on a.account_id = who.account_id
         join dossier d on d.dossier_id = ?
         left join assignment s on s.dossier_id = d.dossier_id and s.account_id = a.account_id and s.ended_at is null
         left join account b on b.account_id = s.assigned_by
         left join interest n on n.dossier_id = d.dossier_id and n.account_id = a.account_id
         left join failing_address f on f.email = a.email and f.recovered_at is null
         order by a.email",
    )
    .bind(Role::Expert.slug())
    .bind(to_datetime(now))
    .bind(dossier)
    .bind(dossier)
    .bind(dossier)
    .bind(dossier)
    .bind(Role::Expert.slug())
    .bind(dossier)
    .fetch_all(db)
    .await?;
    let mut all = Participants::default();
    for row in &rows {
        if row.has_admitted {
            all.admitted_by = Some(row.email.clone());
        }
        if row.is_owner {
            all.owner_unreachable = row.unreachable()?;
        }
        all.assignments.extend(row.assignment());
        all.candidates.extend(row.candidate());
        all.conflicts.extend(row.conflict());
    }
    all.assignments.sort_by_key(|assignment| assignment.at);
    all.conflicts.sort_by_key(|conflict| conflict.at);
    Ok(all)
}
