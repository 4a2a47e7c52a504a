//! `guichet keep`: keeps the programs of one node running.
//!
//! A supervisor that starts everything anew whenever a file changes would lose requests, and one that looks only now and
//! then would leave people waiting. This one restarts what ends at once, kills what no longer answers, replaces processes
//! one by one when their configuration or the program itself changes, and can itself be killed or replaced: what it has
//! started goes on, and its successor takes it over.

mod health;
mod kept;
mod plan;
mod record;
mod rollout;
mod status;

use crate::cli::parent::asked_to_stop;
use anyhow::Context;
use kept::Kept;
use plan::Plan;
use record::Records;
use std::{
    collections::BTreeMap,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::sync::Notify;

/// Pause between two looks at the plan and the files that it names.
const LOOK: Duration = Duration::from_millis(500);

/// Options of `guichet keep`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct KeepArgs {
    #[command(subcommand)]
    question: Option<Question>,
    /// The plan: which programs, and how.
    #[arg(long, value_name = "FILE", required = true)]
    plan: Option<PathBuf>,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Question {
    /// Shows the programs; exit code 1 when one is not as it should be, 2 when that cannot be told.
    Status(status::StatusArgs),
    /// Ends one program, which is then started as the plan says; requests may be lost.
    Restart(status::RestartArgs),
}

/// Keeps the programs until asked to stop, or answers a question.
///
/// # Errors
/// When the plan cannot be used or signals cannot be listened to.
pub async fn run(args: KeepArgs) -> anyhow::Result<ExitCode> {
    match args.question {
        Some(Question::Status(args)) => return status::run(&args),
        Some(Question::Restart(args)) => return status::restart(&args),
        None => {}
    }
    let file = args.plan.context("--plan is missing")?;
    let successor = {
        let mut keeper = Keeper::open(&file)?;
        let successor = tokio::select! {
            successor = keeper.follow() => Some(successor),
            asked = asked_to_stop(false) => {
                asked.context("cannot listen to signals")?;
                None
            }
        };
        if successor.is_none() {
            tracing::info!("keep.stopping");
            keeper.stop().await;
        }
        successor
    };
    match successor {
        None => Ok(ExitCode::SUCCESS),
        Some(program) => {
            tracing::info!(program = %program.display(), "keep.handed_over");
            // On success, this does not return: the successor has this process's number, and its children.
            let error = std::process::Command::new(&program).args(["keep", "--plan"]).arg(&file).exec();
            Err(error).with_context(|| format!("cannot become {}", program.display()))
        }
    }
}

struct Keeper {
    file: PathBuf,
    records: Arc<Records>,
    kept: BTreeMap<String, Kept>,
    /// A process waits to be replaced.
    pending: Arc<Notify>,
    /// What was wrong with the plan when it was read last.
    fault: String,
}

impl Keeper {
    fn open(file: &Path) -> anyhow::Result<Self> {
        let plan = Plan::read(file)?;
        let records = Arc::new(Records::open(&plan.state_dir)?);
        let mut keeper =
            Self { file: file.into(), records, kept: BTreeMap::new(), pending: Arc::default(), fault: String::new() };
        keeper.apply(&plan);
        Ok(keeper)
    }

    /// Follows the plan until another program than this one is to do so, and says which.
    async fn follow(&mut self) -> PathBuf {
        let own = std::env::current_exe().unwrap_or_default();
        let mut replacing = tokio::spawn(rollout::replace(None));
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.pending.notified() => {}
            }
            if !replacing.is_finished() {
                continue;
            }
            match Plan::read(&self.file) {
                Ok(plan) if plan.keeper.as_ref().is_some_and(|keeper| *keeper != own && keeper.is_file()) => {
                    return plan.keeper.unwrap_or(own);
                }
                Ok(plan) => {
                    self.fault.clear();
                    self.apply(&plan);
                    replacing = tokio::spawn(rollout::replace(rollout::next(&self.kept)));
                }
                Err(error) => {
                    let fault = format!("{error:#}");
                    if self.fault != fault {
                        tracing::error!("keep.plan_refused: {fault}");
                    }
                    self.fault = fault;
                }
            }
        }
    }

    fn apply(&mut self, plan: &Plan) {
        let gone: Vec<String> =
            self.kept.keys().filter(|name| !plan.programs.iter().any(|one| one.name == **name)).cloned().collect();
        for name in gone {
            if let Some(kept) = self.kept.remove(&name) {
                tracing::info!(name, "keep.removed");
                tokio::spawn(kept.stop());
            }
        }
        for program in &plan.programs {
            match self.kept.get(&program.name) {
                Some(kept) => kept.tell(program.clone()),
                None => {
                    let kept = Kept::start(program.clone(), &plan.log_dir, self.records.clone(), self.pending.clone());
                    self.kept.insert(program.name.clone(), kept);
                }
            }
        }
    }

    /// Stops everything: what others rely on comes last.
    async fn stop(&mut self) {
        let all = std::mem::take(&mut self.kept).into_values();
        let (last, first): (Vec<Kept>, Vec<Kept>) = all.partition(|kept| kept.program().stop_last);
        for stage in [first, last] {
            futures_util::future::join_all(stage.into_iter().map(Kept::stop)).await;
        }
    }
}
