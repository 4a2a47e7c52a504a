//! A conflict between two changes of one answer, and who made the change that was stored.

use crate::{
    app::{AppError, Ctx},
    domain::{
        document::Conflict,
        dossier::{Dossier, LastChange},
    },
    store::{Connection, account},
};
use jiff::Timestamp;

/// A change that was not written, because the answer had been changed since its author had seen it.
#[derive(Clone, Debug)]
pub struct AnswerConflict {
    /// Both values.
    pub values: Conflict,
    /// The change that the stored value comes from; `None` if it predates the record of such changes.
    pub stored: Option<StoredChange>,
}

/// When an answer was changed, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChange {
    /// Instant, UTC.
    pub at: Timestamp,
    pub author: AnswerAuthor,
}

/// The author of an answer, as far as a reader of the draft may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerAuthor {
    /// The reader.
    Reader,
    /// The owner of the dossier.
    Owner,
    /// A guest, by address: for the owner, who invited them.
    Guest(String),
    /// Another guest of the owner, or one whose account is closed.
    SomebodyElse,
}

/// Adds to each conflict who made the stored change.
pub(super) async fn with_authors(
    ctx: &Ctx,
    db: &mut Connection,
    dossier: &Dossier,
    conflicts: Vec<Conflict>,
) -> Result<Vec<AnswerConflict>, AppError> {
    let mut all = Vec::new();
    for values in conflicts {
        let stored = match dossier.changes.of_answer(&values.path) {
            Some(change) => stored_change(ctx, db, dossier, change).await?,
            None => None,
        };
        all.push(AnswerConflict { values, stored });
    }
    Ok(all)
}

async fn stored_change(
    ctx: &Ctx,
    db: &mut Connection,
    dossier: &Dossier,
    change: LastChange,
) -> Result<Option<StoredChange>, AppError> {
    let Some(by) = change.by else { return Ok(None) };
    let reader = ctx.account()?;
    let author = if by == reader {
        AnswerAuthor::Reader
    } else if by == dossier.owner {
        AnswerAuthor::Owner
    } else if reader == dossier.owner {
        account::address(db, by).await?.map_or(AnswerAuthor::SomebodyElse, AnswerAuthor::Guest)
    } else {
        AnswerAuthor::SomebodyElse
    };
    Ok(Some(StoredChange { at: change.at, author }))
}
