//! `guichet supervise`: keeps the programs of one node running.
//!
//! A supervisor that restarts everything whenever a file changes would lose requests, and one that polls rarely would
//! leave users waiting. This one restarts programs that exit at once, kills those that no longer respond, and replaces
//! processes one by one when their configuration or the program itself changes. It can itself be killed or replaced:
//! the programs that it started continue, and its successor takes them over.

mod health;
mod plan;
mod process;
mod record;
mod rollout;
mod status;

use crate::cli::parent::asked_to_stop;
use anyhow::Context;
use nix::{fcntl::Flock, sys::signal::Signal};
use plan::SupervisionPlan;
use process::SupervisedProcess;
use record::Records;
use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle, time::timeout};

/// Interval between two polls of the plan and the files that it names.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The word by which a successor is called. Releases before `supervise` know no other one, and a release that is gone
/// back to takes over as well.
const HANDOVER_COMMAND: &str = "keep";
/// Timeout for another program to identify itself as a supervisor.
const IDENTIFY_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a program that is in no plan to exit before it is killed.
const ORPHAN_STOP_GRACE: Duration = Duration::from_secs(30);

/// Options of `guichet supervise`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SuperviseArgs {
    #[command(subcommand)]
    question: Option<SuperviseCommand>,
    /// Plan: which programs to run, and how.
    #[arg(long, value_name = "FILE", required = true)]
    plan: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum SuperviseCommand {
    /// Show the programs; exit code 1 when one is not in the expected state, 2 when that cannot be determined.
    Status(status::StatusArgs),
    /// End one program, which is then started as the plan says; requests may be lost.
    Restart(status::RestartArgs),
}

/// Keeps the programs running until asked to stop, or runs a subcommand.
///
/// # Errors
/// When the plan is invalid or signal handlers cannot be installed.
pub async fn run(args: SuperviseArgs) -> anyhow::Result<ExitCode> {
    match args.question {
        Some(SuperviseCommand::Status(args)) => return status::run(&args),
        Some(SuperviseCommand::Restart(args)) => return status::restart(&args),
        None => {}
    }
    let file = args.plan.context("--plan is missing")?;
    let successor = {
        let mut supervisor = Supervisor::open(&file)?;
        let successor = tokio::select! {
            successor = supervisor.follow() => Some(successor),
            asked = asked_to_stop(false) => {
                asked.context("cannot listen to signals")?;
                None
            }
        };
        if successor.is_none() {
            tracing::info!("supervise.stopping");
            supervisor.stop().await;
        }
        successor
    };
    match successor {
        None => Ok(ExitCode::SUCCESS),
        Some(program) => {
            tracing::info!(program = %program.display(), "supervise.handed_over");
            // On success, this does not return: the successor has this process's id and its children.
            let error = std::process::Command::new(&program).args([HANDOVER_COMMAND, "--plan"]).arg(&file).exec();
            Err(error).with_context(|| format!("cannot become {}", program.display()))
        }
    }
}

/// Whether a program can take our place.
async fn answers(program: &Path) -> bool {
    let mut command = tokio::process::Command::new(program);
    command
        .args([HANDOVER_COMMAND, "--help"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    matches!(timeout(IDENTIFY_TIMEOUT, command.status()).await, Ok(Ok(status)) if status.success())
}

struct Supervisor {
    file: PathBuf,
    records: Arc<Records>,
    processes: BTreeMap<String, SupervisedProcess>,
    /// A process is waiting to be replaced.
    pending: Arc<Notify>,
    /// The fault of the plan at the last read.
    fault: String,
    /// Programs that are no longer in the plan and are being stopped.
    leaving: BTreeMap<String, JoinHandle<()>>,
    _lock: Flock<File>,
}

impl Supervisor {
    fn open(file: &Path) -> anyhow::Result<Self> {
        let plan = SupervisionPlan::read(file)?;
        let records = Arc::new(Records::open(&plan.state_dir)?);
        let lock = records.lock()?;
        std::fs::create_dir_all(&plan.log_dir).with_context(|| format!("cannot make {}", plan.log_dir.display()))?;
        let mut supervisor = Self {
            file: file.into(),
            records,
            processes: BTreeMap::new(),
            pending: Arc::default(),
            fault: String::new(),
            leaving: BTreeMap::new(),
            _lock: lock,
        };
        supervisor.end_orphans(&plan);
        supervisor.apply(&plan);
        Ok(supervisor)
    }

    /// Ends programs started by a predecessor that are no longer in the plan.
    fn end_orphans(&mut self, plan: &SupervisionPlan) {
        for name in self.records.names() {
            if plan.programs.iter().any(|program| program.name == name) {
                continue;
            }
            let (records, process) = (self.records.clone(), self.records.read(&name).and_then(|record| record.process));
            let orphan = name.clone();
            let end = async move {
                if let Some(process) = process {
                    process.signal(Signal::SIGTERM);
                    if timeout(ORPHAN_STOP_GRACE, process.ended()).await.is_err() {
                        process.kill_group();
                    }
                }
                records.forget(&orphan);
            };
            self.leaving.insert(name, tokio::spawn(end));
        }
    }

    /// Follows the plan until another supervisor must take over, and returns its path.
    async fn follow(&mut self) -> PathBuf {
        let own = std::env::current_exe().and_then(|own| own.canonicalize()).unwrap_or_default();
        let mut replacing = tokio::spawn(rollout::replace(None));
        loop {
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                () = self.pending.notified() => {}
            }
            let plan = match SupervisionPlan::read(&self.file) {
                Ok(plan) => plan,
                Err(error) => {
                    self.blame(format!("the plan is refused: {error:#}"));
                    continue;
                }
            };
            self.apply(&plan);
            if !replacing.is_finished() {
                continue;
            }
            let successor = plan.supervisor.as_ref().and_then(|program| program.canonicalize().ok());
            match successor.filter(|program| *program != own) {
                Some(program) if answers(&program).await => return program,
                Some(program) => self.blame(format!("{} is no supervisor that could take over", program.display())),
                None => self.fault.clear(),
            }
            replacing = tokio::spawn(rollout::replace(rollout::next(&self.processes)));
        }
    }

    /// Reports a fault once.
    fn blame(&mut self, fault: String) {
        if self.fault != fault {
            tracing::error!("supervise.fault: {fault}");
        }
        self.fault = fault;
    }

    fn apply(&mut self, plan: &SupervisionPlan) {
        let gone: Vec<String> =
            self.processes.keys().filter(|name| !plan.programs.iter().any(|one| one.name == **name)).cloned().collect();
        for name in gone {
            if let Some(process) = self.processes.remove(&name) {
                tracing::info!(name, "supervise.removed");
                self.leaving.insert(name, tokio::spawn(process.stop()));
            }
        }
        self.leaving.retain(|_, leaving| !leaving.is_finished());
        for program in plan.programs.iter().filter(|program| !self.leaving.contains_key(&program.name)) {
            match self.processes.get(&program.name) {
                Some(process) => process.tell(program.clone()),
                None => {
                    let process = SupervisedProcess::start(
                        program.clone(),
                        &plan.log_dir,
                        self.records.clone(),
                        self.pending.clone(),
                    );
                    self.processes.insert(program.name.clone(), process);
                }
            }
        }
    }

    /// Stops everything; programs that others depend on are stopped last.
    async fn stop(&mut self) {
        let all = std::mem::take(&mut self.processes).into_values();
        let (last, first): (Vec<SupervisedProcess>, Vec<SupervisedProcess>) =
            all.partition(|process| process.program().stop_last);
        futures_util::future::join_all(std::mem::take(&mut self.leaving).into_values()).await;
        for stage in [first, last] {
            futures_util::future::join_all(stage.into_iter().map(SupervisedProcess::stop)).await;
        }
    }
}
