//! Rolling replacement of the portal's processes, by `guichet rollout`.

use super::{
    plan::{Change, SupervisedProgram},
    process::SupervisedProcess,
};
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// Interval after a failed replacement.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// Timeout for one process, in seconds.
const PROCESS_TIMEOUT_SECONDS: &str = "90";
/// Timeout for the command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);

/// A process that waits to be replaced.
pub struct Waiting {
    program: SupervisedProgram,
    /// No other process serves requests meanwhile.
    alone: bool,
}

/// The next one, if any.
pub fn next(processes: &BTreeMap<String, SupervisedProcess>) -> Option<Waiting> {
    let rolled = |process: &&SupervisedProcess| matches!(process.program().change, Change::Rollout { .. });
    let alone = processes.values().filter(rolled).count() == 1;
    let waiting = processes.values().filter(rolled).find(|process| *process.waits.borrow())?;
    Some(Waiting { program: waiting.program(), alone })
}

/// Replaces it; resolves afterwards, or after a pause on failure. The replacement continues by itself once it is
/// requested: a process that has exited was replaced.
pub async fn replace(waiting: Option<Waiting>) {
    let Some(Waiting { program, alone }) = waiting else { return };
    let (Change::Rollout { config }, Some(guichet)) = (&program.change, program.command.first()) else { return };
    let mut command = Command::new(guichet);
    command
        .arg("rollout")
        .arg("--config")
        .arg(config)
        .args(["--only", &program.name, "--timeout", PROCESS_TIMEOUT_SECONDS]);
    if alone {
        command.arg("--allow-gap");
    }
    let done = timeout(COMMAND_TIMEOUT, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let done = done.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', "; ");
    match done {
        Ok(done) if done.status.success() => tracing::info!(said = said(&done.stdout), "supervise.rolled_out"),
        Ok(done) => {
            tracing::warn!(name = program.name, said = said(&done.stderr), "supervise.not_rolled_out");
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        Err(error) => {
            tracing::warn!(name = program.name, %error, "supervise.not_rolled_out");
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }
}
