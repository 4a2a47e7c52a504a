//! `guichet edge plan`: what would change, as a diff.

use crate::{
    config::Config,
    edge::{DryRun, dry_run, plan::StepKind},
};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Options of `guichet edge plan`.
#[derive(Clone, Debug, clap::Args)]
pub struct PlanArgs {
    // Earlier releases required it. Only the running edge applies plans.
    #[arg(long, hide = true)]
    dry_run: bool,
    /// Configuration file; may differ from the running edge's.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) async fn run(args: PlanArgs) -> anyhow::Result<ExitCode> {
    let found = dry_run(&Config::read(&args.config)?).await?;
    print(&found, &mut io::stdout())?;
    let nothing = found.steps.is_empty() && found.issues.is_empty();
    Ok(if nothing { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(found: &DryRun, out: &mut impl Write) -> io::Result<()> {
    for step in &found.steps {
        let sign = match step.kind() {
            Some(StepKind::Add | StepKind::Define | StepKind::Bind) => '+',
            Some(StepKind::Patch | StepKind::Replace | StepKind::Swap) => '~',
            Some(StepKind::Remove | StepKind::Unbind) => '-',
            None => '!',
        };
        writeln!(out, "{sign} {step}")?;
    }
    for (object, reason) in &found.issues {
        writeln!(out, "! {object}: {reason}")?;
    }
    if found.steps.is_empty() && found.issues.is_empty() {
        writeln!(out, "nothing to do: Sōzu is converged")?;
    }
    Ok(())
}
