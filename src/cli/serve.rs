//! `guichet serve`: one process of the portal.

mod backups;

use crate::{
    adapters::{garage::Garage, repman::Repman},
    app::{App, AppError, Registration, service::jobs},
    build::BUILD,
    cli::parent::asked_to_stop,
    config::{Config, Listen},
    domain::access::Role,
    ops::{self, Ops},
    web,
};
use anyhow::Context;
use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::Notify,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Time for requests in progress to finish.
const DRAIN_GRACE: Duration = Duration::from_secs(30);
/// Timeout for storing the last entries of the access log.
const LAST_ACCESSES_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout for closing the database connections.
const DATABASE_CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Interval between two polls of an unavailable database, whose return gives no notification.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Options of `guichet serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Exit with the parent process.
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

/// Serves until asked to stop; pages of the call are available even while the database is not.
pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&args.config)?)?;
    let listen = app.config.portal.listen.clone();
    let pages = Pages::bind(&listen).await?;
    let operator = bind(app.config.portal.ops_listen).await?;
    let repman = app.config.repman.as_ref().map(Repman::new).transpose().context("cannot use [repman]")?;
    let garage = app.config.attachments.as_ref().and_then(|attachments| attachments.garage.as_ref());
    let garage = garage.map(Garage::new).transpose().context("cannot use [attachments.garage]")?;
    let ops = Ops::install(app.clone(), repman, garage).context("cannot install the recorder of metrics")?;
    tracing::info!(build = BUILD, %listen, "portal.started");
    let registration = Registration::new(app.clone());
    let closing = CancellationToken::new();
    let rolled_out = Notify::new();
    let stop = async {
        tokio::select! {
            asked = asked_to_stop(args.with_parent) => asked.context("cannot listen to signals")?,
            () = rolled_out.notified() => tracing::info!("portal.rolled_out"),
        }
        tracing::info!("portal.stopping");
        ops.leave();
        registration.drain_and_wait().await;
        closing.cancel();
        tokio::time::sleep(DRAIN_GRACE).await;
        tracing::warn!(grace_s = DRAIN_GRACE.as_secs(), "portal.requests_cut_off");
        Ok(())
    };
    let ended = tokio::select! {
        served = pages.serve(app.clone(), closing.clone()) => served.context("the listener of the pages failed"),
        served = ops::serve(operator, ops.clone()) => served.context("the listener of the operator failed"),
        broken = work(app.clone(), &registration, &rolled_out) => broken,
        () = scheduled(&app, &args.config) => Ok(()),
        () = follow_promises(&app) => Ok(()),
        stopped = stop => stopped,
    };
    // Accesses up to the last request are stored before the database is closed.
    if !matches!(timeout(LAST_ACCESSES_TIMEOUT, app.flush_access_log()).await, Ok(Ok(()))) {
        tracing::error!("readings.lost");
    }
    registration.deregister().await;
    // An aborted request may hold its connection forever.
    timeout(DATABASE_CLOSE_TIMEOUT, app.store.close()).await.ok();
    tracing::info!("portal.stopped");
    ended
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// The listener for requests.
enum Pages {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Pages {
    async fn bind(listen: &Listen) -> anyhow::Result<Self> {
        match listen {
            Listen::Tcp(address) => bind(*address).await.map(Self::Tcp),
            Listen::Unix(path) => bind_unix(path).map(Self::Unix).with_context(|| format!("cannot listen on {listen}")),
        }
    }

    async fn serve(self, app: App, closing: CancellationToken) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => web::serve(listener, app, closing.cancelled_owned()).await,
            Self::Unix(listener) => web::serve(listener, app, closing.cancelled_owned()).await,
        }
    }
}

/// Binds a socket. A stale socket of a killed process is replaced; one that is in use is not.
fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Makes scheduled backup sets, if configured.
async fn scheduled(app: &App, config: &Path) {
    match &app.config.backup {
        Some(backup) => backups::keep(backup, config).await,
        None => std::future::pending().await,
    }
}

/// Records incidents, where SlapOS writes the results of promises.
async fn follow_promises(app: &App) {
    let portal = &app.config.portal;
    match &portal.promise_results {
        Some(results) => ops::incidents::watch(results.clone(), portal.data_dir.clone()).await,
        None => std::future::pending().await,
    }
}

/// Migrates the schema, then registers this process and runs pending background jobs, until the future is dropped.
async fn work(app: App, registration: &Registration, rolled_out: &Notify) -> anyhow::Result<()> {
    migrate(&app).await?;
    if let Err(error) = app.register_sites().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "sites.not_registered");
    }
    match app.register_roots().await {
        Ok(()) => {}
        Err(AppError::Token(error)) => {
            return Err(error).context("the keys of this data folder are not the installation's");
        }
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "roots.not_registered"),
    }
    for officer in &app.config.portal.officers {
        if let Err(error) = app.appoint_as(officer, Role::Officer).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "officer.not_appointed");
        }
    }
    let attend = async {
        registration.heartbeat_until_drained().await;
        rolled_out.notify_one();
    };
    tokio::join!(attend, app.watch_sites(), jobs::run(app.clone()), app.watch_roots());
    Ok(())
}

/// Migrates as soon as the database is available; its absence is logged once.
async fn migrate(app: &App) -> anyhow::Result<()> {
    let mut waiting = false;
    loop {
        match app.store.ping().await {
            Ok(()) => match app.store.migrate().await {
                Ok(()) => {
                    tracing::info!("schema.up_to_date");
                    return Ok(());
                }
                // It became unavailable during the migration; the next poll waits for it.
                Err(_) if app.store.ping().await.is_err() => {}
                Err(error) => return Err(error).context("cannot bring the database schema up to date"),
            },
            Err(error) if !waiting => {
                waiting = true;
                let reason = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(reason, place = app.config.database.label(), "database.awaited");
            }
            Err(_) => {}
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
