//! What runs, on the disk: for the keeper's successor, and for whoever asks.

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
const LOOK: Duration = Duration::from_millis(100);

/// A process, by a number that is not used again and the instant of its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// Start, in clock ticks after the machine's.
    pub started: u64,
}

impl Process {
    /// The process of that number.
    pub fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self { pid, started: stat(pid)?.1 })
    }

    /// Whether it still runs; one that has ended and that nobody has waited for does not.
    pub fn runs(self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| started == self.started && state != 'Z')
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
            tokio::time::sleep(LOOK).await;
        }
        // It is our child when it was started before we became another program.
        waitpid(Pid::from_raw(self.pid), Some(WaitPidFlag::WNOHANG)).ok();
    }
}

/// State and start of a process; its name may hold spaces and brackets.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some((fields.first()?.chars().next()?, fields.get(19)?.parse().ok()?))
}

/// What is known of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub name: String,
    /// The running process.
    pub process: Option<Process>,
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
        let lock = crate::store::embedded::lock(&self.0.join("lock"))?;
        lock.with_context(|| format!("another keeper is at work in {}", self.0.display()))
    }

    pub fn read(&self, name: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.0.join(format!("{name}.json"))).ok()?).ok()
    }

    /// Keeps a record; without it, a successor would start a second one, so a full disk is told.
    pub fn write(&self, record: &Record) {
        let path = self.0.join(format!("{}.json", record.name));
        let write = || -> io::Result<()> {
            let fresh = path.with_extension("new");
            fs::write(&fresh, serde_json::to_vec_pretty(record)?)?;
            fs::rename(&fresh, &path)
        };
        if let Err(error) = write() {
            tracing::error!(path = %path.display(), %error, "keep.not_recorded");
        }
    }

    pub fn forget(&self, name: &str) {
        fs::remove_file(self.0.join(format!("{name}.json"))).ok();
    }
}
