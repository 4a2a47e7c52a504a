//! When backup sets are made and tried out.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Backup sets, made by whichever process of the installation comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Folder of the sets, best on another disk; its contents belong off-site. Private keys are in it.
    pub folder: PathBuf,
    /// A set is made when the newest is older than this, hours.
    #[serde(default = "default_hours")]
    pub every_hours: u32,
    /// Sets that are kept.
    #[serde(default = "default_keep")]
    pub keep: usize,
    /// The newest set is restored beside the live installation when that was last done longer ago than this, days.
    #[serde(default = "default_days")]
    pub drill_every_days: u32,
    /// Where copies of the sets are kept beyond the machine. With one, the trial takes the way that a disaster would: from
    /// there.
    #[serde(default)]
    pub restic: Option<Restic>,
}

/// A repository of restic, which encrypts what it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restic {
    /// Where it is, as restic names it: a folder, `sftp:user@host:/folder`, `rest:https://…`, `s3:https://…/bucket`.
    pub repository: String,
    /// File that holds its password. Kept elsewhere too: without it, the copies are nothing.
    pub password_file: PathBuf,
    /// File with the account of the storage, `NAME=value` a line: `AWS_ACCESS_KEY_ID=…`.
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
