//! `guichet admin backup`, `restore` and `drill`.

use super::InstallationArgs;
use crate::{
    adapters::restic::Repository,
    app::{
        self, Restored,
        service::backup::{Set, SetTrust, TrustPolicy, prune, record_drill, record_sent, sets, signer},
    },
    config::{Config, Restic},
};
use anyhow::{Context, ensure};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Instant,
};

/// Options of `guichet admin backup`.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// Folder of the backup sets; it contains private keys.
    #[arg(long = "to", value_name = "DIR")]
    folder: PathBuf,
    /// Number of sets to keep; older ones are removed.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::builder::RangedU64ValueParser::<usize>::from(2..))]
    keep: usize,
    #[command(flatten)]
    installation: InstallationArgs,
}

/// Options of `guichet admin copy-backup`.
#[derive(Clone, Debug, clap::Args)]
pub struct CopyArgs {
    #[command(flatten)]
    installation: InstallationArgs,
}

/// Options of `guichet admin drill`.
#[derive(Clone, Debug, clap::Args)]
pub struct DrillArgs {
    #[command(flatten)]
    source: SetSource,
    #[command(flatten)]
    trusted: Trusted,
    #[command(flatten)]
    installation: InstallationArgs,
}

/// What is known of whoever made the set.
#[derive(Clone, Debug, clap::Args)]
struct Trusted {
    /// Public key that must have signed the set, as printed by `guichet admin backup`.
    #[arg(long, value_name = "KEY")]
    signer: Option<String>,
    /// Accept a set that another installation made or that was changed since; check its origin first.
    #[arg(long)]
    from_elsewhere: bool,
}

impl Trusted {
    fn trust(&self) -> TrustPolicy {
        TrustPolicy { signer: self.signer.clone(), from_elsewhere: self.from_elsewhere }
    }
}

/// Where sets are taken from.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct SetSource {
    /// Folder of the backup sets.
    #[arg(long = "from", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Use the newest copy in the repository of [backup.restic].
    #[arg(long)]
    from_restic: bool,
}

/// Options of `guichet admin restore`.
#[derive(Clone, Debug, clap::Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    source: SetSource,
    #[command(flatten)]
    trusted: Trusted,
    /// Name of the set [default: the newest]
    #[arg(long, value_name = "NAME", conflicts_with = "from_restic")]
    set: Option<String>,
    #[command(flatten)]
    installation: InstallationArgs,
}

/// A folder of sets, kept as long as it is needed.
enum Sets {
    Kept(PathBuf),
    Fetched(tempfile::TempDir),
}

impl Sets {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Fetched(folder) => folder.path(),
        }
    }
}

impl SetSource {
    /// Fetches a copy from the repository if requested, into a folder beside the data: it needs as much space.
    async fn open(&self, config: &Config) -> anyhow::Result<Sets> {
        if let Some(folder) = &self.folder {
            return Ok(Sets::Kept(folder.clone()));
        }
        let restic = restic(config).context("the configuration has no [backup.restic]: where should copies be?")?;
        let data = &config.portal.data_dir;
        std::fs::create_dir_all(data).with_context(|| format!("cannot use {}", data.display()))?;
        let fetched = tempfile::Builder::new().prefix("fetched-").tempdir_in(data)?;
        Repository(restic).fetch(fetched.path()).await?;
        Ok(Sets::Fetched(fetched))
    }

    fn place(&self, config: &Config) -> String {
        match &self.folder {
            Some(folder) => folder.display().to_string(),
            None => restic(config).map(|restic| restic.repository.clone()).unwrap_or_default(),
        }
    }
}

fn restic(config: &Config) -> Option<&Restic> {
    config.backup.as_ref()?.restic.as_ref()
}

pub(super) async fn back_up(args: &BackupArgs) -> anyhow::Result<()> {
    let app = args.installation.open()?;
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
    writeln!(io::stdout(), "signed by {}: keep this key where the sets are not", signer(&app.keys))?;
    match restic(&app.config) {
        Some(restic) => send(restic, &args.folder, &set, args.keep).await,
        None => Ok(()),
    }
}

async fn send(restic: &Restic, folder: &Path, set: &Set, keep: usize) -> anyhow::Result<()> {
    let sent = Repository(restic).send(folder, &set.path, keep).await;
    sent.with_context(|| format!("the set of {} has no copy in {}", set.manifest.taken_at, restic.repository))?;
    record_sent(folder, set)?;
    writeln!(io::stdout(), "the set of {} copied to {}", set.manifest.taken_at, restic.repository)?;
    Ok(())
}

pub(super) async fn copy(args: &CopyArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.installation.config)?;
    let backup = config.backup.as_ref();
    let restic = restic(&config).context("the configuration has no [backup.restic]: where should copies be?")?;
    let (folder, keep) = backup.map(|backup| (&backup.folder, backup.keep)).context("no [backup]")?;
    let set = newest(sets(folder)?, None, &folder.display().to_string())?;
    send(restic, folder, &set, keep).await
}

pub(super) async fn restore(args: &RestoreArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.installation.config)?;
    app::vacant(&config)?;
    let place = args.source.place(&config);
    let folder = args.source.open(&config).await?;
    let mut known = sets(folder.path())?;
    if let Some(name) = &args.set {
        known.retain(|set| set.path.file_name().is_some_and(|found| found == name.as_str()));
    }
    let set = newest(known, args.set.as_deref(), &place)?;
    let (restored, vouched) = app::restore(folder.path(), &set, &config, &args.trusted.trust()).await?;
    writeln!(io::stdout(), "restored from {place}, the set of {}", set.manifest.taken_at)?;
    tell_vouched(&vouched, &set)?;
    tell(&restored)
}

fn newest(mut sets: Vec<Set>, name: Option<&str>, place: &str) -> anyhow::Result<Set> {
    sets.pop().with_context(|| match name {
        Some(name) => format!("there is no set {name} in {place}"),
        None => format!("there is no set in {place}"),
    })
}

pub(super) async fn drill(args: &DrillArgs) -> anyhow::Result<()> {
    let app = args.installation.open()?;
    let place = args.source.place(&app.config);
    let began = Instant::now();
    let folder = args.source.open(&app.config).await?;
    let set = newest(sets(folder.path())?, None, &place)?;
    let (mut drill, vouched) = app.drill(folder.path(), &set, &args.trusted.trust(), began).await?;
    app.store.close().await;
    let mut records = folder.path();
    if args.source.from_restic {
        drill.set = place.clone().into();
        records = app.config.backup.as_ref().map_or(records, |backup| &backup.folder);
    }
    record_drill(records, &drill)?;
    let mut out = io::stdout();
    writeln!(out, "{place}, the set of {}, restored in {} s", set.manifest.taken_at, drill.recovery_time_seconds)?;
    tell_vouched(&vouched, &set)?;
    writeln!(
        out,
        "would be lost with all servers: {} receipts of the last {} s",
        drill.receipts_since, drill.recovery_point_seconds
    )?;
    tell(&drill.restored)
}

/// Reports who vouched for a set, unless it is our own.
fn tell_vouched(vouched: &SetTrust, set: &Set) -> io::Result<()> {
    let digest = &set.manifest.database_sha256;
    let words = match vouched {
        SetTrust::Known => return Ok(()),
        SetTrust::Stranger(key) => format!(
            "! nothing here says who made this set: it was signed by {key}. Compare that with what `guichet admin backup` \
             told, or name it by --signer"
        ),
        SetTrust::Unsigned => format!(
            "! this set is not signed: an old release made it, or somebody took the signature away. The database's digest \
             is {digest}"
        ),
        SetTrust::Taken(why) => {
            format!("! taken on your word alone, though {why}. The database's digest is {digest}")
        }
    };
    writeln!(io::stdout(), "{words}")
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
