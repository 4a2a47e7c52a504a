//! `guichet garage`: the object store of attachments on several machines.

use crate::{
    adapters::garage::{Garage, NODE_SETTINGS, Plan, apply},
    config::Config,
    domain::text::terminal::escape_for_terminal,
};
use anyhow::Context;
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// What is wanted.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum GarageCommand {
    /// Set up the nodes as a plan says: connected, each with its place, with the bucket and the key; safe to run again.
    Apply(ApplyArgs),
    /// Make every node read all that it holds, and fetch again what is damaged; this continues in the background.
    Scrub(GarageArgs),
    /// Make every node fetch what it lacks, after a loss; this continues in the background.
    Refill(GarageArgs),
    /// Print the lines of a node's garage.toml without which an acknowledged attachment may be lost.
    Settings,
}

/// Options of `guichet garage apply`.
#[derive(Clone, Debug, clap::Args)]
pub struct ApplyArgs {
    /// The plan: nodes, zones, capacities, bucket and key.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
}

/// Which installation.
#[derive(Clone, Debug, clap::Args)]
pub struct GarageArgs {
    /// Configuration file, with a section [attachments.garage].
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) async fn run(command: GarageCommand) -> anyhow::Result<()> {
    let mut out = io::stdout();
    match command {
        GarageCommand::Apply(args) => {
            let plan = Plan::read(&args.plan)?;
            let steps = apply(&plan).await?;
            for step in &steps {
                writeln!(out, "{}", escape_for_terminal(&step.to_string()))?;
            }
            if steps.is_empty() {
                writeln!(out, "The nodes are as the plan says.")?;
            }
        }
        GarageCommand::Scrub(args) => {
            garage(&Config::read(&args.config)?)?.scrub().await?;
            writeln!(out, "Every node reads all that it holds; `guichet promise attachments` tells what it finds.")?;
        }
        GarageCommand::Refill(args) => {
            garage(&Config::read(&args.config)?)?.refill().await?;
            writeln!(
                out,
                "Every node fetches what it lacks; `guichet promise attachments` tells when it has everything."
            )?;
        }
        GarageCommand::Settings => write!(out, "{NODE_SETTINGS}")?,
    }
    Ok(())
}

/// The nodes that a configuration names.
pub(super) fn garage(config: &Config) -> anyhow::Result<Garage> {
    let section = config.attachments.as_ref().and_then(|attachments| attachments.garage.as_ref());
    Ok(Garage::new(section.context("the configuration has no [attachments.garage]")?)?)
}
