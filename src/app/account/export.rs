//! Everything that the portal has of a person, as one archive for them.
//!
//! What goes into it is listed first, and every attachment is looked for, so that what is missing is told before anything
//! is sent. Then each file is read and sent, one after the other. One that turns out to be another one ends the archive
//! before its directory.

mod texts;

use crate::{
    adapters::bag::{BagError, BagWriter},
    app::{App, AppError, Ctx},
    blob::BlobError,
    domain::{
        access::{Action, Part},
        bagit::{Bag, BagInfo, safe_part},
        call::Call,
        ids::{AccountId, DossierId},
        media::file_name,
        piece::AttachedPiece,
    },
    store::{Freshness, company_lookup, delegation, deposit, dossier, erasure, journal, piece},
};
use futures_util::{StreamExt, TryStreamExt};
use std::{
    collections::{BTreeSet, HashSet},
    io,
    sync::{Mutex, PoisonError},
};
use tokio::io::AsyncWrite;

/// Archives that one process sends at once: each compresses as it goes.
const MAX_CONCURRENT_EXPORTS: usize = 4;
/// Attachments that are looked for at once.
const CONCURRENT_LOOKUPS: usize = 8;
/// Events of a dossier in one file.
const EVENTS_PER_FILE: u32 = 5000;
/// Name of the file that says why an archive is incomplete.
const INCOMPLETE: &str = "INCOMPLETE.txt";

/// Accounts whose archive is being sent by this process.
#[derive(Debug, Default)]
pub(in crate::app) struct ExportSlots(Mutex<HashSet<AccountId>>);

impl ExportSlots {
    /// Takes the slot of an account.
    ///
    /// # Errors
    /// [`AppError::ExportUnderWay`] while it is taken; [`AppError::TooManyExports`] while those of others take them all.
    fn take(&self, account: AccountId) -> Result<(), AppError> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.contains(&account) {
            return Err(AppError::ExportUnderWay);
        }
        if taken.len() >= MAX_CONCURRENT_EXPORTS {
            return Err(AppError::TooManyExports);
        }
        taken.insert(account);
        Ok(())
    }

    fn free(&self, account: AccountId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
    }
}

/// The slot of one archive, free again when it is dropped: sent, broken off or never begun.
struct ExportSlot {
    app: App,
    account: AccountId,
}

impl Drop for ExportSlot {
    fn drop(&mut self) {
        self.app.exports.free(self.account);
    }
}

/// An archive of one's own data that can be sent.
pub struct Export {
    app: App,
    ctx: Ctx,
    bag: Bag,
    dossiers: Vec<ExportedDossier>,
    _slot: ExportSlot,
}

/// What a dossier has besides its answers.
struct ExportedDossier {
    id: DossierId,
    versions: Vec<deposit::Version>,
    /// The files of the draft, and those of deposited versions that the draft does not have any more.
    files: Vec<AttachedPiece>,
}

impl App {
    /// Prepares the archive of the actor's data: their account and the dossiers that they own, nothing of other people's
    /// dossiers. One at a time for each account.
    ///
    /// # Errors
    /// [`AppError::ExportUnderWay`], [`AppError::TooManyExports`]; [`AppError::Attachment`] when a file is missing or the
    /// store does not answer; policy and store errors.
    pub async fn export(&self, ctx: &Ctx) -> Result<Export, AppError> {
        let account = ctx.account()?;
        self.exports.take(account)?;
        let slot = ExportSlot { app: self.clone(), account };
        let owned = erasure::dossiers(&mut *self.store.read(Freshness::OwnWrites).await?, account).await?;
        let mut dossiers = Vec::new();
        for (id, _) in owned {
            match self.exported_dossier(ctx, id).await {
                Ok(dossier) => dossiers.push(dossier),
                // Deleted in the meantime.
                Err(AppError::DossierDeleted) => {}
                Err(error) => return Err(error),
            }
        }
        self.look_for_files(&dossiers).await?;
        let call = self.call_of_host(ctx)?;
        let bagged_on = ctx.now.to_zoned_datetime(call.time_zone()).date();
        let info = BagInfo {
            source: self.config.portal.public_url.clone(),
            description: ctx
                .lang
                .tr("Données d’un compte et de ses dossiers", "Data of an account and its applications")
                .into(),
            identifier: account.to_string(),
            bagged_on,
        };
        let bag = Bag::new(&format!("guichet-{bagged_on}"), info);
        Ok(Export { app: self.clone(), ctx: ctx.clone(), bag, dossiers, _slot: slot })
    }

    async fn exported_dossier(&self, ctx: &Ctx, id: DossierId) -> Result<ExportedDossier, AppError> {
        let (mut files, versions) = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            let row = dossier::load(&mut db, id).await?;
            ctx.authorize_row(&mut db, row, Action::DraftRead, Part::Whole).await?;
            (piece::of_dossier(&mut db, id).await?, deposit::versions(&mut db, id).await?)
        };
        for version in &versions {
            let sealed = self.receipt(ctx, &version.receipt).await?.receipt.pieces();
            let known =
                |piece: &AttachedPiece| files.iter().any(|file| file.code == piece.code && file.sha256 == piece.sha256);
            let more: Vec<AttachedPiece> = sealed.into_iter().filter(|piece| !known(piece)).collect();
            files.extend(more);
        }
        Ok(ExportedDossier { id, versions, files })
    }

    /// Fails if an attachment is in no store, or a store does not answer.
    async fn look_for_files(&self, dossiers: &[ExportedDossier]) -> Result<(), AppError> {
        let digests: BTreeSet<&String> =
            dossiers.iter().flat_map(|dossier| &dossier.files).map(|piece| &piece.sha256).collect();
        let lookups: Vec<_> = digests.into_iter().map(|sha256| self.look_for_file(sha256)).collect();
        futures_util::stream::iter(lookups).buffer_unordered(CONCURRENT_LOOKUPS).try_collect().await
    }

    async fn look_for_file(&self, sha256: &str) -> Result<(), AppError> {
        match self.blobs.holder(sha256).await? {
            Some(_) => Ok(()),
            None => Err(AppError::Attachment(BlobError::Missing(sha256.to_owned()))),
        }
    }
}

impl Export {
    /// Name of the archive's folder.
    pub fn name(&self) -> &str {
        self.bag.name()
    }

    /// Sends the archive. On failure, it ends before its directory, after a file that says why.
    ///
    /// # Errors
    /// [`AppError::Attachment`] when the bytes of a file are others; policy and store errors.
    pub async fn send(self, sink: impl AsyncWrite + Unpin) -> Result<(), AppError> {
        let mut writer = BagWriter::begin(self.bag.clone(), sink).await?;
        let filled = self.fill(&mut writer).await;
        let failed = match filled {
            Ok(()) => return Ok(writer.finish().await?),
            Err(error) => error,
        };
        if !matches!(failed, AppError::SignInNeeded) {
            tracing::error!(error = &failed as &dyn std::error::Error, "export.failed");
        }
        // Who takes the archive may be gone.
        writer.abandon(INCOMPLETE, &texts::incomplete(&failed)).await.ok();
        Err(failed)
    }

    async fn fill<W: AsyncWrite + Unpin>(&self, writer: &mut BagWriter<W>) -> Result<(), AppError> {
        writer.text("", "README.txt", &texts::readme(&self.app.config.portal.public_url)).await?;
        writer.text("", "account.json", &pretty(&texts::account(&self.app, &self.ctx).await?)?).await?;
        for dossier in &self.dossiers {
            // The archive may take long: whoever has signed out meanwhile gets no more.
            let ctx = self.app.reauthenticate(&self.ctx).await?;
            match self.dossier(&ctx, dossier, writer).await {
                Ok(()) | Err(AppError::DossierDeleted) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn dossier<W: AsyncWrite + Unpin>(
        &self,
        ctx: &Ctx,
        exported: &ExportedDossier,
        writer: &mut BagWriter<W>,
    ) -> Result<(), AppError> {
        let app = &self.app;
        let (dossier, guests, records) = {
            let mut db = app.store.read(Freshness::OwnWrites).await?;
            let row = dossier::load(&mut db, exported.id).await?;
            let (dossier, _) = ctx.authorize_row(&mut db, row, Action::DraftRead, Part::Whole).await?;
            let guests = delegation::of_dossier(&mut db, exported.id).await?;
            (dossier, guests, company_lookup::all_of_dossier(&mut db, exported.id).await?)
        };
        let folder = format!("dossiers/{}", exported.id);
        let call = app.call(&dossier.call).ok();
        let definition: Option<&Call> = call.map(AsRef::as_ref);
        let mut facts = texts::dossier(definition, &dossier, &exported.versions, &exported.files, &guests);
        facts["company_register"] = texts::register_records(definition, &records);
        writer.text(&folder, "dossier.json", &pretty(&facts)?).await?;
        writer.text(&folder, "answers.json", &pretty(&dossier.draft)?).await?;
        if let Some(call) = call {
            let text = crate::domain::answers::readable::readable(call, &dossier.draft, &ctx.lang);
            writer.text(&folder, "answers.txt", &text).await?;
        }
        for piece in &exported.files {
            let file = app.blobs.file_once(&piece.sha256).await?;
            let name = file_name(&piece.name, &piece.media, &piece.code);
            let folder = format!("{folder}/pieces/{}", safe_part(&piece.code));
            writer.file(&folder, &name, file, (piece.sha256.as_str(), piece.bytes)).await?;
        }
        for version in &exported.versions {
            let text = app.receipt(ctx, &version.receipt).await?.stored.text;
            let name = format!("{}.json", safe_part(&version.receipt));
            writer.text(&format!("{folder}/receipts"), &name, &text).await?;
        }
        self.journal(exported.id, dossier.owner, &folder, writer).await
    }

    /// Writes the events of a dossier as its owner may see them, in files of bounded length.
    async fn journal<W: AsyncWrite + Unpin>(
        &self,
        id: DossierId,
        owner: AccountId,
        folder: &str,
        writer: &mut BagWriter<W>,
    ) -> Result<(), AppError> {
        let mut after = 0;
        loop {
            let events = {
                let mut db = self.app.store.read(Freshness::OwnWrites).await?;
                journal::of_dossier(&mut db, id, after, EVENTS_PER_FILE).await?
            };
            let Some(last) = events.last().map(|event| event.sequence) else { return Ok(()) };
            after = last;
            let lines = events.iter().filter_map(|event| texts::event(event, owner));
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            writer.text(folder, "journal.jsonl", &text).await?;
        }
    }
}

fn pretty(value: &impl serde::Serialize) -> Result<String, AppError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| AppError::Internal(io::Error::other(error)))?;
    Ok(format!("{text}\n"))
}

impl From<BagError> for AppError {
    fn from(error: BagError) -> Self {
        match error {
            BagError::WrongBytes(path) => Self::Attachment(BlobError::WrongBytes(path)),
            error => Self::Internal(io::Error::other(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn one_archive_an_account_and_a_few_in_all() {
        let (slots, account) = (ExportSlots::default(), |number| AccountId(Uuid::from_u128(number)));
        assert!(slots.take(account(1)).is_ok());
        assert!(matches!(slots.take(account(1)), Err(AppError::ExportUnderWay)));
        for number in 2..=MAX_CONCURRENT_EXPORTS as u128 {
            assert!(slots.take(account(number)).is_ok(), "{number}");
        }
        assert!(matches!(slots.take(account(99)), Err(AppError::TooManyExports)), "all are of others");
        assert!(matches!(slots.take(account(2)), Err(AppError::ExportUnderWay)), "one is one’s own");
        slots.free(account(1));
        assert!(slots.take(account(99)).is_ok());
    }
}
