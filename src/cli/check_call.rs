//! `guichet check-call`: validates the definition of a call.

use crate::domain::call;
use anyhow::Context;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Options of `guichet check-call`.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckCallArgs {
    /// Definition of a call, TOML.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Prints every fault of the definition, or its contents; exit code 1 when there are faults.
pub fn run(args: &CheckCallArgs) -> anyhow::Result<ExitCode> {
    let name = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file).with_context(|| format!("cannot read {name}"))?;
    let mut out = io::stdout().lock();
    match call::load(&name, &text) {
        Ok(call) => {
            let fields = call.sections.iter().map(|section| section.fields.len()).sum::<usize>();
            writeln!(out, "{name}: {} is sound (version {}).", call.id, call.version)?;
            writeln!(
                out,
                "{} rounds, {} sections with {fields} fields, {} pieces, {} rules, {} bricks, {} interpretations, {} words.",
                call.rounds.len(),
                call.sections.len(),
                call.pieces.len(),
                call.rules.len(),
                call.bricks.len(),
                call.interpretations.len(),
                call.glossary.len(),
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(call::LoadError::Faults { faults, .. }) => {
            for fault in &faults {
                writeln!(out, "{name}: {fault}")?;
            }
            writeln!(out, "{} faults.", faults.len())?;
            Ok(ExitCode::FAILURE)
        }
        Err(error @ call::LoadError::Parse { .. }) => {
            writeln!(out, "{}", error.to_string().trim_end())?;
            Ok(ExitCode::FAILURE)
        }
    }
}
