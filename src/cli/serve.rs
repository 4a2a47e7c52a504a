//! `guichet serve`: one process of the portal.

use crate::{
    app::{App, jobs},
    cli::parent::asked_to_stop,
    config::Config,
    ops::{self, Ops},
    web,
};
use anyhow::Context;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

/// Longest time that requests under way have to finish.
const GRACE: Duration = Duration::from_secs(30);
/// Longest time that the database has to take leave.
const CLOSE: Duration = Duration::from_secs(1);
/// Pause between two looks for a database that is away, whose return gives no notice.
const LOOK: Duration = Duration::from_millis(500);

/// Options of `guichet serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Ends with the process that started it.
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

/// Serves until asked to stop; pages of the call are there even while the database is away.
///
/// # Errors
/// When the configuration cannot be used, an address is taken, or the schema cannot be brought up to date.
pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&args.config)?)?;
    let pages = bind(app.config.portal.listen).await?;
    let operator = bind(app.config.portal.ops_listen).await?;
    let ops = Ops::install(app.clone()).context("cannot install the recorder of metrics")?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %app.config.portal.listen, "portal.started");
    let closing = CancellationToken::new();
    let stop = async {
        asked_to_stop(args.with_parent).await.context("cannot listen to signals")?;
        tracing::info!("portal.stopping");
        ops.farewell().await;
        closing.cancel();
        tokio::time::sleep(GRACE).await;
        tracing::warn!(grace_s = GRACE.as_secs(), "portal.requests_cut_off");
        Ok(())
    };
    let ended = tokio::select! {
        served = web::serve(pages, app.clone(), closing.clone().cancelled_owned()) => served.context("the listener of the pages failed"),
        served = ops::serve(operator, ops.clone()) => served.context("the listener of the operator failed"),
        broken = work(app.clone()) => broken,
        stopped = stop => stopped,
    };
    // A request that was cut off may hold its connection for good.
    timeout(CLOSE, app.store.close()).await.ok();
    tracing::info!("portal.stopped");
    ended
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Brings the schema up to date, then does what transactions left to be done.
async fn work(app: App) -> anyhow::Result<()> {
    migrate(&app).await?;
    jobs::work(app).await;
    Ok(())
}

/// Migrates as soon as the database is there; its absence is logged once.
async fn migrate(app: &App) -> anyhow::Result<()> {
    let mut waiting = false;
    loop {
        match app.store.ping().await {
            Ok(()) => match app.store.migrate().await {
                Ok(()) => {
                    tracing::info!("schema.up_to_date");
                    return Ok(());
                }
                // Gone again half-way: the next look waits for it.
                Err(_) if app.store.ping().await.is_err() => {}
                Err(error) => return Err(error).context("cannot bring the database schema up to date"),
            },
            Err(error) if !waiting => {
                waiting = true;
                let reason = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(reason, socket = %app.config.database.socket.display(), "database.awaited");
            }
            Err(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}
