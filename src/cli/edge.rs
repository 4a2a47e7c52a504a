//! `guichet edge`: the controller of Sōzu and its status.

mod plan;
mod status;

use crate::{cli::parent::asked_to_stop, edge};
use anyhow::Context;
use std::{path::PathBuf, process::ExitCode};

/// Options of `guichet edge`.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EdgeArgs {
    #[command(subcommand)]
    command: Option<EdgeCommand>,
    /// Configuration file, with an [edge] section.
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
    /// Exit with the parent process.
    #[arg(long, hide = true)]
    with_parent: bool,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum EdgeCommand {
    /// Show the status of the running edge; exit code 1 if something is wrong, 2 if it does not respond.
    Status(status::StatusArgs),
    /// Show what would change in Sōzu; exit code 1 if anything would, 2 if unknown.
    Plan(plan::PlanArgs),
}

/// Controls Sōzu until asked to stop, or runs a subcommand.
pub async fn run(args: EdgeArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        Some(EdgeCommand::Status(args)) => return status::run(args).await,
        Some(EdgeCommand::Plan(args)) => return plan::run(args).await,
        None => {}
    }
    let stop = async {
        let stopped = asked_to_stop(args.with_parent).await.context("cannot listen to signals");
        if let Err(error) = stopped {
            tracing::error!("{error:#}");
        }
    };
    let config = args.config.context("--config is missing")?;
    edge::run(&config, stop).await.map(|()| ExitCode::SUCCESS)
}
