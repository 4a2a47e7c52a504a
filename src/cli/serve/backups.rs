//! Scheduled backup sets, made by separate processes: making and testing a set would slow down requests in this one.

use crate::{
    app::service::backup::{last_drill, last_sent, sets},
    config::Backup,
};
use jiff::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::{self, File},
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::process::Command;

/// Delay after the start, which has other work to do.
const START_DELAY: Duration = Duration::from_secs(10);
/// Interval between two checks of what is due.
const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// Makes and tests the sets that are due, until the future is dropped.
pub async fn keep(backup: &Backup, config: &Path) {
    tokio::time::sleep(START_DELAY).await;
    let mut told = String::new();
    loop {
        let fault = turn(backup, config).await.err().map(|error| format!("{error:#}")).unwrap_or_default();
        if !fault.is_empty() && fault != told {
            tracing::warn!("backup.failed: {fault}");
        }
        told = fault;
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn turn(backup: &Backup, config: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&backup.folder)?;
    let lock = File::options().create(true).truncate(false).write(true).open(backup.folder.join("lock"))?;
    // Another process of the installation is doing it.
    let Ok(_lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock) else { return Ok(()) };
    let hours = |at: Timestamp| (Timestamp::now().as_second() - at.as_second()) / 3600;
    let newest = || anyhow::Ok(sets(&backup.folder)?.pop().map(|set| set.manifest.taken_at));
    if newest()?.is_none_or(|at| hours(at) >= backup.every_hours.into()) {
        run(
            "backup",
            &["--to".as_ref(), backup.folder.as_ref(), "--keep".as_ref(), backup.keep.to_string().as_ref()],
            config,
        )
        .await?;
    }
    if backup.restic.is_some() && newest()?.is_some_and(|at| last_sent(&backup.folder) != Some(at)) {
        run("copy-backup", &[], config).await?;
    }
    let tried = last_drill(&backup.folder);
    let due = tried.is_none_or(|drill| hours(drill.at) >= i64::from(backup.drill_every_days) * 24);
    if due && newest()?.is_some() {
        let from: &[&std::ffi::OsStr] = match backup.restic {
            Some(_) => &["--from-restic".as_ref()],
            None => &["--from".as_ref(), backup.folder.as_ref()],
        };
        run("drill", from, config).await?;
    }
    Ok(())
}

async fn run(command: &str, options: &[&std::ffi::OsStr], config: &Path) -> anyhow::Result<()> {
    let done = Command::new(std::env::current_exe()?)
        .args(["admin", command])
        .args(options)
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', "; ");
    anyhow::ensure!(done.status.success(), "{command}: {} {}", said(&done.stdout), said(&done.stderr));
    tracing::info!(said = said(&done.stdout), "backup.{command}");
    Ok(())
}
