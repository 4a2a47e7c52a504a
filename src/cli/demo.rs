//! `guichet demo`: a complete private installation in one folder, started, supervised and stopped together.
//!
//! Sōzu starts in parallel with the database, and its edge once the database is up. The portal's processes start once
//! the schema and the samples exist. The installation is ready when both processes report ready and a page can be
//! fetched through Sōzu.

mod access;
mod authority;
pub(super) mod children;
mod company_register;
mod folder;
mod installation;

use crate::{
    app::service::seed,
    cli::parent::asked_to_stop,
    config::{Attachments, Database, Passkeys, ScanConfig, SignIn},
    edge::probe,
    store::embedded::{DATABASE_NAME, Embedded, end_left_over},
};
use access::{Access, AccessFile};
use anyhow::{Context, bail};
use children::{ChildProgram, Children};
use folder::Folder;
use installation::DemoInstallation;
use serde::de::DeserializeOwned;
use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Timeout from the start of the portal's processes to the first page.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval between two polls during the start.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Interval between two attempts to start a database that was there before.
const DATABASE_RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// Time for a child process to exit before it is killed.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// Time that Sōzu has to end: it waits for every open connection, which a browser keeps for a minute.
const SOZU_GRACE: Duration = Duration::from_secs(2);

/// Options of `guichet demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// Folder of the installation; its contents are kept between starts.
    #[arg(long, value_name = "DIR", default_value = "var/demo")]
    pub dir: PathBuf,
    /// HTTPS port [default: a free port, reused at the next start]
    #[arg(long, value_name = "PORT")]
    pub https_port: Option<u16>,
    /// Port that redirects to HTTPS [default: a free port, reused at the next start]
    #[arg(long, value_name = "PORT")]
    pub http_port: Option<u16>,
    /// Sōzu binary [default: sozu-2.3.3/bin/sozu under ~/.cache/guichet]
    #[arg(long, value_name = "FILE", env = "GUICHET_SOZU")]
    pub sozu: Option<PathBuf>,
    /// Definition of a call; repeatable.
    #[arg(long, value_name = "FILE", default_value = "calls/hyper-open-x.toml")]
    pub calls: Vec<PathBuf>,
    /// File with a `[database]` section of an existing server or cluster [default: a private server]
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// File with the `[attachments]` section, for an object store [default: a folder]
    #[arg(long, value_name = "FILE")]
    pub attachments: Option<PathBuf>,
    /// File with a `[scan]` section, for a virus scanner [default: files are not scanned]
    #[arg(long, value_name = "FILE")]
    pub scan: Option<PathBuf>,
    /// File with a `[sign_in]` section, for an identity provider.
    #[arg(long, value_name = "FILE")]
    pub sign_in: Option<PathBuf>,
    /// File with a `[company_register]` section, for a real register [default: a stand-in with invented companies]
    #[arg(long, value_name = "FILE")]
    pub company_register: Option<PathBuf>,
    /// Number of portal processes.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub processes: u16,
    /// Whether staff must use a passkey.
    #[arg(long, value_enum, default_value_t = Passkeys::Offered)]
    pub passkeys: Passkeys,
    /// Allow requests to set the clock and to inject faults, for tests.
    #[arg(long)]
    pub test_hooks: bool,
    /// Stop when standard input is closed, for tests.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

/// Runs the installation in the foreground until it is asked to stop.
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    // Everything in the folder is private: keys, tokens, the samples' data. Child processes inherit the umask,
    // including Sōzu, whose saved states contain the certificate's key.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let progress = StartProgress::begin();
    let folder = Folder::open(&args.dir)?;
    end_left_overs(&folder).await?;
    let register = company_register::configure(args.company_register.as_deref()).await?;
    progress.step(&format!("the company register is {}", register.url));
    let installation = DemoInstallation::prepare(&args, &folder, register)?;
    let access = AccessFile::new(folder.file("access.json"));
    let (mut children, mut fault) = Children::new(folder.file("log"), folder.file("run"), access.clone());

    let (database_stop, database_stopping) = oneshot::channel();
    let (database_up, database_running) = oneshot::channel();
    let mut database = match &args.database {
        Some(file) => {
            tokio::spawn(use_database(read_toml::<DatabaseSection>(file)?.database, database_up, database_stopping))
        }
        None => tokio::spawn(keep_database(folder.file("mariadb"), database_up, database_stopping, access.clone())),
    };

    let (outcome, database) = tokio::select! {
        outcome = start_and_watch(&args, &installation, &mut children, database_running, &access, &progress) => {
            (outcome, Some(database))
        }
        reason = stop_reason(args.until_stdin_closes) => {
            (reason.map(|reason| progress.step(&format!("stopping: {reason}"))), Some(database))
        }
        Some(fault) = fault.recv() => (Err(anyhow::anyhow!(fault)), Some(database)),
        ended = &mut database => (ended.context("the task that keeps the database failed").flatten(), None),
    };
    children.stop().await;
    drop(database_stop);
    let stopped = match database {
        Some(database) => database.await.context("the task that keeps the database failed").flatten(),
        None => Ok(()),
    };
    outcome.and(stopped)?;
    progress.step("stopped");
    Ok(())
}

async fn start_and_watch(
    args: &DemoArgs,
    installation: &DemoInstallation,
    children: &mut Children,
    database: oneshot::Receiver<ServerSection>,
    access: &AccessFile,
    progress: &StartProgress,
) -> anyhow::Result<()> {
    let itself = std::env::current_exe().context("cannot find this program's own file")?;
    let role = |role: &str, config: PathBuf, name: String| {
        let args = [role.into(), "--config".into(), config.into_os_string(), "--with-parent".into()];
        ChildProgram { name, file: itself.clone(), args: args.to_vec(), grace: STOP_GRACE }
    };
    children.keep(ChildProgram {
        name: "sozu".into(),
        file: installation.sozu.clone(),
        args: vec!["start".into(), "--config".into(), installation.sozu_config.clone().into_os_string()],
        grace: SOZU_GRACE,
    });
    progress.step("Sōzu is starting");

    // Without a database, its task has ended; it reports the reason to the caller that waits for both.
    let Ok(server) = database.await else { return std::future::pending().await };
    let configs = installation.write_configs(args, &server)?;
    progress.step(&match server.pid {
        Some(pid) => format!("MariaDB is up (process {pid})"),
        None => format!("the database is {}", server.database.label()),
    });
    children.keep(role("edge", installation.edge_config.clone(), "edge".into()));
    let first = configs.first().context("there is no portal process to start")?;
    let tokens = seed::demonstration(&first.config).await.context("cannot prepare the demonstration's data")?;
    progress.step("the schema and the samples stand");

    for config in &configs {
        children.keep(role("serve", config.path.clone(), config.name.clone()));
    }
    access.describe(Access {
        url: installation.url.clone(),
        ca_cert: installation.ca_certificate.clone(),
        mailbox_url: format!("{}/demo/mails", installation.url),
        applicant_token: tokens.applicant_token,
        officer_token: tokens.officer_token,
        edge_ops: format!("http://{}", installation.edge_ops),
        instance_ops: installation.processes.iter().map(|process| format!("http://{}", process.ops)).collect(),
    })?;
    wait_until_ready(installation, progress).await?;
    announce(&installation.url)?;
    progress.step(&format!("ready: {} (Ctrl-C stops everything)", installation.url));
    std::future::pending().await
}

/// What the other parts need to know about a started database.
#[derive(Debug)]
struct ServerSection {
    database: Database,
    /// `None` for a database started by others.
    pid: Option<u32>,
}

/// The file named by `--database`.
#[derive(serde::Deserialize)]
struct DatabaseSection {
    database: Database,
}

fn read_toml<T: DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    toml::from_str(&text).with_context(|| file.display().to_string())
}

/// Uses a database that is operated by others.
async fn use_database(
    database: Database,
    up: oneshot::Sender<ServerSection>,
    stopping: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    // Sending fails only when the start was aborted; the stop follows.
    drop(up.send(ServerSection { database, pid: None }));
    drop(stopping.await);
    Ok(())
}

/// The file named by `--sign-in`.
#[derive(serde::Deserialize)]
struct SignInSection {
    sign_in: SignIn,
}

fn read_sign_in(file: &Path) -> anyhow::Result<SignIn> {
    Ok(read_toml::<SignInSection>(file)?.sign_in)
}

/// The file named by `--attachments`.
#[derive(serde::Deserialize)]
struct AttachmentsSection {
    attachments: Attachments,
}

fn read_attachments(file: &Path) -> anyhow::Result<Attachments> {
    Ok(read_toml::<AttachmentsSection>(file)?.attachments)
}

/// The file named by `--scan`.
#[derive(serde::Deserialize)]
struct ScanSection {
    scan: ScanConfig,
}

fn read_scan(file: &Path) -> anyhow::Result<ScanConfig> {
    Ok(read_toml::<ScanSection>(file)?.scan)
}

/// Starts the database, restarts it when it exits by itself, and stops it when the other end of `stopping` is dropped.
async fn keep_database(
    dir: PathBuf,
    up: oneshot::Sender<ServerSection>,
    mut stopping: oneshot::Receiver<()>,
    access: AccessFile,
) -> anyhow::Result<()> {
    let mut up = Some(up);
    let mut deaths = children::Deaths::default();
    loop {
        let started = tokio::select! {
            started = Embedded::start(&dir) => started,
            _ = &mut stopping => return Ok(()),
        };
        let mut server = match started {
            Ok(server) => server,
            // It was there: what hinders it now, such as a full disk, can end.
            Err(error) if up.is_none() => {
                eprintln!("mariadbd does not start ({error:#}); it is tried again");
                tokio::select! {
                    () = tokio::time::sleep(DATABASE_RETRY_INTERVAL) => continue,
                    _ = &mut stopping => return Ok(()),
                }
            }
            Err(error) => return Err(error),
        };
        access.started("mariadbd", server.pid());
        if let Some(up) = up.take() {
            let database = Database {
                socket: Some(server.socket().into()),
                name: DATABASE_NAME.into(),
                user: server.user().into(),
                ..Database::default()
            };
            let told = ServerSection { database, pid: Some(server.pid()) };
            // Sending fails only when the start was aborted; the stop follows.
            drop(up.send(told));
        }
        tokio::select! {
            status = server.ended() => {
                let status = status?;
                if deaths.too_many() {
                    bail!("mariadbd keeps ending ({status}); see {}", dir.join("mariadbd.log").display());
                }
                eprintln!("mariadbd ended ({status}); it is started again");
            }
            _ = &mut stopping => return server.stop().await,
        }
    }
}

async fn wait_until_ready(installation: &DemoInstallation, progress: &StartProgress) -> anyhow::Result<()> {
    let began = Instant::now();
    let patience = |what: &str| {
        if began.elapsed() < START_TIMEOUT {
            Ok(())
        } else {
            bail!("{what} is not ready after {} s; see the log folder", START_TIMEOUT.as_secs())
        }
    };
    for process in &installation.processes {
        while !probe::is_ready(process.ops).await {
            patience(&process.name)?;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    progress.step("the portal's processes are ready");
    let client = installation.client()?;
    loop {
        match client.get(format!("{}/", installation.url)).send().await {
            Ok(answer) if answer.status() == 200 => return Ok(()),
            // Sōzu's own error page, until the edge has added the processes.
            Ok(_) | Err(_) => patience("the first page")?,
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Prints the one line that programs wait for.
fn announce(url: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "ready {url}")?;
    out.flush()
}

/// Waits for a signal or, if requested, for the end of standard input, and returns which it was.
async fn stop_reason(until_stdin_closes: bool) -> anyhow::Result<&'static str> {
    let closed = async {
        if !until_stdin_closes {
            std::future::pending::<()>().await;
        }
        let (tell, told) = oneshot::channel();
        // A thread, because reading standard input cannot be cancelled; it is still reading when the process ends.
        std::thread::spawn(move || {
            let mut buffer = [0; 64];
            while matches!(io::stdin().lock().read(&mut buffer), Ok(1..)) {}
            tell.send(()).ok();
        });
        drop(told.await);
    };
    tokio::select! {
        asked = asked_to_stop(false) => asked.map(|()| "signal received").context("cannot listen to signals"),
        () = closed => Ok("standard input closed"),
    }
}

/// Ends child processes left by a supervisor that was killed.
async fn end_left_overs(folder: &Folder) -> anyhow::Result<()> {
    let run = folder.file("run");
    for entry in std::fs::read_dir(&run)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pid") {
            end_left_over(&path, folder.path(), SOZU_GRACE).await?;
        }
    }
    Ok(())
}

/// Reports the progress of the start on standard error.
struct StartProgress {
    began: Instant,
}

impl StartProgress {
    fn begin() -> Self {
        Self { began: Instant::now() }
    }

    fn step(&self, what: &str) {
        let elapsed = self.began.elapsed();
        eprintln!("[{:>3}.{:01} s] {what}", elapsed.as_secs(), elapsed.subsec_millis() / 100);
    }
}
