//! Three replicating MariaDB servers, with the settings that the product recommends.

mod manager;

use super::{Installation, certificate::Certificate, installation::wait_for_async, sozu::free};
use guichet::testing::store::{embedded::Embedded, profile};
use sqlx::{
    ConnectOptions, Connection, MySqlConnection, Row,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{sync::OnceCell, time::timeout};

pub const NODES: usize = 3;
/// Timeout for one command of the stand-in to a server.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the servers replicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// As the product recommends.
    Recommended,
    /// Without waiting for replicas: MariaDB's default.
    Asynchronous,
}

/// One server.
pub struct Node {
    pub port: u16,
    folder: PathBuf,
    child: Option<Child>,
}

/// The servers. The stand-in tracks which one is the leader.
pub struct Cluster {
    pub nodes: Vec<Node>,
    pub leader: usize,
    replication: Replication,
    folder: tempfile::TempDir,
    /// Certificate and key of the servers, for the network; without them, connections are not encrypted.
    tls: Option<Certificate>,
}

/// The data of a newly installed server, created once per run.
async fn template() -> &'static Path {
    static TEMPLATE: OnceCell<tempfile::TempDir> = OnceCell::const_new();
    let make = async || {
        let folder = tempfile::Builder::new().prefix("guichet-template-").tempdir().unwrap();
        Embedded::start(folder.path()).await.unwrap().stop().await.unwrap();
        folder
    };
    TEMPLATE.get_or_init(make).await.path()
}

impl Node {
    fn options(&self) -> MySqlConnectOptions {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
        MySqlConnectOptions::new()
            .socket(self.folder.join("s.sock"))
            .ssl_mode(MySqlSslMode::Disabled)
            .username(&user)
            .disable_statement_logging()
    }

    /// With `keep_tail`, recovery keeps what no replica had confirmed.
    fn start(&mut self, number: usize, replication: Replication, keep_tail: bool, tls: Option<&Certificate>) {
        let config = self.folder.join("my.cnf");
        let number = u32::try_from(number).unwrap() + 1;
        let mut text = profile::my_cnf(number);
        text.push_str(&format!(
            "datadir = {0}/data\ntmpdir = {0}\nsocket = {0}/s.sock\npid-file = {0}/pid\nlog-error = {0}/err.log\nport = {1}\n\
             bind-address = 127.0.0.1\nreport-host = 127.0.0.1\nreport-port = {1}\ninnodb-buffer-pool-size = 48M\n\
             innodb-log-file-size = 16M\nperformance-schema = 0\nmax-connections = 300\nsort-buffer-size = 256K\n",
            self.folder.display(),
            self.port
        ));
        if let Some(tls) = tls {
            text.push_str(&format!("ssl-cert = {}\nssl-key = {}\n", tls.pem.display(), tls.key.display()));
        }
        if replication == Replication::Asynchronous {
            text.push_str("rpl_semi_sync_slave_enabled = OFF\n");
        }
        if keep_tail || replication == Replication::Asynchronous {
            text.push_str("init-rpl-role = MASTER\n");
        }
        fs::write(&config, text).unwrap();
        let mut command = Command::new("mariadbd");
        command.arg(format!("--defaults-file={}", config.display())).stdin(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            command.arg("--user=root");
        }
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("mariadbd starts"));
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    pub fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Runs statements without a result.
    pub async fn order(&self, sql: &str) -> Result<(), String> {
        let work = async {
            let mut connection = self.options().connect().await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
            connection.close().await
        };
        timeout(PATIENCE, work).await.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())
    }

    /// Queries one value.
    pub async fn value(&self, sql: &str) -> Result<String, String> {
        let work = async {
            let mut connection = self.options().connect().await?;
            let row = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await?;
            connection.close().await?;
            row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string()))
        };
        timeout(PATIENCE, work).await.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())
    }

    /// A column of `show slave status`.
    async fn replica(&self, column: &str) -> Result<String, String> {
        let work = async {
            let mut connection: MySqlConnection = self.options().connect().await?;
            let row = sqlx::raw_sql("show slave status").fetch_one(&mut connection).await?;
            connection.close().await?;
            row.try_get::<String, _>(column)
        };
        timeout(PATIENCE, work).await.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())
    }
}

/// Sequence number of a position in our domain.
fn sequence(gtid: &str) -> u64 {
    let ours = gtid.split(',').find_map(|one| one.trim().strip_prefix("1-")?.split('-').nth(1)?.parse().ok());
    ours.unwrap_or(0)
}

impl Cluster {
    /// Starts three servers; the first one is the leader.
    pub async fn start(replication: Replication) -> Self {
        Self::start_with(replication, false).await
    }

    /// The same with TLS; returns the file of their certificate.
    pub async fn start_secured() -> (Self, PathBuf) {
        let this = Self::start_with(Replication::Recommended, true).await;
        let certificate = this.tls.as_ref().unwrap().pem.clone();
        (this, certificate)
    }

    async fn start_with(replication: Replication, secured: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("guichet-cluster-").tempdir().unwrap();
        let tls = secured.then(|| Certificate::make(folder.path()));
        let data = template().await.join("data");
        let mut nodes = Vec::new();
        for number in 0..NODES {
            let node = Node { port: free().port(), folder: folder.path().join(number.to_string()), child: None };
            fs::create_dir(&node.folder).unwrap();
            let copied = Command::new("cp").arg("-a").arg(&data).arg(node.folder.join("data")).status().unwrap();
            assert!(copied.success());
            nodes.push(node);
        }
        let mut this = Self { nodes, leader: 0, replication, folder, tls };
        for number in 0..NODES {
            this.run(number).await;
        }
        this.bootstrap().await;
        this
    }

    async fn bootstrap(&self) {
        let first = &self.nodes[0];
        first
            .order(
                "set global read_only = 0; reset master;
                 create user repl@'127.0.0.1' identified by 'repl';
                 grant replication slave on *.* to repl@'127.0.0.1';
                 create user guichet@'127.0.0.1' identified by 'secret';
                 create database if not exists guichet; grant all on guichet.* to guichet@'127.0.0.1'",
            )
            .await
            .unwrap();
        for node in &self.nodes[1..] {
            self.follow(node, first).await;
        }
        self.confirm(first).await;
        self.until_replicated().await;
    }

    /// Waits until all running replicas have the leader's data.
    pub async fn until_replicated(&self) {
        let goal = sequence(&self.nodes[self.leader].value("select @@gtid_binlog_pos").await.unwrap());
        for (number, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.runs()) {
            wait_for_async(&format!("server {number} to catch up"), async || {
                tokio::task::yield_now().await;
                number == self.leader
                    || sequence(&node.value("select @@gtid_slave_pos").await.unwrap_or_default()) >= goal
            })
            .await;
        }
    }

    /// A file with the `[database]` section of a portal on this cluster.
    pub fn section(&self, durability: &str) -> PathBuf {
        let password = self.folder.path().join("password");
        fs::write(&password, "secret").unwrap();
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        let file = self.folder.path().join("database.toml");
        let text = format!(
            "[database]\nhosts = {hosts:?}\nname = \"guichet\"\nuser = \"guichet\"\npassword_file = {password:?}\n\
             durability = {durability:?}\n"
        );
        fs::write(&file, text).unwrap();
        file
    }

    /// An installation on this cluster.
    pub fn installation(&self, durability: &str) -> &'static Installation {
        self.installation_of(durability, 2)
    }

    /// An installation of several processes.
    pub fn installation_of(&self, durability: &str, processes: u16) -> &'static Installation {
        let (section, processes) = (self.section(durability), processes.to_string());
        let options = ["--database", section.to_str().unwrap(), "--processes", &processes];
        Installation::start_with(None, &options).for_this_test()
    }

    /// Starts a stopped server.
    pub async fn run(&mut self, number: usize) {
        self.run_keeping(number, false).await;
    }

    async fn run_keeping(&mut self, number: usize, tail: bool) {
        self.nodes[number].start(number, self.replication, tail, self.tls.as_ref());
        let node = &self.nodes[number];
        wait_for_async("the server to answer", async || {
            tokio::task::yield_now().await;
            node.value("select 1").await.is_ok()
        })
        .await;
    }

    /// Sends a signal to a server's process.
    pub fn signal(&self, number: usize, signal: &str) {
        let pid = self.nodes[number].pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Kills a server immediately.
    pub fn kill(&mut self, number: usize) {
        if let Some(mut child) = self.nodes[number].child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    async fn follow(&self, node: &Node, leader: &Node) {
        let order = format!(
            "stop slave; change master to master_host = '127.0.0.1', master_port = {}, master_user = 'repl',
             master_password = 'repl', master_use_gtid = slave_pos, master_connect_retry = 1,
             master_heartbeat_period = 1; start slave; set global read_only = 1",
            leader.port
        );
        node.order(&order).await.unwrap();
    }

    /// Makes a leader wait for its replicas.
    async fn confirm(&self, leader: &Node) {
        if self.replication == Replication::Recommended {
            leader.order("set global rpl_semi_sync_master_enabled = 1").await.unwrap();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for number in 0..self.nodes.len() {
            if let Some(mut child) = self.nodes[number].child.take() {
                // A frozen server cannot be ended otherwise.
                child.kill().ok();
                child.wait().ok();
            }
        }
    }
}
