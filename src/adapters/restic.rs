//! restic, which keeps encrypted copies of the backup sets where the machine's loss does not reach them.
//!
//! A snapshot holds one set and all attachments, under the names that the folder of the sets gives them: what comes back
//! is such a folder again.

use crate::config::Restic;
use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// Mark of our snapshots; others in the repository are left alone.
const SNAPSHOT_TAG: &str = "guichet";

/// Why the repository could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ResticError {
    /// The program is missing.
    #[error("restic is not installed; on Debian it comes with: apt install restic")]
    Missing,
    /// It could not be started.
    #[error("cannot run restic")]
    Start(#[source] io::Error),
    /// The file of environment variables cannot be used.
    #[error("{path}: {reason}")]
    Environment {
        /// The file.
        path: PathBuf,
        /// What is wrong, without repeating a secret.
        reason: String,
    },
    /// It refused; its own words.
    #[error("restic {verb}: {words}")]
    Refused {
        /// What it was to do.
        verb: &'static str,
        /// What it said.
        words: String,
    },
}

#[derive(Clone, Debug)]
pub struct Repository<'a>(pub &'a Restic);

impl Repository<'_> {
    /// Sends a set of a folder and the attachments there, and forgets all but the newest `keep` of ours. A repository
    /// that does not exist yet is made.
    pub async fn send(&self, folder: &Path, set: &Path, keep: usize) -> Result<(), ResticError> {
        if let Err(error) = self.run("cat", &["config"], folder).await {
            match self.run("init", &[], folder).await {
                // It is there, and could not be read for another reason.
                Err(ResticError::Refused { .. }) => return Err(error),
                made => made?,
            }
        }
        // What a killed run has left; a living one keeps its locks.
        self.run("unlock", &[], folder).await?;
        let set = set.strip_prefix(folder).unwrap_or(set).to_string_lossy().into_owned();
        self.run("backup", &["--tag", SNAPSHOT_TAG, &set, "blobs"], folder).await?;
        let keep = keep.to_string();
        self.run("forget", &["--tag", SNAPSHOT_TAG, "--group-by", "tags", "--keep-last", &keep, "--prune"], folder)
            .await
    }

    /// Brings the newest set and its attachments into a folder, every byte checked against the digests of the repository.
    pub async fn fetch(&self, folder: &Path) -> Result<(), ResticError> {
        let target = folder.to_string_lossy().into_owned();
        self.run("restore", &["latest", "--tag", SNAPSHOT_TAG, "--target", &target], folder).await
    }

    async fn run(&self, verb: &'static str, arguments: &[&str], within: &Path) -> Result<(), ResticError> {
        let mut command = Command::new("restic");
        command
            .arg(verb)
            .arg("--quiet")
            .args(arguments)
            .current_dir(within)
            .env("RESTIC_REPOSITORY", &self.0.repository)
            .env("RESTIC_PASSWORD_FILE", &self.0.password_file)
            .env_remove("RESTIC_PASSWORD")
            .env_remove("RESTIC_PASSWORD_COMMAND")
            .env_remove("RESTIC_REPOSITORY_FILE")
            .envs(self.environment()?)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let done = command.output().await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ResticError::Missing,
            _ => ResticError::Start(error),
        })?;
        if done.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&done.stderr).trim().replace('\n', "; ");
        Err(ResticError::Refused { verb, words })
    }

    /// Variables of the storage's account, `NAME=value` a line.
    fn environment(&self) -> Result<Vec<(String, String)>, ResticError> {
        let Some(path) = &self.0.environment_file else { return Ok(Vec::new()) };
        let refused = |reason: String| ResticError::Environment { path: path.clone(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let wanted = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let read = |(at, line): (usize, &str)| {
            let (name, value) = line.split_once('=').ok_or_else(|| refused(format!("line {at} is not NAME=value")))?;
            Ok((name.to_owned(), value.to_owned()))
        };
        wanted.map(read).collect()
    }
}
