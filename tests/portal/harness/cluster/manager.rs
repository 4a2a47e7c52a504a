//! A stand-in for replication-manager. It runs the same steps as its source code at a failover and a switchover, in the
//! same order, and the steps that an operator otherwise does by hand.

use super::{Cluster, NODES, Node, sequence, template};
use crate::harness::installation::wait_for_async;
use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

impl Cluster {
    /// Stand-in for replication-manager: promotes the replica that has received most, once it has applied all of it,
    /// and makes the others follow it. Returns the time from the first command until the new leader accepted writes.
    pub async fn fail_over(&mut self) -> Duration {
        let began = Instant::now();
        let old = self.leader;
        let mut best = (0, old);
        for (number, node) in self.nodes.iter().enumerate().filter(|(number, node)| *number != old && node.runs()) {
            let received = sequence(&node.replica("Gtid_IO_Pos").await.unwrap());
            best = best.max((received, number));
        }
        let (_, next) = best;
        assert_ne!(next, old, "there is nobody to promote");
        let node = &self.nodes[next];
        node.order("stop slave io_thread").await.unwrap();
        let goal = sequence(&node.replica("Gtid_IO_Pos").await.unwrap());
        wait_for_async("all that was received to be applied", async || {
            tokio::task::yield_now().await;
            sequence(&node.value("select @@gtid_slave_pos").await.unwrap()) >= goal
        })
        .await;
        node.order("stop slave; reset slave all").await.unwrap();
        self.confirm(node).await;
        node.order("set global read_only = 0").await.unwrap();
        let took = began.elapsed();
        for (number, other) in self.nodes.iter().enumerate() {
            if number != next && number != old && other.runs() {
                self.follow(other, node).await;
            }
        }
        self.leader = next;
        took
    }

    /// Stand-in for replication-manager: switches to a replica while all servers are up.
    pub async fn switch_over(&mut self) {
        let (old, next) = (self.leader, (self.leader + 1) % NODES);
        let (from, to) = (&self.nodes[old], &self.nodes[next]);
        from.order("set global read_only = 1; flush tables with read lock; unlock tables").await.unwrap();
        let goal = sequence(&from.value("select @@gtid_binlog_pos").await.unwrap());
        wait_for_async("the successor to have everything", async || {
            tokio::task::yield_now().await;
            sequence(&to.value("select @@gtid_slave_pos").await.unwrap()) >= goal
        })
        .await;
        to.order("stop slave; reset slave all").await.unwrap();
        self.confirm(to).await;
        from.order("set global rpl_semi_sync_master_enabled = 0").await.unwrap();
        to.order("set global read_only = 0").await.unwrap();
        for (number, node) in self.nodes.iter().enumerate() {
            if number != next && node.runs() {
                self.follow(node, to).await;
            }
        }
        self.leader = next;
    }

    /// After the loss of all servers: starts them, and makes the one with the longest log the leader. The log of the
    /// last leader has everything that was acknowledged. Recovery must not remove its end, because what a replica has
    /// confirmed may exist in its relay log only, which is not read again.
    pub async fn rise(&mut self) {
        let mut best = (0, 0);
        for number in 0..NODES {
            self.run_keeping(number, true).await;
            let has = sequence(&self.nodes[number].value("select @@gtid_binlog_pos").await.unwrap());
            best = best.max((has, number));
        }
        let (_, leader) = best;
        self.leader = leader;
        let node = &self.nodes[leader];
        node.order("stop slave; reset slave all").await.unwrap();
        self.confirm(node).await;
        node.order("set global read_only = 0").await.unwrap();
        for number in (0..NODES).filter(|number| *number != leader) {
            self.follow_from_its_log(number).await;
        }
    }

    /// Makes a server follow the leader from its own position: it may have been the leader before.
    async fn follow_from_its_log(&self, number: usize) {
        let order = format!(
            "stop slave; set global gtid_slave_pos = @@gtid_binlog_pos; change master to master_host = '127.0.0.1',
             master_port = {}, master_user = 'repl', master_password = 'repl', master_use_gtid = slave_pos,
             master_connect_retry = 1, master_heartbeat_period = 1; start slave; set global read_only = 1",
            self.nodes[self.leader].port
        );
        self.nodes[number].order(&order).await.unwrap();
    }

    /// Recreates a server from the leader's data, as replication-manager would with a logical backup.
    pub async fn reseed(&mut self, number: usize) {
        self.kill(number);
        let folder = self.nodes[number].folder.clone();
        fs::remove_dir_all(folder.join("data")).unwrap();
        let copied = Command::new("cp").arg("-a").arg(template().await.join("data")).arg(folder.join("data")).status();
        assert!(copied.unwrap().success());
        self.run(number).await;
        let (leader, node) = (&self.nodes[self.leader], &self.nodes[number]);
        let dump = folder.join("dump.sql");
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
        let client = |program: &str, of: &Node| {
            let mut command = Command::new(program);
            command.arg(format!("--socket={}", of.folder.join("s.sock").display())).arg(format!("--user={user}"));
            command
        };
        let dumped = client("mariadb-dump", leader)
            .args(["--single-transaction", "--master-data=1", "--gtid", "--databases", "guichet"])
            .stdout(fs::File::create(&dump).unwrap())
            .status();
        assert!(dumped.unwrap().success());
        let connection = format!(
            "change master to master_host = '127.0.0.1', master_port = {}, master_user = 'repl', master_password = 'repl',
             master_use_gtid = slave_pos, master_connect_retry = 1, master_heartbeat_period = 1",
            leader.port
        );
        node.order(&format!("reset master; {connection}")).await.unwrap();
        let loaded = client("mariadb", node)
            .arg("--init-command=set sql_log_bin = 0")
            .stdin(fs::File::open(&dump).unwrap())
            .status();
        assert!(loaded.unwrap().success());
        node.order(
            "set sql_log_bin = 0; create user if not exists repl@'127.0.0.1' identified by 'repl';
             grant replication slave on *.* to repl@'127.0.0.1';
             create user if not exists guichet@'127.0.0.1' identified by 'secret';
             grant all on guichet.* to guichet@'127.0.0.1'; start slave",
        )
        .await
        .unwrap();
    }

    /// Makes a returning server follow the leader again, if its data allow it; otherwise recreates it from the leader's
    /// data, as replication-manager would.
    pub async fn rejoin(&mut self, number: usize) -> bool {
        self.run(number).await;
        let node = &self.nodes[number];
        let has = sequence(&node.value("select @@gtid_binlog_pos").await.unwrap());
        let confirmed = sequence(&self.nodes[self.leader].value("select @@gtid_binlog_pos").await.unwrap());
        self.follow_from_its_log(number).await;
        eprintln!("server {number} rejoins with {has}, the leader has {confirmed}");
        let settled = async || {
            let (io, sql) = (node.replica("Slave_IO_Running").await, node.replica("Slave_SQL_Running").await);
            match (io.as_deref(), sql.as_deref()) {
                // It may be connected briefly before it is rejected; only its data show that it follows.
                (Ok("Yes"), Ok("Yes")) => {
                    let has = sequence(&node.value("select @@gtid_slave_pos").await.unwrap_or_default());
                    (has >= confirmed).then_some(true)
                }
                (Ok("No"), _) | (_, Ok("No")) => Some(false),
                _ => None,
            }
        };
        let mut outcome = None;
        wait_for_async("the server to follow or to give up", async || {
            tokio::task::yield_now().await;
            outcome = settled().await;
            outcome.is_some()
        })
        .await;
        outcome.unwrap()
    }
}
