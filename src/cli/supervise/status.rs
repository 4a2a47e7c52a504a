//! The supervisor's records, and a command that needs no supervisor.

use super::{
    plan::SupervisionPlan,
    record::{Record, Records},
};
use crate::domain::text::terminal::escape_for_terminal;
use anyhow::Context;
use nix::sys::signal::Signal;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Options of `guichet supervise status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
    /// The plan.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

/// Options of `guichet supervise restart`.
#[derive(Clone, Debug, clap::Args)]
pub struct RestartArgs {
    /// Name of the program.
    name: String,
    /// The plan.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

pub(super) fn run(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let plan = SupervisionPlan::read(&args.plan)?;
    let records = Records::open(&plan.state_dir)?;
    let mut out = io::stdout();
    let mut well = true;
    writeln!(out, "{:<12} {:>8} {:<20} {:>7}  STATE", "PROGRAM", "PID", "SINCE", "REPAIRS")?;
    for program in &plan.programs {
        let Some(record) = records.read(&program.name) else {
            well = false;
            writeln!(
                out,
                "{:<12} {:>8} {:<20} {:>7}  not started: does the supervisor run?",
                program.name, "-", "-", "-"
            )?;
            continue;
        };
        let process = record.process.filter(|process| process.runs());
        let (state, good) = state(&record, process.is_some());
        well &= good;
        let pid = process.map_or("-".into(), |process| process.pid.to_string());
        let since = record.since.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        writeln!(out, "{:<12} {pid:>8} {since:<20} {:>7}  {state}", program.name, record.repairs)?;
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn state(record: &Record, runs: bool) -> (String, bool) {
    let last =
        record.last_repair.as_deref().map(|last| format!(", last: {}", escape_for_terminal(last))).unwrap_or_default();
    match (runs, record.failing, record.outdated) {
        (_, true, _) => (format!("fails again and again{last}"), false),
        (false, false, _) => (format!("does not run{last}"), false),
        (true, false, true) => (format!("runs, and another one is to{last}"), true),
        (true, false, false) => (format!("runs{last}"), true),
    }
}

pub(super) fn restart(args: &RestartArgs) -> anyhow::Result<ExitCode> {
    let plan = SupervisionPlan::read(&args.plan)?;
    let names: Vec<&str> = plan.programs.iter().map(|program| program.name.as_str()).collect();
    anyhow::ensure!(
        names.contains(&args.name.as_str()),
        "there is no program {:?}; there are: {}",
        args.name,
        names.join(", ")
    );
    let record = Records::open(&plan.state_dir)?.read(&args.name);
    let process = record.and_then(|record| record.process).filter(|process| process.runs());
    let process = process.with_context(|| format!("{} does not run at the moment", args.name))?;
    process.signal(Signal::SIGTERM);
    writeln!(io::stdout(), "{} (process {}) was asked to end; the supervisor starts it again", args.name, process.pid)?;
    Ok(ExitCode::SUCCESS)
}
