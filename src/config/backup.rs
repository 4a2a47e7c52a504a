//! When backup sets are made and tested.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Backup sets, made by whichever process of the installation is first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Folder of the sets, preferably on another disk; copy its contents off-site. It contains private keys.
    pub folder: PathBuf,
    /// A set is made when the newest is older than this, in hours.
    #[serde(default = "default_hours")]
    pub every_hours: u32,
    /// Number of sets kept.
    #[serde(default = "default_keep")]
    pub keep: usize,
    /// The newest set is restored beside the live installation when the last test is older than this, in days.
    #[serde(default = "default_days")]
    pub drill_every_days: u32,
    /// Where copies of the sets are kept off the machine. If set, the test restores from there, as after a disaster.
    #[serde(default)]
    pub restic: Option<Restic>,
}

/// A restic repository; restic encrypts its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restic {
    /// Its location, in restic's syntax: a folder, `sftp:user@host:/folder`, `rest:https://…`, `s3:https://…/bucket`.
    pub repository: String,
    /// File with its password. Keep a copy elsewhere: without it, the copies are useless.
    pub password_file: PathBuf,
    /// File with the storage credentials, one `NAME=value` per line: `AWS_ACCESS_KEY_ID=…`.
    #[serde(default)]
    pub environment_file: Option<PathBuf>,
}

fn default_hours() -> u32 {
    24
}

fn default_keep() -> usize {
    14
}

fn default_days() -> u32 {
    7
}

impl Backup {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.every_hours == 0 || self.drill_every_days == 0 {
            faults.push("backup.every_hours and drill_every_days must be at least 1".into());
        }
        if self.keep < 2 {
            faults.push("backup.keep must be at least 2: one set may be damaged".into());
        }
        if self.restic.as_ref().is_some_and(|restic| restic.repository.is_empty()) {
            faults.push("backup.restic.repository is empty".into());
        }
        faults
    }
}
