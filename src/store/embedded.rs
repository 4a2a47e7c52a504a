//! A private `mariadbd`: the embedded default, for demonstrations, tests and single machines.
//!
//! It runs as the current user, listens on a unix socket only and authenticates that user through the socket. So there
//! is no port and no password. The engine and the SQL are the same as in a cluster.

mod folder;
mod process;

pub use folder::{SocketFolder, lock, private_folder};
pub use process::{Stat, end_left_over, stop_child, tail};

use anyhow::{Context, bail};
use nix::{
    fcntl::Flock,
    unistd::{User, geteuid},
};
use sqlx::{
    ConnectOptions, Connection,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use std::{
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

pub const DATABASE_NAME: &str = "guichet";

/// Folder for temporary tables. A starting server removes everything that it finds in its folder, so two servers must
/// not share one, as they would in `/tmp`.
const TEMPORARY_FOLDER: &str = "tmp";
/// The only folder in which statements may read or write files. It stays empty.
const NO_FILES: &str = "no-files";
/// Name of its socket.
const SOCKET_FILE: &str = "mariadb.sock";
/// Name of its socket while data is initialised or upgraded.
const PREPARING_SOCKET_FILE: &str = "preparing.sock";
/// Maximum time until the server responds, including crash recovery.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum time for a clean stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Polling interval where there is no notification.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// A running private server. If it is dropped without [`Embedded::stop`], it is killed; it recovers from that.
#[derive(Debug)]
pub struct Embedded {
    child: Child,
    pid: u32,
    socket: PathBuf,
    user: String,
    /// Prevents a second server from using the same data.
    _lock: Flock<File>,
    _socket_folder: SocketFolder,
}

impl Embedded {
    /// Starts the server on the data in `dir`, which is created and initialised the first time.
    ///
    /// # Errors
    /// When MariaDB is not installed, another process uses `dir`, or the server does not start. The message contains
    /// the last lines of its log.
    pub async fn start(dir: &Path) -> anyhow::Result<Self> {
        Self::start_at(dir, SOCKET_FILE).await
    }

    async fn start_at(dir: &Path, name: &str) -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let user = current_user()?;
        private_folder(dir)?;
        let dir = dir.canonicalize().with_context(|| dir.display().to_string())?;
        let lock = lock(&dir.join("lock"))?
            .with_context(|| format!("another process already runs the database in {}", dir.display()))?;
        let data = dir.join("data");
        end_left_over(&dir.join("pid"), &data, STOP_TIMEOUT).await?;
        private_folder(&dir.join(TEMPORARY_FOLDER))?;
        private_folder(&dir.join(NO_FILES))?;
        let fresh = !data.exists();
        if fresh {
            initialise(&programs, &dir, &data, &user).await?;
        }
        let sockets = SocketFolder::within(&dir, name)?;
        let socket = sockets.path().join(name);
        let child = launch(&programs.server, &dir, &data, &socket)?;
        let pid = child.id().context("mariadbd ended at once")?;
        let mut server = Self { child, pid, socket, user, _lock: lock, _socket_folder: sockets };
        server.create_database(&dir.join("mariadbd.log")).await?;
        server.upgrade(&dir, fresh).await?;
        Ok(server)
    }

    /// The socket it listens on.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The user to connect as: the current user of the system.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the server exits on its own.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Stops the server cleanly, and kills it if it does not stop in time.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        stop_child(&mut self.child, STOP_TIMEOUT).await.context("cannot stop mariadbd")
    }

    /// Connection options before a database exists.
    fn options(&self) -> MySqlConnectOptions {
        MySqlConnectOptions::new()
            .socket(&self.socket)
            .ssl_mode(MySqlSslMode::Disabled)
            .username(&self.user)
            .disable_statement_logging()
    }

    async fn create_database(&mut self, log: &Path) -> anyhow::Result<()> {
        let options = self.options();
        let began = Instant::now();
        let mut connection = loop {
            match options.connect().await {
                Ok(connection) => break connection,
                Err(error) if began.elapsed() > START_TIMEOUT => {
                    return Err(error).context(format!("mariadbd does not answer; its log ends with:\n{}", tail(log)));
                }
                Err(_) => {}
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("mariadbd ended ({status}); its log ends with:\n{}", tail(log));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        };
        sqlx::query("create database if not exists guichet").execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    /// Upgrades the system tables of data that an earlier version created. Later starts skip this.
    async fn upgrade(&self, dir: &Path, fresh: bool) -> anyhow::Result<()> {
        let mut connection = self.options().connect().await?;
        let version: String = sqlx::query_scalar("select cast(version() as char)").fetch_one(&mut connection).await?;
        connection.close().await?;
        let (mark, log) = (dir.join("version"), dir.join("upgrade.log"));
        let note = || fs::write(&mark, &version).with_context(|| mark.display().to_string());
        if fresh {
            return note();
        }
        if fs::read_to_string(&mark).is_ok_and(|known| known == version) {
            return Ok(());
        }
        let file = program("mariadb-upgrade")
            .context("mariadb-upgrade is not installed; on Debian it comes with: apt install mariadb-client-core")?;
        let mut tool = Command::new(file);
        tool.args(["--no-defaults", "--silent"])
            .arg(format!("--socket={}", self.socket.display()))
            .arg(format!("--user={}", self.user));
        let status = logged(&mut tool, &log).await.context("cannot run mariadb-upgrade")?;
        if !status.success() {
            bail!("the data cannot be brought up to MariaDB {version} ({status}); the log ends with:\n{}", tail(&log));
        }
        tracing::info!(version, "database.upgraded");
        note()
    }
}

struct Programs {
    server: PathBuf,
    installer: PathBuf,
}

impl Programs {
    fn find() -> anyhow::Result<Self> {
        let missing = "is not installed; on Debian it comes with: apt install mariadb-server-core mariadb-client-core";
        let find = |name: &str| program(name).with_context(|| format!("{name} {missing}"));
        // The installer is a script that calls it, and it belongs to another package.
        find("my_print_defaults")?;
        Ok(Self { server: find("mariadbd")?, installer: find("mariadb-install-db")? })
    }
}

/// Finds a program in `PATH`, or where Debian installs servers, which is not in every user's `PATH`.
pub(super) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

pub(super) fn current_user() -> anyhow::Result<String> {
    let uid = geteuid();
    let user = User::from_uid(uid)?.with_context(|| {
        format!(
            "user number {uid} has no name on this system, and MariaDB knows its users by name: add it to /etc/passwd"
        )
    })?;
    Ok(user.name)
}

/// mariadbd refuses to run as root without this flag.
fn user_flag() -> Option<&'static str> {
    geteuid().is_root().then_some("--user=root")
}

/// Initialises the data in a folder with another name, which is synced and renamed at the end, so that incomplete data
/// is never used.
async fn initialise(programs: &Programs, dir: &Path, data: &Path, user: &str) -> anyhow::Result<()> {
    let making = tempfile::Builder::new().prefix("making-").tempdir_in(dir)?;
    let log = dir.join("install.log");
    let mut tool = Command::new(&programs.installer);
    tool.env("TMPDIR", dir.join(TEMPORARY_FOLDER))
        .arg("--no-defaults")
        .arg(format!("--datadir={}", making.path().display()))
        .args(["--auth-root-authentication-method=socket", &format!("--auth-root-socket-user={user}")])
        .args(["--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=16M"])
        // No flush is needed before the end: 2.6 s instead of 3.8.
        .args(["--innodb-flush-method=nosync", "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0"])
        .args(user_flag());
    let status = logged(&mut tool, &log).await.context("cannot run mariadb-install-db")?;
    if !status.success() {
        bail!("mariadb-install-db failed ({status}); its log ends with:\n{}", tail(&log));
    }
    sync_all(making.path())?;
    fs::rename(making.keep(), data)?;
    File::open(dir)?.sync_all()?;
    Ok(())
}

/// Runs a MariaDB program to completion and writes its output to a log.
async fn logged(tool: &mut Command, log: &Path) -> io::Result<ExitStatus> {
    let out = File::create(log)?;
    tool.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).kill_on_drop(true).status().await
}

fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { sync_all(&path)? } else { File::open(&path)?.sync_all()? }
    }
    File::open(folder)?.sync_all()
}

/// The server's arguments.
fn arguments(dir: &Path, data: &Path, socket: &Path) -> Vec<String> {
    let mut arguments = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", data.display()),
        format!("--tmpdir={}", dir.join(TEMPORARY_FOLDER).display()),
        format!("--socket={}", socket.display()),
        format!("--pid-file={}", dir.join("pid").display()),
        // Statements that read or write files find an empty folder.
        format!("--secure-file-priv={}", dir.join(NO_FILES).display()),
    ];
    let fixed = [
        "--skip-networking",
        "--local-infile=0",
        "--skip-name-resolve",
        "--performance-schema=0",
        "--innodb-buffer-pool-size=64M",
        "--innodb-log-file-size=16M",
        "--innodb-flush-log-at-trx-commit=1",
        "--sort-buffer-size=256K",
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_general_ci",
        "--transaction-isolation=READ-COMMITTED",
        "--max-connections=200",
        "--max-allowed-packet=64M",
    ];
    arguments.extend(fixed.into_iter().chain(user_flag()).map(ToOwned::to_owned));
    arguments
}

fn launch(server: &Path, dir: &Path, data: &Path, socket: &Path) -> anyhow::Result<Child> {
    let log = File::options().create(true).append(true).open(dir.join("mariadbd.log"))?;
    let child = Command::new(server)
        .args(arguments(dir, data, socket))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Its own process group: Ctrl-C in a terminal is meant for our parent process, which then stops the server
        // cleanly.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("cannot run mariadbd")?;
    Ok(child)
}

/// Replaces this process with the server of a folder (`exec`). Missing data is initialised first, and data of an
/// earlier version is upgraded. Returns only when it failed.
pub async fn become_server(dir: &Path) -> anyhow::Error {
    match prepared(dir).await {
        Ok(mut server) => anyhow::Error::from(server.exec()).context("cannot run mariadbd"),
        Err(error) => error,
    }
}

async fn prepared(dir: &Path) -> anyhow::Result<std::process::Command> {
    private_folder(dir)?;
    let dir = dir.canonicalize().with_context(|| dir.display().to_string())?;
    let socket = dir.join(SOCKET_FILE);
    let sockets = SocketFolder::within(&dir, SOCKET_FILE)?;
    if sockets.path() != dir {
        bail!("{} is too long for the path of a socket: take a shorter folder", socket.display());
    }
    private_folder(&dir.join(NO_FILES))?;
    let programs = Programs::find()?;
    let version = std::process::Command::new(&programs.server).arg("--version").output()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let mark = fs::read_to_string(dir.join("version")).unwrap_or_default();
    if mark.is_empty() || !version.contains(&mark) {
        // Clients must not find the server on the normal socket and lose it again.
        Embedded::start_at(&dir, PREPARING_SOCKET_FILE).await?.stop().await?;
    } else {
        end_left_over(&dir.join("pid"), &dir.join("data"), STOP_TIMEOUT).await?;
    }
    let mut server = std::process::Command::new(&programs.server);
    server.args(arguments(&dir, &dir.join("data"), &socket)).stdin(Stdio::null());
    Ok(server)
}

#[cfg(test)]
mod tests {
    use super::Embedded;
    use sqlx::{ConnectOptions, Connection, mysql::MySqlConnectOptions};
    use std::path::Path;

    #[tokio::test]
    async fn the_data_survive_a_kill_and_a_second_server_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let first = Embedded::start(dir.path()).await.unwrap();
        let refused = Embedded::start(dir.path()).await.unwrap_err();
        assert!(refused.to_string().starts_with("another process already runs"), "{refused}");
        let run = async |server: &Embedded, sql: &'static str| {
            let options =
                MySqlConnectOptions::new().socket(server.socket()).username(server.user()).database("guichet");
            let mut connection = options.connect().await.unwrap();
            let row: Option<(String,)> = sqlx::query_as(sql).fetch_optional(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            row.map(|(value,)| value)
        };
        run(&first, "create table kept (word varchar(20) character set utf8mb4 collate utf8mb4_bin primary key)").await;
        run(&first, "insert into kept values ('présent')").await;
        drop(first);

        let second = Embedded::start(dir.path()).await.unwrap();
        assert_eq!(run(&second, "select word from kept").await.as_deref(), Some("présent"));
        assert_eq!(run(&second, "select @@tx_isolation").await.as_deref(), Some("READ-COMMITTED"));
        let pid = second.pid();
        second.stop().await.unwrap();
        assert!(!Path::new(&format!("/proc/{pid}")).exists());

        // Data that an earlier version created.
        let mark = dir.path().join("version");
        let version = std::fs::read_to_string(&mark).unwrap();
        std::fs::write(&mark, "10.5.1-MariaDB").unwrap();
        let third = Embedded::start(dir.path()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&mark).unwrap(), version);
        assert_eq!(run(&third, "select word from kept").await.as_deref(), Some("présent"));
        third.stop().await.unwrap();
    }

    #[tokio::test]
    async fn two_servers_do_not_take_each_others_temporary_tables_away() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = Embedded::start(one.path()).await.unwrap();
        let options = MySqlConnectOptions::new().socket(first.socket()).username(first.user()).database("guichet");
        let mut connection = options.connect().await.unwrap();
        for statement in ["create temporary table kept (n int) engine = aria", "insert into kept values (7)"] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        let second = Embedded::start(two.path()).await.unwrap();
        sqlx::query("flush tables").execute(&mut connection).await.unwrap();
        let kept: i32 = sqlx::query_scalar("select n from kept").fetch_one(&mut connection).await.unwrap();
        assert_eq!(kept, 7);
        let files = std::fs::read_dir(one.path().join(super::TEMPORARY_FOLDER)).unwrap().count();
        assert!(files > 0, "its temporary tables are in a folder of its own");
        connection.close().await.unwrap();
        second.stop().await.unwrap();
        first.stop().await.unwrap();
    }
}
