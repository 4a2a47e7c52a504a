//! `guichet admin keys`: the root keys of tokens.

use super::InstallationArgs;
use crate::{auth::RootKind, domain::calendar::show_utc};
use anyhow::Context;
use std::io::{self, Write};

/// What is wanted of the keys.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// List the roots, with the state of each and until when it verifies.
    List(InstallationArgs),
    /// Create a new root; the previous one verifies until its last token expires.
    Rotate(RotateArgs),
    /// Drop a stolen root; all tokens that it signed become invalid within seconds.
    Drop(DropArgs),
}

/// Options of `rotate`.
#[derive(Clone, Debug, clap::Args)]
pub struct RotateArgs {
    #[command(flatten)]
    installation: InstallationArgs,
    /// Kind of tokens: session, api or service.
    #[arg(long, value_parser = kind)]
    kind: RootKind,
    /// Sign at once, without the ten minutes in which verifiers learn of the root.
    #[arg(long)]
    at_once: bool,
}

/// Options of `drop`.
#[derive(Clone, Debug, clap::Args)]
pub struct DropArgs {
    #[command(flatten)]
    installation: InstallationArgs,
    /// Number of the root.
    kid: u32,
}

fn kind(text: &str) -> Result<RootKind, String> {
    text.parse().map_err(|()| "session, api or service".into())
}

pub(super) async fn run(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::List(installation) => list(&installation).await,
        KeysCommand::Rotate(args) => rotate(&args).await,
        KeysCommand::Drop(args) => drop_root(&args).await,
    }
}

async fn list(installation: &InstallationArgs) -> anyhow::Result<()> {
    let app = installation.open()?;
    let lines = app.key_lines().await;
    app.store.close().await;
    let mut out = io::stdout().lock();
    for line in lines? {
        let root = &line.root;
        let until = line.until.map_or_else(String::new, |until| format!(", until {}", show_utc(until).en));
        let here = if line.here { "" } else { ", private half elsewhere" };
        writeln!(
            out,
            "{:>4}  {:<8} {:<12} signs from {}{until}{here}",
            root.kid,
            root.kind.slug(),
            line.state.slug(),
            show_utc(root.signs_at).en
        )?;
        writeln!(out, "      ed25519/{}", root.record().public_key)?;
    }
    Ok(())
}

async fn rotate(args: &RotateArgs) -> anyhow::Result<()> {
    let app = args.installation.open()?;
    let made = app.rotate(args.kind, args.at_once).await;
    app.store.close().await;
    let when = if args.at_once { "signs from now on" } else { "signs in ten minutes" };
    writeln!(io::stdout(), "Root {} of kind {} {when}.", made?, args.kind.slug())?;
    Ok(())
}

async fn drop_root(args: &DropArgs) -> anyhow::Result<()> {
    let app = args.installation.open()?;
    let dropped = app.drop_root(args.kid).await;
    app.store.close().await;
    let successor = dropped.context("there is no such root, or it is dropped already")?;
    let mut out = io::stdout();
    writeln!(out, "Root {} is dropped: nothing that it has signed holds any more.", args.kid)?;
    if let Some(kid) = successor {
        writeln!(out, "Root {kid} was made in its place, and signs from now on.")?;
    }
    Ok(())
}
