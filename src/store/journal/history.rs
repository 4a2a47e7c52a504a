//! The events of one dossier, in their order.

use super::{AccessSummary, StoreError, from_datetime, inconsistent};
use crate::domain::{
    access::Role,
    ids::{AccountId, DossierId},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySqlConnection};
use time::PrimitiveDateTime;

/// An event of a dossier.
#[derive(Clone, Debug)]
pub struct DossierEvent {
    /// Its place in the journal.
    pub sequence: u64,
    pub kind: String,
    pub at: Timestamp,
    /// The account that did it; `None` for the portal and for the operator at the command line.
    pub actor: Option<AccountId>,
    /// Address of that account; `None` if it is closed.
    pub email: Option<String>,
    /// Current roles of that account.
    pub roles: Vec<Role>,
    pub data: serde_json::Value,
}

impl DossierEvent {
    /// The event as one entry of the access record.
    #[must_use]
    pub fn as_summary(&self) -> AccessSummary {
        AccessSummary {
            kind: self.kind.clone(),
            first: self.at,
            last: self.at,
            times: 1,
            email: self.email.clone(),
            roles: self.roles.clone(),
            data: self.data.clone(),
        }
    }
}

#[derive(FromRow)]
struct EventRow {
    sequence: u64,
    kind: String,
    at: PrimitiveDateTime,
    account_id: Option<AccountId>,
    email: Option<String>,
    roles: Option<String>,
    data: String,
}

impl TryFrom<EventRow> for DossierEvent {
    type Error = StoreError;
    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let roles: Result<_, ()> = row.roles.iter().flat_map(|all| all.split(',')).map(str::parse).collect();
        Ok(Self {
            sequence: row.sequence,
            kind: row.kind,
            at: from_datetime(row.at),
            actor: row.account_id,
            email: row.email,
            roles: roles.map_err(|()| inconsistent("account_role", "role"))?,
            data: serde_json::from_str(&row.data).map_err(|_| inconsistent("event", "data"))?,
        })
    }
}

/// Returns the events of a dossier after a place in the journal.
pub async fn of_dossier(
    db: &mut MySqlConnection,
    dossier: DossierId,
    after: u64,
    limit: u32,
) -> Result<Vec<DossierEvent>, StoreError> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "select e.sequence, e.kind, e.at, e.account_id, if(a.closed_at is null, a.email, null) as email,
                (select group_concat(r.role) from account_role r where r.account_id = a.account_id
                 and (r.ends_at is null or r.ends_at > utc_timestamp(6))) as roles, e.data
         from event e left join account a on a.account_id = e.account_id
         where e.dossier_id = ? and e.sequence > ? order by e.sequence limit ?",
    )
    .bind(dossier)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.into_iter().map(DossierEvent::try_from).collect()
}
