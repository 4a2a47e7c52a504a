//! Who read what is not theirs, and that a guest has come: noted in memory by the page, and written down within a second by
//! the worker. A page that reads never writes, so that it is there while nothing can be written; each note has an id from
//! the beginning, so that it is written once, even when a commit's outcome is unknown; a process that ends writes what it
//! still holds.

use super::{App, AppError, Ctx, transaction::transaction};
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

/// Notes written in one transaction: the head of the journal stays locked for so long.
const AT_ONCE: usize = 200;

/// Notes that the worker has still to write.
#[derive(Debug, Default)]
pub(super) struct Readings(Mutex<VecDeque<PendingReading>>);

/// A reading that has still to be written down.
#[derive(Clone, Debug)]
struct PendingReading {
    id: Uuid,
    event: Event,
    /// The address of a guest, whose first coming is noted too.
    guest: Option<String>,
}

impl Readings {
    fn lock(&self) -> MutexGuard<'_, VecDeque<PendingReading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> Vec<PendingReading> {
        self.lock().iter().take(AT_ONCE).cloned().collect()
    }

    fn written(&self, notes: &[PendingReading]) {
        let ids: BTreeSet<Uuid> = notes.iter().map(|note| note.id).collect();
        self.lock().retain(|note| !ids.contains(&note.id));
    }
}

impl App {
    /// Notes that somebody read what is not theirs, and by which rule.
    pub(super) fn note_reading(
        &self,
        ctx: &Ctx,
        kind: EventKind,
        id: DossierId,
        data: serde_json::Value,
    ) -> Result<(), AppError> {
        self.keep_reading(ctx, kind, id, data, None)
    }

    /// The same of a guest who may have come for the first time.
    pub(super) fn note_guest(
        &self,
        ctx: &Ctx,
        kind: EventKind,
        id: DossierId,
        data: serde_json::Value,
    ) -> Result<(), AppError> {
        self.keep_reading(ctx, kind, id, data, Some(ctx.actor()?.account.email.clone()))
    }

    fn keep_reading(
        &self,
        ctx: &Ctx,
        kind: EventKind,
        id: DossierId,
        data: serde_json::Value,
        guest: Option<String>,
    ) -> Result<(), AppError> {
        let event = ctx.event(kind, Some(id), data)?;
        self.readings.lock().push_back(PendingReading { id: Uuid::now_v7(), event, guest });
        Ok(())
    }

    /// Writes the notes down; what cannot be written is kept for the next time. May be dropped at any point: a note leaves
    /// the memory only once it is known to be written.
    pub async fn flush_readings(&self) -> Result<(), AppError> {
        loop {
            let notes = self.readings.first();
            if notes.is_empty() {
                return Ok(());
            }
            let notes = &notes;
            transaction!(self.store, db => {
                for PendingReading { event, guest, .. } in notes {
                    if let (Some(guest), Some(dossier)) = (guest, event.dossier) {
                        delegation::used(db, dossier, guest, event.at).await?;
                    }
                }
                let lines: Vec<(Uuid, &Event)> = notes.iter().map(|note| (note.id, &note.event)).collect();
                Ok(journal::append_once(db, &lines).await?)
            })?;
            self.readings.written(notes);
        }
    }
}
