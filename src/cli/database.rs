//! `guichet database`: the cluster as the portal and replication-manager see it, and two orders to replication-manager.
//!
//! An order is written to the journal before it is given, so that none goes unrecorded; its result is written after it.

use crate::{
    adapters::repman::{Failover, Mode, Repman, Topology, Verified},
    app::{App, service::order::ORDER_LIFETIME},
    config::{Config, Host},
    domain::{event::EventKind, ids::AccountId, text::terminal::escape_for_terminal},
    store::{Store, embedded},
};
use anyhow::{Context, bail};
use serde_json::json;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

const BACKUP_TIMEOUT: Duration = Duration::from_secs(3600);
/// Timeout for the portal's own examination of the servers.
const EXAMINATION_TIMEOUT: Duration = Duration::from_secs(3);
/// Interval between two polls for a confirmation.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// At most this many failovers and backups are listed.
const MAX_LISTED: usize = 5;

/// What is wanted.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum DatabaseCommand {
    /// Run the private server of a small installation; replaces this process (exec).
    Run(RunArgs),
    /// Show the servers, the leader, failovers and backups; exit code 1 if something is wrong.
    Status(DatabaseArgs),
    /// Hand the leadership over to another server, and verify the result.
    Switchover(SwitchoverArgs),
    /// Make replication-manager take a logical backup of a server, and verify the result.
    Backup(BackupArgs),
}

/// Which installation.
#[derive(Clone, Debug, clap::Args)]
pub struct DatabaseArgs {
    /// Configuration file; orders need its section [repman].
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Options of `guichet database run`.
#[derive(Clone, Debug, clap::Args)]
pub struct RunArgs {
    /// Data folder, created if missing; the socket is `mariadb.sock` in it.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

/// Options of `guichet database switchover`.
///
/// It waits ten minutes for an operator to confirm it on the portal, with the passkey.
#[derive(Clone, Debug, clap::Args)]
pub struct SwitchoverArgs {
    /// Switch over without confirmation in a browser; the reason is recorded in the journal.
    #[arg(long, value_name = "REASON")]
    unconfirmed: Option<String>,
    /// New leader [default: replication-manager chooses]
    #[arg(long, value_name = "HOST:PORT")]
    to: Option<Host>,
    #[command(flatten)]
    installation: DatabaseArgs,
}

/// Options of `guichet database backup`.
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// Server to back up, preferably a replica.
    #[arg(long, value_name = "HOST:PORT")]
    of: Host,
    #[command(flatten)]
    installation: DatabaseArgs,
}

pub(super) async fn run(command: DatabaseCommand) -> anyhow::Result<ExitCode> {
    match command {
        DatabaseCommand::Run(args) => Err(embedded::become_server(&args.dir).await),
        DatabaseCommand::Status(installation) => status(&installation).await,
        DatabaseCommand::Switchover(args) => switchover(&args).await,
        DatabaseCommand::Backup(args) => backup(&args).await,
    }
}

fn repman(config: &Config) -> anyhow::Result<Repman> {
    let section = config.repman.as_ref().context("the configuration has no [repman] section: who should do it?")?;
    Ok(Repman::new(section)?)
}

async fn status(installation: &DatabaseArgs) -> anyhow::Result<ExitCode> {
    let config = Config::read(&installation.config)?;
    let store = Store::open(&config.database)?;
    let answers = tokio::time::timeout(EXAMINATION_TIMEOUT, store.ping()).await;
    let mut out = io::stdout();
    writeln!(out, "{:<28} {:<9} {:<10} {:>10}", "SERVER", "ROLE", "REPLICATES", "CONFIRMING")?;
    let (servers, leading) = store.servers();
    for (node, (server, state)) in servers.into_iter().enumerate() {
        let leads = leading.as_ref().is_some_and(|leading| leading.node == node);
        match (state.status, state.poll_error) {
            (Some(status), _) => {
                let role = match (leads, status.read_only) {
                    (true, _) => "leader",
                    (false, true) => "replica",
                    (false, false) => "writable!",
                };
                let replicates = if status.replicates() { "yes" } else { "–" };
                writeln!(out, "{server:<28} {role:<9} {replicates:<10} {:>10}", status.confirming)?;
            }
            (None, Some(error)) => writeln!(out, "{server:<28} away      {error}")?,
            // A single server is not polled repeatedly.
            (None, None) => writeln!(out, "{server:<28} {}", if leads { "the only one" } else { "not seen yet" })?,
        }
    }
    let durable = leading.is_some_and(|leading| leading.durable) && matches!(answers, Ok(Ok(())));
    let kept = if durable { "writes are kept as safely as demanded" } else { "NOTHING IS ACKNOWLEDGED at the moment" };
    writeln!(out, "{kept} ({:?})", store.durability())?;
    store.close().await;
    let mut well = durable;
    if config.repman.is_some() {
        match repman(&config)?.topology().await {
            Ok(topology) => well &= show(&topology, &mut out)?,
            Err(error) => {
                // Deposits work without it; failovers do not.
                writeln!(out, "\nreplication-manager: {:#}", anyhow::Error::from(error))?;
                well = false;
            }
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(topology: &Topology, out: &mut impl Write) -> io::Result<bool> {
    let mode = match topology.mode {
        Mode::Automatic => "fails over by itself",
        Mode::Manual => "WAITS FOR A PERSON to fail over",
        Mode::Unknown => "does not say who fails over",
    };
    writeln!(out, "\nreplication-manager {mode}")?;
    writeln!(out, "{:<28} {:<12} {:>6} {:<10} GTID", "SERVER", "STATE", "LAG S", "SEMI-SYNC")?;
    for server in &topology.servers {
        let lag = server.lag_seconds.map_or("–".into(), |lag| lag.to_string());
        let semi_sync = match server.semi_sync {
            Some(true) => "on",
            Some(false) => "off",
            None => "?",
        };
        let gtid = server.gtid.as_deref().unwrap_or("–");
        writeln!(out, "{:<28} {:<12} {lag:>6} {semi_sync:<10} {gtid}", server.to_string(), server.state)?;
        if let Some(error) = &server.replication_error {
            writeln!(out, "  ! {}", escape_for_terminal(error))?;
        }
    }
    for alert in &topology.alerts {
        writeln!(out, "{} {} {}", if alert.error { "!" } else { "·" }, alert.code, escape_for_terminal(&alert.text))?;
    }
    let when = |at: Option<jiff::Timestamp>| at.map_or("?".into(), |at| at.to_string());
    for Failover { at, from, to, switchover, .. } in topology.failovers.iter().take(MAX_LISTED) {
        let what = if *switchover { "switchover" } else { "failover" };
        writeln!(out, "{} {what} {from} → {to}", when(*at))?;
    }
    for one in topology.backups.iter().take(MAX_LISTED) {
        let complete = if one.complete && one.position.is_some() { "complete" } else { "BROKEN OFF" };
        writeln!(out, "{} backup of {} by {}, {complete}", when(one.started), one.source, one.tool)?;
    }
    if !topology.unread.is_empty() {
        writeln!(out, "not answered for: {}", topology.unread.join(", "))?;
    }
    Ok(topology.mode == Mode::Automatic
        && topology.leader.is_some()
        && !topology.alerts.iter().any(|alert| alert.error))
}

/// The system user who gives the order, for the journal.
fn operator() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map_or_else(|| "?".into(), |user| user.name)
}

async fn switchover(args: &SwitchoverArgs) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.installation.config)?;
    let repman = repman(&config)?;
    let app = App::open(config)?;
    let wish = args.to.as_ref().map(Host::to_string);
    let confirmed_by = match &args.unconfirmed {
        Some(_) => None,
        None => Some(confirmed(&app, wish.as_deref().unwrap_or_default()).await?),
    };
    let note = async |outcome: &str| {
        let data = json!({
            "operator": operator(), "to": wish, "outcome": outcome, "confirmed_by": confirmed_by,
            "unconfirmed": args.unconfirmed,
        });
        app.note_operation(EventKind::DatabaseSwitchover, data).await.context("the order cannot be journalled")
    };
    note("ordered").await?;
    let done = repman.switchover(args.to.as_ref()).await;
    let outcome = match &done {
        Ok(Verified::Done(handover)) => format!("{} → {}", handover.from, handover.to),
        Ok(Verified::Nothing(why) | Verified::Unknown(why)) => why.to_string(),
        Err(error) => error.to_string(),
    };
    note(&outcome).await?;
    app.store.close().await;
    match done? {
        Verified::Done(handover) => {
            let millis = handover.took.as_millis();
            writeln!(io::stdout(), "{} leads instead of {}, seen after {millis} ms", handover.to, handover.from)?;
            if !handover.as_wished {
                writeln!(io::stdout(), "! another server was wished for: replication-manager chose for itself")?;
            }
            for straggler in &handover.stragglers {
                writeln!(io::stdout(), "! {straggler} does not follow it")?;
            }
            let well = handover.as_wished && handover.stragglers.is_empty();
            Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Verified::Nothing(why) => bail!("nothing was done: {why}"),
        Verified::Unknown(why) => {
            bail!("whether it was done cannot be determined: {why}. See `guichet database status`")
        }
    }
}

/// Waits until a person has confirmed the order in a browser.
async fn confirmed(app: &App, detail: &str) -> anyhow::Result<AccountId> {
    let machine = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let order = app.order_switchover(detail, &format!("{}@{machine}", operator())).await?;
    let page = format!("{}/orders", app.config.portal.public_url);
    writeln!(io::stderr(), "An operator has ten minutes to confirm this, with the passkey: {page}")?;
    let end = Instant::now() + ORDER_LIFETIME.unsigned_abs();
    while Instant::now() < end {
        if let Some(who) = app.take_order(order).await? {
            return Ok(who);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    bail!("nobody has confirmed it within ten minutes: nothing was ordered")
}

async fn backup(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.installation.config)?;
    let repman = repman(&config)?;
    let app = App::open(config)?;
    let data = json!({ "operator": operator(), "of": args.of.to_string() });
    app.note_operation(EventKind::DatabaseBackup, data).await.context("the order cannot be journalled")?;
    app.store.close().await;
    match repman.backup(&args.of, BACKUP_TIMEOUT).await? {
        Verified::Done(done) => {
            let bytes = done.bytes.map_or("?".into(), |bytes| bytes.to_string());
            writeln!(io::stdout(), "backup {} of {} by {}, {bytes} bytes", done.id, done.source, done.tool)?;
            writeln!(
                io::stdout(),
                "Only a restore proves a backup: see `guichet admin drill` for the portal's own sets."
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Verified::Nothing(why) => bail!("there is no backup: {why}"),
        Verified::Unknown(why) => bail!("whether there is a backup cannot be determined: {why}"),
    }
}
