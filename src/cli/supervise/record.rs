//! The records of running programs on disk: for the supervisor's successor, and for `guichet supervise status`.

use crate::{
    private_file::replace_private,
    store::embedded::{Stat, lock},
};
use anyhow::Context;
use nix::{
    fcntl::Flock,
    sys::{
        signal::{Signal, kill, killpg},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// Interval between two polls of a process that is not our child, whose exit gives no notification.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A process, identified by its pid and start time, because pids are reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRecord {
    pub pid: i32,
    /// Start time, in clock ticks after boot.
    pub started: u64,
}

impl ProcessRecord {
    /// The process with this pid.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self { pid: i32::try_from(pid).ok()?, started: Stat::of(pid)?.started })
    }

    /// Whether it is running; a zombie is not.
    pub fn runs(self) -> bool {
        let found = u32::try_from(self.pid).ok().and_then(Stat::of);
        found.is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }

    /// Sends it a signal; it may have exited at this very moment.
    pub fn signal(self, signal: Signal) {
        if self.runs() {
            kill(Pid::from_raw(self.pid), signal).ok();
        }
    }

    /// Kills its process group.
    pub fn kill_group(self) {
        if self.runs() {
            killpg(Pid::from_raw(self.pid), Signal::SIGKILL).ok();
        }
    }

    /// Resolves when it has exited.
    pub async fn ended(self) {
        while self.runs() {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        // It is our child if it was started before we replaced our own program.
        waitpid(Pid::from_raw(self.pid), Some(WaitPidFlag::WNOHANG)).ok();
    }
}

/// The record of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    /// The running process.
    pub process: Option<ProcessRecord>,
    /// Digest of the running program.
    pub digest: String,
    /// It must be replaced.
    pub outdated: bool,
    /// When it was started.
    pub since: jiff::Timestamp,
    /// How often it was restarted after it had exited by itself or was stuck.
    pub repairs: u64,
    /// The reason for the last restart.
    pub last_repair: Option<String>,
    /// It exits repeatedly.
    pub failing: bool,
}

/// The records, one file per program.
#[derive(Debug)]
pub struct Records(PathBuf);

impl Records {
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder.into()))
    }

    /// Names of all programs that were started and not stopped since.
    pub fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        let paths = entries.flatten().map(|entry| entry.path());
        let records = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        records.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
    }

    /// Prevents a second supervisor for the same programs; a successor in this process's place takes the lock again.
    pub fn lock(&self) -> anyhow::Result<Flock<File>> {
        let lock = lock(&self.0.join("lock"))?;
        lock.with_context(|| format!("another supervisor is at work in {}", self.0.display()))
    }

    pub fn read(&self, name: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.0.join(format!("{name}.json"))).ok()?).ok()
    }

    /// Writes a record. Failures such as a full disk are reported, because without the record a successor would start
    /// the program a second time.
    pub fn write(&self, record: &Record) {
        let path = self.0.join(format!("{}.json", record.name));
        let written = serde_json::to_vec_pretty(record).map_err(io::Error::from);
        if let Err(error) = written.and_then(|text| replace_private(&path, &text)) {
            tracing::error!(path = %path.display(), %error, "supervise.not_recorded");
        }
    }

    pub fn forget(&self, name: &str) {
        fs::remove_file(self.0.join(format!("{name}.json"))).ok();
    }
}
