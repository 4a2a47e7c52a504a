//! Backup sets: the database as of one instant, all attachments and the keys, in a folder from which an installation
//! can be restored anywhere.
//!
//! The database is copied first and the attachments after it. An attachment is kept before any row refers to it, and it
//! never changes; so every file that the rows of that instant refer to is present. All sets of a folder share the
//! attachments.

mod signature;

pub use signature::{SetTrust, TrustPolicy, signer};
pub(in crate::app) use signature::{check, known, remember};

use crate::app::{App, Drill};
use crate::{
    blob::{self, BlobError, Blobs, transfer},
    build::BUILD,
    domain::json::{self, JsonError, Limits},
    store::{DumpError, Freshness, StoreError, deposit},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Instant,
};

/// Maximum size of a manifest or record that is read.
const RECORD_LIMITS: Limits = Limits::bytes(1024 * 1024);
/// Version of the layout. Sets of version 1 have no digests of their keys and no signature; they can still be restored.
const SET_FORMAT_VERSION: u32 = 2;
/// The database dump of a set.
pub(in crate::app) const DATABASE_FILE: &str = "database.sql";
/// The record of the last restore drill.
const DRILL_FILE: &str = "drill.json";
/// The record of the last off-site copy.
const SENT_FILE: &str = "sent.json";
/// The list of contents of a set.
const MANIFEST_FILE: &str = "manifest.json";

/// The contents of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u32,
    /// The set contains everything that was acknowledged before this instant.
    pub taken_at: Timestamp,
    /// Version of the program.
    pub build: String,
    /// SHA-256 of the database file.
    pub database_sha256: String,
    /// SHA-256 of each key file.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// Number of receipts issued before the backup began; the set may contain more.
    pub receipts: u64,
    /// Number of attachments copied so far, over all sets of the folder.
    pub attachments: u64,
    /// Duration of the backup in milliseconds.
    pub took_ms: u64,
}

/// A set and its location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    pub path: PathBuf,
    pub manifest: Manifest,
}

/// Why a set could not be created or used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("cannot use {path}")]
    File { path: PathBuf, source: io::Error },
    /// The database could not be dumped or loaded.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// A set does not match its manifest.
    #[error("{path}: {reason}")]
    Damaged { path: PathBuf, reason: String },
    /// A set does not match its signature.
    #[error("{0} was changed since it was made: look for who did it. --from-elsewhere takes it all the same")]
    Changed(PathBuf),
    /// A set was signed with an unknown key.
    #[error(
        "{path} was signed by {key}, which is not a key of this installation's nor the one named; --from-elsewhere takes it all the same"
    )]
    Foreign {
        path: PathBuf,
        /// The signing key.
        key: String,
    },
    /// A set has no signature, and the operator did not accept that.
    #[error(
        "{0} is not signed: an old release made it, or its signature was taken away. Make a new set with `guichet admin \
         backup`; --from-elsewhere takes this one on your word"
    )]
    Unsigned(PathBuf),
    /// The target already contains an installation. A set is restored only where there is none.
    #[error("{0} has keys already: a set is only restored where there is no installation")]
    Occupied(PathBuf),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Attachments could not be read or written.
    #[error("cannot copy the attachments")]
    Attachments(#[from] BlobError),
}

pub(in crate::app) fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_path_buf();
    move |source| BackupError::File { path, source }
}

impl App {
    /// Creates a set in a folder, completely or not at all.
    pub async fn back_up(&self, folder: &Path) -> Result<Set, BackupError> {
        let (began, taken_at) = (Instant::now(), self.clock());
        let sets = folder.join("sets");
        for part in [&sets, &folder.join("blobs")] {
            private_folder(part)?;
        }
        let making = tempfile::Builder::new().prefix(".making-").tempdir_in(&sets).map_err(failed(&sets))?;
        let receipts = {
            let mut db = self.store.read(Freshness::OwnWrites).await?;
            deposit::chain_head(&mut db).await?.0
        };
        let database = making.path().join(DATABASE_FILE);
        self.store.dump(&database).await?;
        let data = &self.config.portal.data_dir;
        copy_keys(&data.join("keys"), &making.path().join("keys"))?;
        let attachments = transfer(&self.blobs, &set_blobs(folder)?, false).await?.present.len() as u64;
        let manifest = Manifest {
            format: SET_FORMAT_VERSION,
            taken_at,
            build: BUILD.into(),
            database_sha256: blob::digest(&database).map_err(failed(&database))?,
            keys: signature::digests(&making.path().join("keys"))?,
            receipts,
            attachments,
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other).map_err(failed(&database))?;
        write_private(&making.path().join(MANIFEST_FILE), &text)?;
        signature::sign(making.path(), &text, &self.keys)?;
        let path = sets.join(taken_at.strftime("%Y%m%dT%H%M%S%3fZ").to_string());
        fs::rename(making.keep(), &path).map_err(failed(&path))?;
        sync(&sets)?;
        Ok(Set { path, manifest })
    }
}

/// The attachments of the sets of a folder.
pub(in crate::app) fn set_blobs(folder: &Path) -> Result<Blobs, BackupError> {
    let blobs = folder.join("blobs");
    Blobs::folder(blobs.clone()).map_err(failed(&blobs))
}

/// Returns all complete sets of a folder, the newest last.
pub fn sets(folder: &Path) -> Result<Vec<Set>, BackupError> {
    let within = folder.join("sets");
    let mut found = Vec::new();
    let entries = match fs::read_dir(&within) {
        // No set exists yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(failed(&within))?,
    };
    for entry in entries {
        let path = entry.map_err(failed(&within))?.path();
        let named = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| !name.starts_with('.'));
        if named && let Ok(text) = fs::read(path.join(MANIFEST_FILE)) {
            let damaged =
                |error: JsonError| BackupError::Damaged { path: path.join(MANIFEST_FILE), reason: error.to_string() };
            found.push(Set { manifest: json::from_slice(&text, RECORD_LIMITS).map_err(damaged)?, path });
        }
    }
    found.sort_by_key(|set| set.manifest.taken_at);
    Ok(found)
}

/// Removes the oldest sets and keeps the newest `keep`. Attachments are not removed.
pub fn prune(folder: &Path, keep: usize) -> Result<usize, BackupError> {
    let all = sets(folder)?;
    let old = all.len().saturating_sub(keep);
    for set in all.iter().take(old) {
        fs::remove_dir_all(&set.path).map_err(failed(&set.path))?;
    }
    Ok(old)
}

/// Returns the record of the last drill on the sets of a folder.
#[must_use]
pub fn last_drill(folder: &Path) -> Option<Drill> {
    json::from_slice(&fs::read(folder.join(DRILL_FILE)).ok()?, RECORD_LIMITS).ok()
}

/// Writes the record of a drill next to the sets.
pub fn record_drill(folder: &Path, drill: &Drill) -> Result<(), BackupError> {
    let path = folder.join(DRILL_FILE);
    let text = serde_json::to_vec_pretty(drill).map_err(io::Error::other).map_err(failed(&path))?;
    write_private(&path, &text)
}

/// Records which set was last copied off-site.
pub fn record_sent(folder: &Path, set: &Set) -> Result<(), BackupError> {
    let path = folder.join(SENT_FILE);
    let text = serde_json::to_vec(&set.manifest.taken_at).map_err(io::Error::other).map_err(failed(&path))?;
    write_private(&path, &text)
}

/// Returns when the set that was last copied off-site was taken.
pub fn last_sent(folder: &Path) -> Option<Timestamp> {
    json::from_slice(&fs::read(folder.join(SENT_FILE)).ok()?, RECORD_LIMITS).ok()
}

pub(in crate::app) fn copy_keys(from: &Path, to: &Path) -> Result<(), BackupError> {
    private_folder(to)?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_file() && !name.starts_with('.') && !signature::concerns(name) {
            write_private(&to.join(name), &fs::read(&path).map_err(failed(&path))?)?;
        }
    }
    sync(to)
}

fn private_folder(path: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(path))
}

fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}
