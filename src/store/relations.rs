//! What relates a person to a dossier, as the tables have it: columns and joins for the statement that loads a row of the
//! dossier, so that the decision about the row needs no statement of its own.

use super::{
    StoreError,
    account::Account,
    delegation::parse_parts,
    row::{from_datetime, inconsistent, to_datetime},
};
use crate::domain::{access::Grant, ids::DossierId};
use jiff::Timestamp;
use sqlx::{FromRow, MySql, MySqlConnection, mysql::MySqlArguments, query::QueryAs};
use time::PrimitiveDateTime;

/// A person's relations to a dossier. The policy gives them their meaning: a delegation outweighs an assignment, for example.
#[derive(Clone, Debug, Default)]
pub struct StoredRelations {
    /// The valid delegations.
    pub held: Vec<HeldDelegation>,
    /// The declaration of interest: a conflict (true), none (false), or nothing yet.
    pub declared: Option<bool>,
    /// The dossier is assigned to the person.
    pub assigned: bool,
    /// End of break-glass access that was ever allowed.
    pub break_glass_until: Option<Timestamp>,
}

/// A delegation to the person.
#[derive(Clone, Debug)]
pub struct HeldDelegation {
    /// Its parts, each with what may be done with it.
    pub grants: Vec<Grant>,
    /// The owner's note.
    pub note: String,
}

/// Columns of a [`RelationRow`], from a table `dossier` with alias `d` and [`relation_joins`]. Binds as
/// [`bind_relations`] does, before the joins.
macro_rules! relation_columns {
    () => {
        "g.parts as held_parts, g.note as held_note, g.ends_at as held_until, n.conflict as declared,
         exists (select 1 from assignment s
                 where s.dossier_id = d.dossier_id and s.account_id = ? and s.ended_at is null) as assigned,
         (select max(x.ends_at) from glass x
          where x.dossier_id = d.dossier_id and x.asked_by = ? and x.allowed_by is not null) as break_glass_until "
    };
}
pub(super) use relation_columns;

/// Joins of a [`RelationRow`]: one row for each valid delegation, one row if there is none.
macro_rules! relation_joins {
    () => {
        " left join interest n on n.dossier_id = d.dossier_id and n.account_id = ?
          left join delegation g on g.dossier_id = d.dossier_id and g.email = ? and g.revoked_at is null
                                 and g.ends_at >= ? "
    };
}
pub(super) use relation_joins;

/// Binds the parameters of [`relation_columns`], then those of [`relation_joins`]; nothing may be bound between them.
pub(super) fn bind_relations<'q, T>(
    query: QueryAs<'q, MySql, T, MySqlArguments>,
    person: &'q Account,
    now: Timestamp,
) -> QueryAs<'q, MySql, T, MySqlArguments> {
    query.bind(person.id).bind(person.id).bind(person.id).bind(&person.email).bind(to_datetime(now))
}

#[derive(FromRow)]
pub(super) struct RelationRow {
    held_parts: Option<String>,
    held_note: Option<String>,
    held_until: Option<PrimitiveDateTime>,
    declared: Option<bool>,
    assigned: bool,
    break_glass_until: Option<PrimitiveDateTime>,
}

impl StoredRelations {
    /// The relations of the rows that one statement returned for one dossier.
    pub(super) fn of_rows(rows: impl IntoIterator<Item = RelationRow>) -> Result<Self, StoreError> {
        let mut relations = Self::default();
        for row in rows {
            relations.declared = row.declared;
            relations.assigned = row.assigned;
            relations.break_glass_until = row.break_glass_until.map(from_datetime);
            let Some((parts, until)) = row.held_parts.zip(row.held_until.map(from_datetime)) else { continue };
            let parts = parse_parts(&parts).ok_or(inconsistent("delegation", "parts"))?;
            let grants = parts.into_iter().map(|(part, verb)| Grant { part, verb, until }).collect();
            relations.held.push(HeldDelegation { grants, note: row.held_note.unwrap_or_default() });
        }
        Ok(relations)
    }
}

/// Returns a person's relations to a dossier.
pub async fn of_person(
    db: &mut MySqlConnection,
    dossier: DossierId,
    person: &Account,
    now: Timestamp,
) -> Result<StoredRelations, StoreError> {
    let query = sqlx::query_as(concat!(
        "select ",
        relation_columns!(),
        "from dossier d",
        relation_joins!(),
        "where d.dossier_id = ?"
    ));
    let rows: Vec<RelationRow> = bind_relations(query, person, now).bind(dossier).fetch_all(db).await?;
    StoredRelations::of_rows(rows)
}
