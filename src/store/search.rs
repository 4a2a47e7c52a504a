//! The index of the search: one row for each current deposit, with the tokens of all that it says (decision 27).
//!
//! The table is narrow for lists, which never read it, and refers to nothing: neither a deposit nor a withdrawal ever waits
//! for the index. What a search may find is decided by the statement that asks for deposits, to which [`restrict`] only adds
//! a condition.

use super::{StoreError, row::to_datetime};
use crate::domain::{
    calendar::RoundId,
    ids::DossierId,
    search::{Scope, SearchQuery},
};
use jiff::Timestamp;
use sqlx::{FromRow, MySql, MySqlConnection, QueryBuilder};

/// The version of the tokens of a deposit that is indexed again because of one of its files.
const OUTDATED: u32 = 0;

/// Restricts a statement to the deposits of a round that a query finds: one condition more, beside those of the reader's
/// rights. `deposit` is the name that the statement has for that table. There is no order by relevance, which would depend
/// on dossiers that the reader may not see.
pub(super) fn restrict(
    query: &mut QueryBuilder<MySql>,
    deposit: &'static str,
    call: &str,
    round: &RoundId,
    search: &SearchQuery,
) {
    match search.receipts() {
        [] if !search.is_empty() => {}
        [number] => {
            query.push(" and ").push(deposit).push(".receipt_number = ").push_bind(number.clone());
        }
        // Of nothing, nothing is found; and no deposit has two numbers. The text of the statement does not grow with them.
        _ => {
            query.push(" and false");
        }
    }
    if let Some(expression) = search.boolean_expression(&Scope::of_round(call, round)) {
        query.push(" and (").push(deposit).push(".dossier_id, ").push(deposit);
        query.push(
            ".version) in (select t.dossier_id, t.version from search_text t
                           where match (t.stems) against (",
        );
        query.push_bind(expression).push(" in boolean mode))");
    }
}

/// A deposit as the indexer sees it.
#[derive(Clone, Debug, FromRow)]
pub struct IndexableDeposit {
    /// Its place in the chain of receipts.
    pub sequence: u64,
    pub dossier: DossierId,
    pub version: u32,
    pub call: String,
    pub round: RoundId,
    /// Number of the receipt.
    pub number: String,
    pub company: String,
    /// Title of the project.
    pub title: String,
    /// It is the current version.
    #[sqlx(rename = "standing")]
    pub is_current: bool,
    /// The index has it.
    pub indexed: bool,
    /// The receipt as signed, if it has to be indexed.
    pub receipt: Option<String>,
}

/// Returns the deposits behind a place in the chain, in its order. Only those that are current and not indexed come with
/// their receipt.
pub async fn deposits_after(
    db: &mut MySqlConnection,
    sequence: u64,
    limit: u32,
) -> Result<Vec<IndexableDeposit>, StoreError> {
    Ok(sqlx::query_as(
        "select p.sequence, p.dossier_id as dossier, p.version, p.call_id as `call`, p.round_id as round,
                p.receipt_number as number, p.company, p.title, p.standing, t.dossier_id is not null as indexed,
                if(p.standing and t.dossier_id is null, p.receipt, null) as receipt
         from deposit p left join search_text t on t.dossier_id = p.dossier_id and t.version = p.version
         where p.sequence > ? order by p.sequence limit ?",
    )
    .bind(sequence)
    .bind(limit)
    .fetch_all(db)
    .await?)
}

/// Returns some current deposits whose tokens are of an older version than this. One that is indexed again because of a
/// file waits while others of its files are due since `due_since`.
pub async fn outdated_deposits(
    db: &mut MySqlConnection,
    stem_version: u32,
    due_since: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<IndexableDeposit>, StoreError> {
    Ok(sqlx::query_as(
        "select p.sequence, p.dossier_id as dossier, p.version, p.call_id as `call`, p.round_id as round,
                p.receipt_number as number, p.company, p.title, p.standing, true as indexed, p.receipt
         from search_text t join deposit p on p.dossier_id = t.dossier_id and p.version = t.version
         where t.stem_version < ? and p.standing
           and (t.stem_version <> ?
                or not exists (select 1 from deposit_piece q join piece_text w on w.sha256 = q.sha256
                               where q.dossier_id = p.dossier_id and q.version = p.version
                                 and w.due_at between ? and ?))
         limit ?",
    )
    .bind(stem_version)
    .bind(OUTDATED)
    .bind(to_datetime(due_since))
    .bind(to_datetime(now))
    .bind(limit)
    .fetch_all(db)
    .await?)
}

/// Writes the tokens of a deposit. A later version of the dossier is not replaced by an earlier one, nor newer tokens by
/// those of an older program.
pub async fn put(
    db: &mut MySqlConnection,
    deposit: &IndexableDeposit,
    stem_version: u32,
    stems: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into search_text (dossier_id, version, stem_version, stems) values (?, ?, ?, ?)
         on duplicate key update
           stems = if(values(version) > version or (values(version) = version and values(stem_version) >= stem_version),
                      values(stems), stems),
           stem_version = if(values(version) > version, values(stem_version),
                             if(values(version) = version, greatest(stem_version, values(stem_version)), stem_version)),
           version = greatest(version, values(version))",
    )
    .bind(deposit.dossier)
    .bind(deposit.version)
    .bind(stem_version)
    .bind(stems)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a deposit that is no longer current; a later version stays.
pub async fn remove(db: &mut MySqlConnection, dossier: DossierId, version: u32) -> Result<(), StoreError> {
    sqlx::query("delete from search_text where dossier_id = ? and version = ?")
        .bind(dossier)
        .bind(version)
        .execute(db)
        .await?;
    Ok(())
}

/// Has the deposits with a file indexed again, because its text is known now.
pub async fn mark_outdated(db: &mut MySqlConnection, sha256: &str) -> Result<(), StoreError> {
    sqlx::query(
        "update search_text t join deposit_piece q on q.dossier_id = t.dossier_id and q.version = t.version
         set t.stem_version = ? where q.sha256 = ?",
    )
    .bind(OUTDATED)
    .bind(sha256)
    .execute(db)
    .await?;
    Ok(())
}
