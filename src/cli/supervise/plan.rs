//! The plan of a node: a TOML file that is polled.

use anyhow::{Context, ensure};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

/// The programs that run on this node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupervisionPlan {
    /// Private folder with the records of running programs.
    pub state_dir: PathBuf,
    /// Folder of the programs' logs.
    pub log_dir: PathBuf,
    /// The supervising program; when it is another one, it takes over [default: the one that reads this]. The key is the
    /// word of the first releases: after an upgrade, one of them still reads the plan, and refuses keys that it does not
    /// know.
    #[serde(default, rename = "keeper")]
    pub supervisor: Option<PathBuf>,
    pub programs: Vec<SupervisedProgram>,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupervisedProgram {
    /// Its name here, in its log's name, and, for a process of the portal, in the table of processes.
    pub name: String,
    /// The executable and its arguments.
    pub command: Vec<String>,
    /// Additional environment variables beside those of the supervisor.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Values whose change makes it a different program [default: command and environment].
    #[serde(default)]
    pub identity: Vec<String>,
    /// Files whose changes also make it a different program.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// How the running process is replaced when the program changes.
    #[serde(default)]
    pub change: Change,
    /// How long it may take to exit before it is killed, in seconds.
    #[serde(default = "default_grace")]
    pub grace_seconds: u64,
    /// Stopped after the others, which depend on it.
    #[serde(default)]
    pub stop_last: bool,
    /// Its health check.
    #[serde(default)]
    pub health: Option<Health>,
}

/// How a running program is replaced when it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// It is stopped and started again.
    #[default]
    Restart,
    /// It continues unchanged until it exits or the operator stops it, because stopping it would lose requests.
    Leave,
    /// It is a process of the portal: it exits when no request can reach it any more, one process after the other.
    Rollout {
        /// Configuration file of the portal.
        config: PathBuf,
    },
}

/// The health check of a program: a response with a success status, or a command that succeeds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Address to request.
    #[serde(default)]
    pub http: Option<String>,
    /// Command to run.
    #[serde(default)]
    pub command: Vec<String>,
    /// How long it may fail its checks, in seconds.
    pub patience_seconds: u64,
    /// How long it may fail them after its start, in seconds.
    #[serde(default = "default_start")]
    pub start_seconds: u64,
}

fn default_grace() -> u64 {
    10
}

fn default_start() -> u64 {
    120
}

impl SupervisionPlan {
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let plan: Self = toml::from_str(&text).with_context(|| file.display().to_string())?;
        let mut names = BTreeSet::new();
        for SupervisedProgram { name, command, health, .. } in &plan.programs {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            ensure!(
                !name.is_empty() && name.chars().all(plain),
                "{}: {name:?} is not a name of letters, digits and hyphens",
                file.display()
            );
            ensure!(names.insert(name), "{}: {name} stands there twice", file.display());
            ensure!(!command.is_empty(), "{}: {name} has no command", file.display());
            let one = |health: &Health| health.http.is_some() == health.command.is_empty();
            ensure!(
                health.as_ref().is_none_or(one),
                "{}: {name}: health needs exactly one of http and command",
                file.display()
            );
        }
        Ok(plan)
    }
}

impl SupervisedProgram {
    /// Its identity: another digest means another program. A file that cannot be read counts as empty.
    pub fn digest(&self) -> String {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        let mut add = |bytes: &[u8]| {
            context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
            context.update(bytes);
        };
        if self.identity.is_empty() {
            self.command.iter().for_each(|word| add(word.as_bytes()));
            self.environment.iter().for_each(|(name, value)| {
                add(name.as_bytes());
                add(value.as_bytes());
            });
        }
        self.identity.iter().for_each(|word| add(word.as_bytes()));
        for file in &self.files {
            add(&std::fs::read(file).unwrap_or_default());
        }
        hex::encode(context.finish())
    }

    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds)
    }
}
