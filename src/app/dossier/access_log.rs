//! Records accesses to other people's data, and the first visits of guests. The page notes them in memory, and the
//! worker writes them within a second. Pages that only read never write to the database, so that they stay available
//! while it cannot be written. Each note has an id from the beginning, so it is written exactly once even if the
//! outcome of a commit is unknown. A process that stops writes its remaining notes first.

use crate::app::{App, AppError, Ctx, transaction::transaction};
use crate::{
    domain::{
        event::{Event, EventKind},
        ids::DossierId,
    },
    store::{delegation, journal},
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// Entries written per transaction; the head of the journal stays locked meanwhile.
const ACCESSES_PER_WRITE: usize = 200;

/// Entries that are not yet written.
#[derive(Debug, Default)]
pub(in crate::app) struct AccessLog(Mutex<VecDeque<PendingAccess>>);

/// An access that is not yet written.
#[derive(Clone, Debug)]
struct PendingAccess {
    id: Uuid,
    event: Event,
    /// The guest's address, if this may be a first visit.
    guest: Option<String>,
}

impl AccessLog {
    fn lock(&self) -> MutexGuard<'_, VecDeque<PendingAccess>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> Vec<PendingAccess> {
        self.lock().iter().take(ACCESSES_PER_WRITE).cloned().collect()
    }

    fn written(&self, notes: &[PendingAccess]) {
        let ids: BTreeSet<Uuid> = notes.iter().map(|note| note.id).collect();
        self.lock().retain(|note| !ids.contains(&note.id));
    }
}

impl App {
    /// Notes an access to another person's data, and its rule. Only guests read another person's draft, perhaps for the
    /// first time.
    pub(in crate::app) fn record_access(
        &self,
        ctx: &Ctx,
        kind: EventKind,
        id: DossierId,
        data: serde_json::Value,
    ) -> Result<(), AppError> {
        let guest = (kind == EventKind::DraftRead).then_some(&ctx.actor()?.account.email).cloned();
        let event = ctx.event(kind, Some(id), data)?;
        self.access_log.lock().push_back(PendingAccess { id: Uuid::now_v7(), event, guest });
        Ok(())
    }

    /// Writes the notes. A note that cannot be written is kept for the next run. Safe to drop at any point: a note is
    /// removed from memory only when its commit is known to have succeeded.
    pub async fn flush_access_log(&self) -> Result<(), AppError> {
        loop {
            let notes = self.access_log.first();
            if notes.is_empty() {
                return Ok(());
            }
            let notes = &notes;
            transaction!(self.store, db => {
                for PendingAccess { event, guest, .. } in notes {
                    if let (Some(guest), Some(dossier)) = (guest, event.dossier) {
                        delegation::used(db, dossier, guest, event.at).await?;
                    }
                }
                let lines: Vec<(Uuid, &Event)> = notes.iter().map(|note| (note.id, &note.event)).collect();
                Ok(journal::append_once(db, &lines).await?)
            })?;
            self.access_log.written(notes);
        }
    }
}
