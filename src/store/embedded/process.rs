//! Child processes: stops them cleanly, ends those left by an earlier run, and reads the last lines of their logs.

use anyhow::Context;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};
use tokio::process::Child;

/// Polling interval for a process that is not our child, whose exit is not notified.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Maximum time for a killed process to disappear.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks a child to exit, and kills it if it has not after `grace`.
pub async fn stop_child(child: &mut Child, grace: Duration) -> io::Result<()> {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It may have exited at this moment; the wait detects that.
        kill(Pid::from_raw(pid), Signal::SIGTERM).ok();
    }
    match tokio::time::timeout(grace, child.wait()).await {
        Ok(status) => status.map(drop),
        Err(_) => child.kill().await,
    }
}

/// Ends a process that an earlier run left behind. The process with the recorded id is ended only if its command line
/// contains `marker`, since the id may have been reused.
pub async fn end_left_over(pid_file: &Path, marker: &Path, grace: Duration) -> anyhow::Result<()> {
    let Ok(text) = fs::read_to_string(pid_file) else { return Ok(()) };
    if let Ok(pid) = text.trim().parse::<i32>() {
        for (signal, patience) in [(Signal::SIGTERM, grace), (Signal::SIGKILL, KILL_TIMEOUT)] {
            let began = Instant::now();
            if runs(pid, marker) {
                kill(Pid::from_raw(pid), signal).ok();
            }
            while runs(pid, marker) && began.elapsed() < patience {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }
    match fs::remove_file(pid_file) {
        // A server that stops cleanly removes its own pid file.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", pid_file.display()))
        }
        _ => Ok(()),
    }
}

fn runs(pid: i32, marker: &Path) -> bool {
    let marker = marker.as_os_str().as_encoded_bytes();
    // A zombie process has an empty command line.
    fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| line.windows(marker.len().max(1)).any(|part| part == marker))
}

/// Process statistics from the kernel (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// `Z` for a zombie.
    pub state: char,
    /// CPU time, clock ticks.
    pub cpu: u64,
    /// Start time, in clock ticks after boot.
    pub started: u64,
}

impl Stat {
    /// Reads the statistics of a process; `None` if it does not exist.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may contain spaces and brackets.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self { state: fields.first()?.chars().next()?, cpu: number(11)? + number(12)?, started: number(19)? })
    }
}

/// Returns the last lines of a log, up to its last error if it has one; lines after that may be mere advice.
pub fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let advice = text.lines().rev().take_while(|line| !line.contains("[ERROR]")).count();
    let advice = if advice == text.lines().count() { 0 } else { advice };
    let lines: Vec<_> = text.lines().rev().skip(advice).take(15).collect();
    lines.into_iter().rev().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::end_left_over;
    use std::{
        process::{Command, Stdio},
        time::Duration,
    };

    #[tokio::test]
    async fn only_a_process_of_ours_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        let mut sleeper = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        std::fs::write(&pid_file, sleeper.id().to_string()).unwrap();
        end_left_over(&pid_file, dir.path(), Duration::from_secs(1)).await.unwrap();
        assert!(sleeper.try_wait().unwrap().is_none());
        assert!(!pid_file.exists());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }
}
