//! Processes of the portal that are to be others: replaced one after the other, by `guichet rollout`.

use super::{
    kept::SupervisedProcess,
    plan::{Change, SupervisedProgram},
};
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// Pause after one that could not be replaced.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);
/// Longest time for one process, seconds.
const PROCESS_TIMEOUT_SECONDS: &str = "90";
/// Longest time for the command that does it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);

/// A process that waits to be replaced.
pub struct Waiting {
    program: SupervisedProgram,
    /// No other one serves meanwhile.
    alone: bool,
}

/// The next one, if there is any.
pub fn next(kept: &BTreeMap<String, SupervisedProcess>) -> Option<Waiting> {
    let rolled = |kept: &&SupervisedProcess| matches!(kept.program().change, Change::Rollout { .. });
    let alone = kept.values().filter(rolled).count() == 1;
    let waiting = kept.values().filter(rolled).find(|kept| *kept.waits.borrow())?;
    Some(Waiting { program: waiting.program(), alone })
}

/// Replaces it; resolves when it was, or after a pause when it could not be. It goes on by itself once it is asked for: a
/// process that has ended was replaced.
pub async fn replace(waiting: Option<Waiting>) {
    let Some(Waiting { program, alone }) = waiting else { return };
    let (Change::Rollout { config }, Some(guichet)) = (&program.change, program.command.first()) else { return };
    let mut command = Command::new(guichet);
    command.arg("rollout").arg("--config").arg(config).args([
        "--only",
        &program.name,
        "--timeout",
        PROCESS_TIMEOUT_SECONDS,
    ]);
    if alone {
        command.arg("--allow-gap");
    }
    let done = timeout(COMMAND_TIMEOUT, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let done = done.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', "; ");
    match done {
        Ok(done) if done.status.success() => tracing::info!(said = said(&done.stdout), "keep.rolled_out"),
        Ok(done) => {
            tracing::warn!(name = program.name, said = said(&done.stderr), "keep.not_rolled_out");
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
        Err(error) => {
            tracing::warn!(name = program.name, %error, "keep.not_rolled_out");
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }
}
