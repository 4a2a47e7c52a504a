//! What runs, on the disk: for the keeper's successor, and for whoever asks.

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

/// Pause between two looks at a process that is not our child, whose end gives no notice.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A process, by a number that is not used again and the instant of its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRecord {
    pub pid: i32,
    /// Start, in clock ticks after the machine's.
    pub started: u64,
}

impl ProcessRecord {
    /// The process of that number.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self { pid: i32::try_from(pid).ok()?, started: Stat::of(pid)?.started })
    }

    /// Whether it still runs; one that has ended and that nobody has waited for does not.
    pub fn runs(self) -> bool {
        let found = u32::try_from(self.pid).ok().and_then(Stat::of);
        found.is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }

    /// Signals it; it may have ended this very moment.
    pub fn signal(self, signal: Signal) {
        if self.runs() {
            kill(Pid::from_raw(self.pid), signal).ok();
        }
    }

    /// Kills it with what it has started.
    pub fn kill_group(self) {
        if self.runs() {
            killpg(Pid::from_raw(self.pid), Signal::SIGKILL).ok();
        }
    }

    /// Resolves when it has ended.
    pub async fn ended(self) {
        while self.runs() {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        // It is our child when it was started before we became another program.
        waitpid(Pid::from_raw(self.pid), Some(WaitPidFlag::WNOHANG)).ok();
    }
}

/// What is known of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    /// The running process.
    pub process: Option<ProcessRecord>,
    /// What runs.
    pub digest: String,
    /// Another one is to run.
    pub outdated: bool,
    /// When it was started.
    pub since: jiff::Timestamp,
    /// How often it was started again after it had ended by itself or was stuck.
    pub repairs: u64,
    /// The last reason.
    pub last_repair: Option<String>,
    /// It ends again and again.
    pub failing: bool,
}

/// The records, one file a program.
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

    /// Keeps a second keeper off the same programs; a successor in this process's place takes it anew.
    pub fn lock(&self) -> anyhow::Result<Flock<File>> {
        let lock = lock(&self.0.join("lock"))?;
        lock.with_context(|| format!("another keeper is at work in {}", self.0.display()))
    }

    pub fn read(&self, name: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.0.join(format!("{name}.json"))).ok()?).ok()
    }

    /// Keeps a record; without it, a successor would start a second one, so a full disk is told.
    pub fn write(&self, record: &Record) {
        let path = self.0.join(format!("{}.json", record.name));
        let written = serde_json::to_vec_pretty(record).map_err(io::Error::from);
        if let Err(error) = written.and_then(|text| replace_private(&path, &text)) {
            tracing::error!(path = %path.display(), %error, "keep.not_recorded");
        }
    }

    pub fn forget(&self, name: &str) {
        fs::remove_file(self.0.join(format!("{name}.json"))).ok();
    }
}
