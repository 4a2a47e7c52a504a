//! `guichet admin move-to-cluster`: moves the data from a single server to a cluster, without losing a row.

use crate::{
    config::Config,
    store::{Freshness, Store, process},
};
use anyhow::{Context, ensure};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A process counts as running if its last heartbeat is younger than this, in milliseconds.
const LIVENESS_MILLISECONDS: u64 = 5000;

/// Options of `guichet admin move-to-cluster`.
#[derive(Clone, Debug, clap::Args)]
pub struct MoveArgs {
    /// Current configuration of the installation.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[arg(long, value_name = "FILE", help = "New configuration, whose [database] is the cluster.")]
    to: PathBuf,
    /// Drop what an earlier attempt left in the cluster's database.
    #[arg(long)]
    again: bool,
}

pub(super) async fn run(args: &MoveArgs) -> anyhow::Result<()> {
    let (from, to) = (open(&args.config)?, open(&args.to)?);
    resting(&from).await?;
    let want = from.contents().await.context("the old database cannot be read")?;
    ensure!(!want.is_empty(), "there is nothing to move: the old database has no tables");
    let have = to.contents().await.context("the cluster cannot be read")?;
    if have == want {
        writeln!(io::stdout(), "The cluster holds everything already.")?;
    } else {
        if args.again {
            to.empty().await.context("the cluster's database cannot be emptied")?;
        } else {
            ensure!(
                have.is_empty(),
                "the cluster's database holds other contents ({} tables): an earlier try, perhaps. --again drops them",
                have.len()
            );
        }
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("database.sql");
        from.dump(&file).await?;
        to.load(&file).await?;
    }
    let have = to.contents().await.context("the cluster cannot be read")?;
    let differ: Vec<&str> =
        want.iter().filter(|(table, of)| have.get(*table) != Some(*of)).map(|(table, _)| table.as_str()).collect();
    ensure!(differ.is_empty(), "these tables differ: {}; the old database is untouched", differ.join(", "));
    resting(&from).await?;
    let rows: u64 = want.values().map(|of| of.rows).sum();
    writeln!(
        io::stdout(),
        "{} tables with {rows} rows, the same by count and checksum. Start the portal with {}; keep the old database until \
         a backup of the cluster was tried out.",
        want.len(),
        args.to.display()
    )?;
    from.close().await;
    to.close().await;
    Ok(())
}

fn open(path: &Path) -> anyhow::Result<Store> {
    Ok(Store::open(&Config::read(path)?.database)?)
}

/// Checks that no process runs, because nothing may write during the move.
async fn resting(from: &Store) -> anyhow::Result<()> {
    let mut db = from.read(Freshness::OwnWrites).await.context("the old database does not answer")?;
    // Before the schema exists, no process can have registered.
    let known = process::all(&mut db).await.unwrap_or_default();
    let alive = known.iter().filter(|process| process.silent_ms < LIVENESS_MILLISECONDS).count();
    ensure!(alive == 0, "{alive} processes of the portal run: stop them first, so that nothing is written meanwhile");
    Ok(())
}
