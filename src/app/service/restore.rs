//! Restores an installation from a backup set, and runs the restore drill.

use crate::app::{
    App,
    service::backup::{
        BackupError, DATABASE_FILE, Set, SetTrust, TrustPolicy, check, copy_keys, failed, known, remember, set_blobs,
    },
};
use crate::{
    blob::{self, BlobError, Blobs, transfer},
    config::{Config, Database},
    domain::receipt::ChainCheck,
    store::{Freshness, Store, StoreError, deposit, embedded::Embedded, piece},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// Result of the verification of a restored installation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Number of receipts; each one verifies, in one chain.
    pub receipts: u64,
    /// Number of attachments that rows refer to, each with the correct digest.
    pub attachments: u64,
    /// Faults, one line each, in English, for the operator.
    pub faults: Vec<String>,
}

/// A drill: the newest set is restored next to the live installation and compared with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    pub at: Timestamp,
    pub set: PathBuf,
    /// Result of the verification.
    pub restored: Restored,
    /// Receipts of the live installation that are missing from the set. They would be lost if all servers were.
    pub receipts_since: u64,
    /// Age of the set in seconds: later writes would be lost if all servers were (recovery point).
    pub recovery_point_seconds: i64,
    /// Seconds until everything was verified (recovery time).
    pub recovery_time_seconds: u64,
}

impl Drill {
    /// Whether the set is usable.
    #[must_use]
    pub fn good(&self) -> bool {
        self.restored.faults.is_empty()
    }
}

/// Restores an installation from a set: keys into the configured data folder, which must not exist yet, attachments into
/// the configured store, and the dump into the configured database, which must be empty. Everything is verified afterwards.
///
/// # Errors
/// See [`BackupError`]. Faults in the contents are part of the result.
pub async fn restore(
    folder: &Path,
    set: &Set,
    config: &Config,
    trust: &TrustPolicy,
) -> Result<(Restored, SetTrust), BackupError> {
    vacant(config)?;
    // No trusted keys are known here, because there is no installation yet.
    let vouched = check(set, &[], trust)?;
    let data = &config.portal.data_dir;
    let keys = data.join("keys");
    fs::create_dir_all(data).map_err(failed(data))?;
    let store = Store::open(&config.database).map_err(|error| BackupError::Damaged {
        path: data.clone(),
        reason: format!("the way to the database cannot be prepared: {error}"),
    })?;
    load(set, &store).await?;
    copy_keys(&set.path.join("keys"), &keys)?;
    remember(set, &keys)?;
    let blobs = Blobs::open(config.attachments.as_ref(), data).map_err(failed(data))?;
    transfer(&set_blobs(folder)?, &blobs, false).await?;
    let mut restored = verify(&store, &blobs).await?;
    if restored.receipts < set.manifest.receipts {
        restored.faults.push(format!("{} receipts were there when it was made", set.manifest.receipts));
    }
    store.close().await;
    Ok((restored, vouched))
}

/// Checks that the configured data folder contains no installation.
///
/// # Errors
/// When it contains one, or the folder cannot be read.
pub fn vacant(config: &Config) -> Result<(), BackupError> {
    let keys = config.portal.data_dir.join("keys");
    if keys.exists() && fs::read_dir(&keys).map_err(failed(&keys))?.next().is_some() {
        return Err(BackupError::Occupied(config.portal.data_dir.clone()));
    }
    Ok(())
}

impl App {
    /// Restores a set next to the live installation, on a private server in a temporary folder, and verifies
    /// everything. Returns what would be lost and how long a restore would take, measured from `began`.
    pub async fn drill(
        &self,
        folder: &Path,
        set: &Set,
        trust: &TrustPolicy,
        began: Instant,
    ) -> Result<(Drill, SetTrust), BackupError> {
        let at = self.clock();
        let data = &self.config.portal.data_dir;
        let vouched = check(set, &known(&self.keys, &data.join("keys"))?, trust)?;
        let beside = tempfile::Builder::new().prefix("drill-").tempdir_in(data).map_err(failed(data))?;
        let refused = |error: anyhow::Error| BackupError::Damaged {
            path: beside.path().into(),
            reason: format!("no private server could be started: {error:#}"),
        };
        let server = Embedded::start(&beside.path().join("mariadb")).await.map_err(refused)?;
        let database = Database {
            socket: Some(server.socket().into()),
            name: crate::store::embedded::DATABASE_NAME.into(),
            user: server.user().into(),
            max_connections: 2,
            ..Database::default()
        };
        let store = Store::open(&database).map_err(|error| refused(error.into()))?;
        load(set, &store).await?;
        let restored = verify(&store, &set_blobs(folder)?).await?;
        let newest = head(&store).await?;
        store.close().await;
        server.stop().await.map_err(refused)?;
        let drill = Drill {
            at,
            set: set.path.clone(),
            restored,
            receipts_since: head(&self.store).await?.saturating_sub(newest),
            recovery_point_seconds: at.as_second() - set.manifest.taken_at.as_second(),
            recovery_time_seconds: began.elapsed().as_secs(),
        };
        Ok((drill, vouched))
    }
}

async fn load(set: &Set, store: &Store) -> Result<(), BackupError> {
    let database = set.path.join(DATABASE_FILE);
    let found = blob::digest(&database).map_err(failed(&database))?;
    if found != set.manifest.database_sha256 {
        return Err(BackupError::Damaged { path: database, reason: "it is not the file that was made".into() });
    }
    Ok(store.load(&database).await?)
}

async fn head(store: &Store) -> Result<u64, StoreError> {
    let mut db = store.read(Freshness::OwnWrites).await?;
    Ok(deposit::chain_head(&mut db).await?.0)
}

/// Verifies every receipt, and the digest of every attachment that a row refers to.
async fn verify(store: &Store, blobs: &Blobs) -> Result<Restored, BackupError> {
    let ChainCheck { receipts_checked: receipts, mut faults, .. } = crate::app::service::chain::check(store).await?;
    let mut db = store.read(Freshness::OwnWrites).await?;
    let (mut after, mut attachments) = (String::new(), 0);
    loop {
        let digests = piece::digests(&mut db, &after, ATTACHMENTS_PER_BATCH).await?;
        let Some(last) = digests.last() else { break };
        after.clone_from(last);
        for sha256 in digests {
            attachments += 1;
            match blobs.file_once(&sha256).await {
                Ok(_) => {}
                Err(error @ (BlobError::WrongBytes(_) | BlobError::Missing(_))) => faults.push(error.to_string()),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Restored { receipts, attachments, faults })
}

/// Attachments looked up per query.
const ATTACHMENTS_PER_BATCH: u32 = 500;
