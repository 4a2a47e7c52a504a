//! The real replication-manager, over three real servers, all on this machine.

use super::{ACTOR, CLUSTER, Certificate, READER, settings};
use crate::harness::{
    cluster::{Cluster, Replication},
    installation::wait_for_async,
    sozu::free,
};
use guichet::testing::{
    adapters::repman::{Repman, RepmanConfig},
    config::Host,
};
use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// The page contains the files that the operator installs: these are the ones tested.
const RUNBOOK: &str = include_str!("../../../../docs/runbooks/replication-manager.md");

pub struct Real {
    pub config: RepmanConfig,
    pub cluster: Cluster,
    binary: OsString,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

/// The only block of a kind on the page.
fn block(kind: &str) -> &'static str {
    let (_, rest) = RUNBOOK.split_once(&format!("```{kind}\n")).expect("the block is there");
    rest.split("```").next().unwrap()
}

impl Real {
    pub async fn start() -> Self {
        let binary = std::env::var_os("REPMAN_BIN").filter(|path| !path.is_empty());
        let binary = binary.expect("REPMAN_BIN names a replication-manager");
        let cluster = Cluster::start(Replication::Recommended).await;
        let grants = block("sql").replace("HOST", "127.0.0.1");
        let accounts = format!("create user repman@'127.0.0.1' identified by 'repman-secret'; {grants}");
        cluster.nodes[cluster.leader].order(&accounts).await.unwrap();
        cluster.until_replicated().await;
        let folder = tempfile::Builder::new().prefix("guichet-repman-").tempdir().unwrap();
        let certificate = Certificate::make(folder.path());
        let port = free().port();
        let config = settings(folder.path(), port, &certificate);
        let mut this = Self { config, cluster, binary, folder, child: None };
        this.install(port);
        this.run().await;
        this
    }

    fn install(&self, port: u16) {
        let folder = self.folder.path();
        let here = folder.to_str().unwrap();
        let hosts: Vec<String> = self.hosts().iter().map(Host::to_string).collect();
        let text = block("toml")
            .replace("/srv/repman", here)
            .replace("db1:3306,db2:3306,db3:3306", &hosts.join(","))
            .replace("10005", &port.to_string())
            .replace("REPMAN-PASSWORD", "repman-secret")
            .replace("REPL-PASSWORD", "repl")
            .replace("ADMIN-PASSWORD", "admin-secret")
            .replace("READER-PASSWORD", READER.1)
            .replace("ACTOR-PASSWORD", ACTOR.1);
        assert!(text.contains(&format!("[{CLUSTER}]")) && text.contains(READER.0) && text.contains(ACTOR.0));
        fs::write(folder.join("config.toml"), text).unwrap();
        let script = folder.join("after-promotion.sh");
        fs::write(&script, block("sh")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.join("servers"), hosts.join("\n").replace(':', " ") + "\n").unwrap();
        fs::write(folder.join("repman.cnf"), "[client]\nuser = repman\npassword = repman-secret\n").unwrap();
        for name in ["data", "conf", "conf-backup", "share"] {
            fs::create_dir(folder.join(name)).unwrap();
        }
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("out.log")
    }

    pub fn hosts(&self) -> Vec<Host> {
        self.cluster.nodes.iter().map(|node| Host { name: "127.0.0.1".into(), port: node.port }).collect()
    }

    fn number(&self, host: &Host) -> usize {
        self.hosts().iter().position(|one| one == host).unwrap()
    }

    /// All servers have the same deposits, once they have caught up.
    pub async fn identical(&self) {
        const SUM: &str = "select concat(count(*), ' ', coalesce(sum(crc32(receipt_number)), 0)) from guichet.deposit";
        wait_for_async("the servers to be the same", async || {
            let mut seen = Vec::new();
            for node in &self.cluster.nodes {
                seen.push(node.value(SUM).await.unwrap());
            }
            seen.windows(2).all(|pair| pair[0] == pair[1])
        })
        .await;
    }

    async fn run(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.folder.path().join("config.toml")).arg("monitor");
        command.env("HOME", self.folder.path()).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().expect("replication-manager starts"));
        let client = Repman::new(&self.config).unwrap();
        wait_for_async("replication-manager to know its servers", async || {
            tokio::task::yield_now().await;
            client.topology().await.is_ok_and(|seen| seen.leader.is_some() && seen.servers.len() == 3)
        })
        .await;
    }

    pub async fn restart(&mut self) {
        self.stop();
        self.run().await;
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn kill(&mut self, host: &Host) {
        let number = self.number(host);
        self.cluster.kill(number);
    }

    pub async fn revive(&mut self, host: &Host) {
        let number = self.number(host);
        self.cluster.run(number).await;
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.stop();
        if let Some(folder) = std::env::var_os("REPMAN_KEEP") {
            fs::copy(self.log(), PathBuf::from(folder).join("replication-manager.log")).ok();
        }
    }
}
