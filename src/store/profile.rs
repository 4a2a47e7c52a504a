//! The settings of a cluster with which no acknowledged write was lost when servers were killed, disconnected and
//! frozen, and the cost of each deviation. `docs/runbooks/database.md` has the measurements. `guichet doctor` compares
//! a live cluster with this list; `guichet admin cluster-profile` writes it as configuration files.

use crate::config::Host;

/// One setting of every server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name as in `show variables`.
    pub name: &'static str,
    /// Required value.
    pub value: &'static str,
    /// Whether it differs between leader and replicas at run time. In that case `my.cnf` has the safe value, and the
    /// manager of the cluster sets it at promotion.
    pub by_role: bool,
    /// What another value would cost, for the operator.
    pub cost: &'static str,
}

const fn fixed(name: &'static str, value: &'static str, cost: &'static str) -> Setting {
    Setting { name, value, by_role: false, cost }
}

const fn by_role(name: &'static str, value: &'static str, cost: &'static str) -> Setting {
    Setting { name, value, by_role: true, cost }
}

/// Number of servers of a cluster that is strict and available: after a failover, one still confirms.
pub const CLUSTER_SERVERS: usize = 3;

/// The settings, as in `my.cnf`.
pub const SETTINGS: &[Setting] = &[
    fixed("log_bin", "ON", "no replica can follow: the loss of the leader loses everything since the last backup"),
    fixed("log_slave_updates", "ON", "a promoted replica cannot be followed by the others"),
    fixed("binlog_format", "ROW", "replicas may compute other values than the leader, unnoticed"),
    fixed("gtid_strict_mode", "ON", "a server with transactions of its own rejoins unnoticed, and the servers differ"),
    fixed("sync_binlog", "1", "a power cut takes back deposits that replicas and receipts already have"),
    fixed("innodb_flush_log_at_trx_commit", "1", "a power cut takes back deposits that have their receipt"),
    fixed("innodb_doublewrite", "ON", "a power cut can leave pages that cannot be repaired"),
    fixed(
        "rpl_semi_sync_master_wait_point",
        "AFTER_SYNC",
        "a second try of a deposit can be acknowledged though no replica has it (12 of 8,628 lost when tried)",
    ),
    // How long a leader waits for a replica before it continues alone, in milliseconds. It is finite because
    // replication-manager (2024-10) writes `FLUSH TABLES` into the binary log while no replica is attached: with an
    // infinite wait its failover would never complete. The portal refuses to acknowledge what was not confirmed in time.
    fixed(
        "rpl_semi_sync_master_timeout",
        "10000",
        "shorter, the leader goes on alone at every hiccup of its replicas, and the portal refuses writes; \
         without end, a failover by replication-manager does not complete",
    ),
    fixed("rpl_semi_sync_master_wait_no_slave", "ON", "without replicas the leader acknowledges alone"),
    fixed("rpl_semi_sync_slave_enabled", "ON", "this server confirms nothing: the leader cannot count on it"),
    fixed("slave_parallel_mode", "optimistic", "replicas fall behind under load, and a failover takes longer"),
    fixed("max_allowed_packet", "67108864", "a long dossier cannot be written"),
    by_role("read_only", "ON", "a retired leader that comes back takes writes that nobody else has"),
    by_role(
        "rpl_semi_sync_master_enabled",
        "OFF",
        "on a replica it stops replication for the length of the timeout; on a leader it has to be ON",
    ),
];

/// Settings that are not variables, or matter only when a server starts.
const START: &[(&str, &str)] = &[
    // After a crash, the end of the binary log that no replica confirmed is truncated, so that the server can rejoin.
    ("init-rpl-role", "SLAVE"),
    ("skip-slave-start", "1"),
    ("slave-parallel-threads", "4"),
    ("slave-net-timeout", "10"),
    ("skip-name-resolve", "1"),
    ("character-set-server", "utf8mb4"),
    ("collation-server", "utf8mb4_general_ci"),
    ("transaction-isolation", "READ-COMMITTED"),
];

/// Returns the `my.cnf` of one server. `number` identifies the server and must be unique.
pub fn my_cnf(number: u32) -> String {
    let mut text =
        format!("[mariadbd]\nserver_id = {number}\ngtid_domain_id = 1\nlog_bin = mysql-bin\nrelay_log = relay-bin\n");
    for setting in SETTINGS.iter().filter(|setting| setting.name != "log_bin") {
        text.push_str(&format!("{} = {}\n", setting.name, setting.value));
    }
    for (name, value) in START {
        text.push_str(&format!("{name} = {value}\n"));
    }
    text
}

/// The runbook of replication-manager. The tests run the real program with its examples, so that the output here has
/// been tested.
const RUNBOOK: &str = include_str!("../../docs/runbooks/replication-manager.md");

/// Returns the first example of a kind in the runbook.
fn example(kind: &str) -> &'static str {
    let begin = RUNBOOK.split_once(&format!("```{kind}\n")).map(|(_, rest)| rest);
    begin.and_then(|rest| rest.split_once("```")).map_or("", |(example, _)| example)
}

/// Returns the configuration of replication-manager for these servers. Passwords and paths are left to the operator.
pub fn replication_manager(hosts: &[Host]) -> String {
    let hosts = hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(",");
    example("toml").replace("db1:3306,db2:3306,db3:3306", &hosts)
}

/// Returns the script that replication-manager runs after a promotion, with its list of servers.
pub fn after_promotion(hosts: &[Host]) -> [(&'static str, String); 2] {
    let servers = hosts.iter().map(|host| format!("{} {}\n", host.name, host.port)).collect();
    [("after-promotion.sh", example("sh").into()), ("servers", servers)]
}

/// Returns the privileges of replication-manager's account.
pub fn account() -> &'static str {
    example("sql")
}

/// The tags that the SlapOS release of replication-manager gives its servers, plus `row` and `semisync`: setting any
/// tag replaces them all.
const TAGS: [&str; 20] = [
    "gtidstrict", "bind", "pkg", "innodb", "noquerycache", "slow", "pfs", "linux", "readonly", "diskmonitor",
    "sqlerror", "compressbinlog", "bm4ci", "mroonga", "utctime", "readcommitted", "nohandshake", "ssl", "row",
    "semisync",
];

/// Returns the parameters for the SlapOS release of replication-manager, because its defaults would lose data.
pub fn slapos_parameters() -> String {
    let parameters = serde_json::json!({
        "database-amount": CLUSTER_SERVERS,
        "failover-mode": "automatic",
        "tag-list": TAGS,
        "autoseed": false,
    });
    format!("{parameters:#}\n")
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, my_cnf};

    #[test]
    fn the_examples_of_the_runbook_are_found() {
        let hosts = ["a:1", "b:2", "c:3"].map(|host| host.parse().unwrap());
        assert!(super::replication_manager(&hosts).contains("db-servers-hosts = \"a:1,b:2,c:3\""));
        let [(_, script), (_, servers)] = super::after_promotion(&hosts);
        assert!(script.starts_with("#!/bin/sh") && servers == "a 1\nb 2\nc 3\n");
        assert!(super::account().contains("to repman@"));
    }

    #[test]
    fn the_file_has_every_setting_once() {
        let text = my_cnf(7);
        for setting in SETTINGS {
            let lines = text.lines().filter(|line| line.split(" = ").next() == Some(setting.name));
            assert_eq!(lines.count(), 1, "{}", setting.name);
        }
        assert!(text.contains("server_id = 7\n") && text.contains("init-rpl-role = SLAVE\n"));
        assert!(text.contains("rpl_semi_sync_master_timeout = 10000\n"));
    }
}
