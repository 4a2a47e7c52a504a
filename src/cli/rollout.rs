//! `guichet rollout`: replaces the portal's processes one by one, on any number of machines, without losing a request.
//!
//! A process is asked, through the database, to leave. Every edge removes it, its connections end, it exits, and its
//! supervisor starts it again. The next one follows when every edge sends requests to the successor.

use crate::{
    config::Config,
    store::{
        Freshness, Store, StoreError, edge,
        process::{self, Process, ProcessState},
    },
};
use anyhow::{Context, bail, ensure};
use std::{
    io::{self, Write},
    path::PathBuf,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Interval between two polls.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// A process with an older heartbeat has ended, in milliseconds.
const LIVENESS_MILLISECONDS: u64 = 5000;

/// Options of `guichet rollout`.
#[derive(Clone, Debug, clap::Args)]
pub struct RolloutArgs {
    /// Configuration file of the installation.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Restart only the process with this name.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Continue even if no process would serve meanwhile.
    #[arg(long)]
    allow_gap: bool,
    /// Timeout for one process, in seconds.
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u64).range(10..=3600))]
    timeout: u64,
}

/// Replaces the processes.
///
/// # Errors
/// When the database does not respond, too few processes serve, or one does not return in time; the remaining ones are
/// then left unchanged.
pub async fn run(args: RolloutArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let store = Store::open(&config.database).context("cannot read the password of the database")?;
    let Look { processes: known, edges, .. } = look(&store).await?;
    ensure!(
        !edges.is_empty() || args.allow_gap,
        "no edge is at work: nobody would send requests to the successors. Start `guichet edge`, or give --allow-gap"
    );
    let alive = |process: &&Process| process.state == ProcessState::Ready && process.silent_ms < LIVENESS_MILLISECONDS;
    let ready: Vec<Process> = known.iter().filter(alive).cloned().collect();
    ensure!(
        ready.len() > 1 || args.allow_gap,
        "{} process serves: while it is replaced, nobody would. Start a second one, or give --allow-gap",
        ready.len()
    );
    let wanted = |process: &&Process| args.only.as_ref().is_none_or(|name| *name == process.registration.name);
    let chosen: Vec<&Process> = ready.iter().filter(wanted).collect();
    if let (Some(name), true) = (&args.only, chosen.is_empty()) {
        bail!("no process called {name} is ready; there are: {}", names(&ready));
    }
    for process in chosen {
        let line = replace(&store, process, &edges, Duration::from_secs(args.timeout)).await?;
        writeln!(io::stdout(), "{line}")?;
    }
    store.close().await;
    Ok(())
}

fn names(processes: &[Process]) -> String {
    processes.iter().map(|process| process.registration.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A snapshot of the relevant state.
struct Look {
    processes: Vec<Process>,
    claims: Vec<edge::Claim>,
    edges: Vec<String>,
}

async fn look(store: &Store) -> Result<Look, StoreError> {
    let mut db = store.read(Freshness::OwnWrites).await?;
    Ok(Look {
        processes: process::all(&mut db).await?,
        claims: edge::load_claims(&mut db).await?,
        edges: edge::leased_sozu_names(&mut db).await?,
    })
}

/// The progress of the replacement of one process, each step with its duration.
#[derive(Default)]
struct RolloutProgress {
    drained: Option<Duration>,
    ready: Option<Duration>,
    served: Option<Duration>,
    build: String,
}

/// Replaces one process; each edge that was running at the beginning must serve the successor.
async fn replace(store: &Store, process: &Process, edges: &[String], patience: Duration) -> anyhow::Result<String> {
    let said = &process.registration;
    let began = Instant::now();
    {
        let mut db = store.write().await?;
        ensure!(process::drain(&mut db, said.id).await?, "{} has ended meanwhile", said.name);
    }
    let mut progress = RolloutProgress::default();
    while progress.served.is_none() {
        ensure!(began.elapsed() < patience, "{}: {} The others are left alone.", said.name, obstacle(&progress));
        tokio::time::sleep(POLL_INTERVAL).await;
        // The database may be temporarily unavailable; the replacement continues once it is back.
        if let Ok(seen) = look(store).await {
            progress.note(&seen, said.id, &said.name, edges, began.elapsed());
        }
    }
    let seconds = |time: Option<Duration>| format!("{:.1} s", time.unwrap_or_default().as_secs_f32());
    Ok(format!(
        "{}  {} → {}  drained {}, ready {}, served {}",
        said.name,
        said.build,
        progress.build,
        seconds(progress.drained),
        seconds(progress.ready),
        seconds(progress.served)
    ))
}

impl RolloutProgress {
    fn note(&mut self, seen: &Look, old: Uuid, name: &str, edges: &[String], elapsed: Duration) {
        if !seen.claims.iter().any(|claim| claim.process_id == old) {
            self.drained.get_or_insert(elapsed);
        }
        let successor = seen.processes.iter().find(|process| {
            process.registration.name == name && process.registration.id != old && process.state == ProcessState::Ready
        });
        let Some(successor) = successor else { return };
        self.ready.get_or_insert(elapsed);
        self.build.clone_from(&successor.registration.build);
        let served_by = |edge: &String| {
            let id = successor.registration.id;
            seen.claims.iter().any(|claim| claim.sozu_name == *edge && claim.process_id == id && claim.verified)
        };
        // An edge that stopped reporting meanwhile serves nobody, as far as we can know.
        if edges.iter().chain(&seen.edges).all(served_by) {
            self.served.get_or_insert(elapsed);
        }
    }
}

fn obstacle(progress: &RolloutProgress) -> &'static str {
    match (progress.drained, progress.ready) {
        (None, _) => "no edge let it go: see `guichet edge status`.",
        (_, None) => "it was not started again: its supervisor has to do that; see its log.",
        _ => "it is ready, and not every edge sends requests to it: see `guichet edge status`.",
    }
}
