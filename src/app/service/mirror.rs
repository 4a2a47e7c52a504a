//! Replication of attachments between machines.
//!
//! An upload waits for the number of copies that the configuration requires. Every machine eventually has all
//! attachments, so that each can serve them alone and a backup made on any of them is complete.

use crate::app::{App, AppError};
use crate::{
    blob::peers::PeerStore,
    store::{Freshness, piece, process::Process},
};
use std::{collections::BTreeMap, fs, io, path::Path, time::Duration};
use uuid::Uuid;

/// Interval between two checks for missing attachments.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);
/// A process whose last heartbeat is older than this is not contacted, in milliseconds.
const SILENT_MS: u64 = 10_000;
/// Attachments looked up per query.
const ATTACHMENTS_PER_BATCH: u32 = 500;

/// Returns the id of the store in a data folder; it is created at the first start.
pub(in crate::app) fn own_store(data_dir: &Path) -> io::Result<Uuid> {
    let file = data_dir.join("attachment-store");
    if !file.exists() {
        let aside = data_dir.join(format!(".attachment-store.{}", std::process::id()));
        fs::write(&aside, Uuid::now_v7().to_string())?;
        // Two processes may start at once. The hard link makes both use the same id.
        let linked = fs::hard_link(&aside, &file);
        fs::remove_file(&aside)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    fs::read_to_string(&file)?.trim().parse().map_err(io::Error::other)
}

/// Returns the reachable stores, each with one of its processes.
pub(in crate::app) fn stores(processes: &[Process]) -> Vec<PeerStore> {
    let alive = processes.iter().filter(|process| process.silent_ms < SILENT_MS);
    let stores: BTreeMap<Uuid, String> = alive.filter_map(|process| process.registration.attachments.clone()).collect();
    stores.into_iter().map(|(store, address)| PeerStore { store, address }).collect()
}

/// Fetches missing attachments periodically, until the future is dropped.
pub async fn keep_up(app: &App) {
    if app.blobs.peers().is_none() {
        return std::future::pending().await;
    }
    loop {
        match app.gather().await {
            Ok(0) => {}
            Ok(gathered) => tracing::info!(gathered, "attachments.gathered"),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "attachments.not_gathered"),
        }
        tokio::time::sleep(SYNC_INTERVAL).await;
    }
}

impl App {
    /// Fetches every attachment that a row refers to and this machine lacks. Returns how many were fetched.
    pub async fn gather(&self) -> Result<u64, AppError> {
        let (mut after, mut gathered) = (String::new(), 0);
        loop {
            let digests = {
                let mut db = self.store.read(Freshness::OwnWrites).await?;
                piece::digests(&mut db, &after, ATTACHMENTS_PER_BATCH).await?
            };
            let Some(last) = digests.last() else { return Ok(gathered) };
            after.clone_from(last);
            for sha256 in digests {
                if !self.blobs.has(&sha256) && self.blobs.obtain(&sha256).await? {
                    gathered += 1;
                }
            }
        }
    }
}
