//! Ends uploads that lead nowhere any more: their dossier was deleted, or their account closed.

use super::unfinished::Unfinished;
use crate::{
    app::{App, AppError},
    domain::ids::{AccountId, DossierId},
    store::{Freshness, upload},
};
use std::{collections::HashSet, time::Duration};
use tokio::time::timeout;

/// Maximum time to wait for a request that is still sending. What is not ended then is refused at its end, and swept
/// later.
const END_TIMEOUT: Duration = Duration::from_secs(5);

impl App {
    /// Ends the uploads to some dossiers, whoever began them.
    pub(in crate::app) async fn end_uploads_to(&self, dossiers: &[DossierId]) {
        self.end_all(self.unfinished_to(dossiers).await).await;
    }

    /// Ends the uploads that an account began.
    pub(in crate::app) async fn end_uploads_of(&self, owner: AccountId) {
        self.end_all(self.all_unfinished(owner.0).await.map(|(_, own)| own)).await;
    }

    async fn unfinished_to(&self, dossiers: &[DossierId]) -> Result<Vec<Unfinished>, AppError> {
        if dossiers.is_empty() {
            return Ok(Vec::new());
        }
        if self.blobs.bucket().is_some() {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            return Ok(upload::to_dossiers(&mut db, dossiers).await?.into_iter().map(Unfinished::Row).collect());
        }
        let dossiers: HashSet<&DossierId> = dossiers.iter().collect();
        let mut found = Vec::new();
        for kept in self.blobs.partials().await? {
            let upload = Unfinished::File(kept.partial);
            if upload.note().await.is_ok_and(|note| dossiers.contains(&note.dossier)) {
                found.push(upload);
            }
        }
        Ok(found)
    }

    async fn end_all(&self, uploads: Result<Vec<Unfinished>, AppError>) {
        let ended = async {
            for upload in uploads? {
                match self.end_one(&upload).await {
                    // It ended by itself.
                    Ok(()) | Err(AppError::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok::<_, AppError>(())
        };
        match timeout(END_TIMEOUT, ended).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = &error as &dyn std::error::Error, "uploads.not_ended"),
            Err(late) => tracing::warn!(error = &late as &dyn std::error::Error, "uploads.not_ended"),
        }
    }

    async fn end_one(&self, upload: &Unfinished) -> Result<(), AppError> {
        if upload.remove_unheld(self).await? {
            return Ok(());
        }
        // A request is sending to it, and ends as soon as it has lost its turn.
        let (writer, _) = upload.claim(self).await?;
        writer.remove().await
    }
}
