//! `guichet edge`: brings Sōzu into the state that the configuration, the certificates and the database require.
//!
//! Read in this order: [`spec`] is the desired state without types of Sōzu, [`render`] turns it into a state of Sōzu,
//! [`plan`] computes the commands between two states; those three are pure. [`reconciler`] observes, plans, applies and
//! verifies once. [`controller`] decides when, from three sources: the configuration file, [`certificates`], and the
//! database through [`inventory`]. [`lease`] decides which edge is the active controller, [`sozu`] sends commands.
//! [`operator`] serves the [`report`]. `docs/edge.md` has the reasons, each with its measurement.

pub mod answers;
mod backoff;
pub mod certificate;
pub mod certificates;
pub mod controller;
mod desired;
mod drains;
mod dry_run;
mod file_version;
pub mod inventory;
pub mod issue;
pub mod lease;
pub mod object;
pub mod operator;
pub mod outcome;
pub mod plan;
pub mod probe;
mod probe_queue;
pub mod reconciler;
pub mod render;
pub mod report;
pub mod sozu;
pub mod spec;
mod status;
pub mod verify;

pub use dry_run::{DryRun, dry_run};

use crate::{
    config::{Config, Edge},
    store::Store,
};
use anyhow::{Context, ensure};
use controller::Controller;
use nix::fcntl::{Flock, FlockArg};
use report::Report;
use std::{
    fs::{self, DirBuilder, File},
    future::Future,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};
use tokio::sync::watch;
use uuid::Uuid;

/// Controls Sōzu until `shutdown` resolves. Sōzu continues to serve afterwards.
///
/// # Errors
/// When the configuration has no `[edge]`, another edge uses the same state folder, the operator's address is in use,
/// or Sōzu has another version. Later failures are logged once and retried.
pub async fn run(path: &Path, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let config = Config::read(path)?;
    let edge = config.edge.clone().context("the configuration has no [edge] section")?;
    let state_dir = StateDir::open(&edge)?;
    let listener = tokio::net::TcpListener::bind(edge.ops_listen)
        .await
        .with_context(|| format!("cannot listen on {}", edge.ops_listen))?;
    let store = Store::open(&config.database).context("cannot read the password of the database")?;
    let (sender, reports) = watch::channel(Report::default());
    let mut controller = Controller::start(path, config, store.clone(), state_dir.holder, sender)?;
    let lease = controller.lease();
    let done = tokio::select! {
        () = shutdown => Ok(()),
        ended = controller.run() => ended,
        served = operator::serve(listener, reports, edge.ops_hosts.clone()) => served.context("the operator's listener failed"),
    };
    lease.release(&store).await;
    drop(state_dir);
    done
}

/// The edge's own folder, locked while this value lives, and the id under which this edge holds its lease.
struct StateDir {
    holder: Uuid,
    _lock: Flock<File>,
}

impl StateDir {
    fn open(edge: &Edge) -> anyhow::Result<Self> {
        let folder = private_folder(&edge.state_dir)?;
        let path = folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
            anyhow::anyhow!("another edge uses {}: each needs a state_dir of its own", folder.display())
        })?;
        Ok(Self { holder: holder(&folder)?, _lock: lock })
    }
}

/// Reads or creates the id. A restarted edge is the same holder, so that it does not wait for its own lease to expire.
fn holder(folder: &Path) -> anyhow::Result<Uuid> {
    let path = folder.join("holder");
    if let Some(known) = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(known);
    }
    let id = Uuid::now_v7();
    fs::write(&path, id.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(id)
}

fn private_folder(path: &Path) -> anyhow::Result<PathBuf> {
    let failed = || format!("cannot make {} private", path.display());
    DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).with_context(failed)?;
    let folder = path.canonicalize()?;
    ensure!(folder.is_dir(), "{} is no folder", folder.display());
    Ok(folder)
}
