//! `guichet admin backup`, `restore` and `drill`.

use super::Installation;
use crate::{
    app::{
        self, App, Restored,
        backup::{Set, prune, record_drill, sets},
    },
    config::Config,
};
use anyhow::{Context, ensure};
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// Options of `guichet admin backup`.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// Folder of the sets; private keys are in it.
    #[arg(long = "to", value_name = "DIR")]
    folder: PathBuf,
    /// Sets that stay; older ones go.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::builder::RangedU64ValueParser::<usize>::from(2..))]
    keep: usize,
    #[command(flatten)]
    installation: Installation,
}

/// Options of `guichet admin drill`.
#[derive(Clone, Debug, clap::Args)]
pub struct DrillArgs {
    /// Folder of the sets.
    #[arg(long = "from", value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    installation: Installation,
}

/// Options of `guichet admin restore`.
#[derive(Clone, Debug, clap::Args)]
pub struct RestoreArgs {
    /// Folder of the sets.
    #[arg(long = "from", value_name = "DIR")]
    folder: PathBuf,
    /// Name of the set [default: the newest]
    #[arg(long, value_name = "NAME")]
    set: Option<String>,
    #[command(flatten)]
    installation: Installation,
}

pub(super) async fn back_up(args: &BackupArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&args.installation.config)?)?;
    let set = app.back_up(&args.folder).await?;
    app.store.close().await;
    prune(&args.folder, args.keep)?;
    let manifest = &set.manifest;
    writeln!(
        io::stdout(),
        "{}: {} receipts, {} attachments, in {}.{:03} s",
        set.path.display(),
        manifest.receipts,
        manifest.attachments,
        manifest.took_ms / 1000,
        manifest.took_ms % 1000
    )?;
    Ok(())
}

pub(super) async fn restore(args: &RestoreArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.installation.config)?;
    let mut known = sets(&args.folder)?;
    if let Some(name) = &args.set {
        known.retain(|set| set.path.file_name().is_some_and(|found| found == name.as_str()));
    }
    let set = newest(known, args)?;
    let restored = app::restore(&args.folder, &set, &config).await?;
    writeln!(io::stdout(), "restored from {}", set.path.display())?;
    tell(&restored)
}

fn newest(mut sets: Vec<Set>, args: &RestoreArgs) -> anyhow::Result<Set> {
    sets.pop().with_context(|| match &args.set {
        Some(name) => format!("there is no set {name} in {}", args.folder.display()),
        None => format!("there is no set in {}", args.folder.display()),
    })
}

pub(super) async fn drill(args: &DrillArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&args.installation.config)?)?;
    let set = sets(&args.folder)?.pop().with_context(|| format!("there is no set in {}", args.folder.display()))?;
    let drill = app.drill(&args.folder, &set).await?;
    app.store.close().await;
    record_drill(&args.folder, &drill)?;
    writeln!(io::stdout(), "{} restored in {} s", set.path.display(), drill.recovery_time_seconds)?;
    writeln!(
        io::stdout(),
        "would be lost with all servers: {} receipts of the last {} s",
        drill.receipts_since,
        drill.recovery_point_seconds
    )?;
    tell(&drill.restored)
}

fn tell(restored: &Restored) -> anyhow::Result<()> {
    let Restored { receipts, attachments, faults } = restored;
    for fault in faults {
        writeln!(io::stdout(), "! {fault}")?;
    }
    ensure!(faults.is_empty(), "the set is damaged in {} places: make a new one, and look for the cause", faults.len());
    writeln!(io::stdout(), "{receipts} receipts verify, {attachments} attachments have the right bytes.")?;
    Ok(())
}
