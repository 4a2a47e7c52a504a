//! The topology, read from the answers.

use super::{Alert, Backup, Failover, Mode, Server, ServerRole, Topology};
use crate::adapters::repman::wire;
use serde_json::Value;

impl Topology {
    /// Reads the servers and who leads them. Nothing if this is no list of servers.
    pub(in crate::adapters::repman) fn read(servers: &Value, leader: &Value) -> Option<Self> {
        servers.as_array()?;
        let leader = wire::text(leader, "id").filter(|id| !id.is_empty());
        Some(Self {
            servers: wire::elements(Some(servers))
                .into_iter()
                .map(|one| Server::read(one, leader.as_deref()))
                .collect(),
            leader,
            alerts: Vec::new(),
            failovers: Vec::new(),
            backups: Vec::new(),
            failover_counter: None,
            failover_limit: None,
            mode: Mode::Unknown,
            in_failover: None,
            in_backup: None,
            active: None,
            unread: Vec::new(),
        })
    }

    pub(in crate::adapters::repman) fn add_cluster(&mut self, cluster: &Value) {
        let unsigned = |object: &Value, key| wire::integer(object, key).and_then(|number| number.try_into().ok());
        self.failover_counter = unsigned(cluster, "failoverCounter");
        self.active = wire::text(cluster, "activePassiveStatus").map(|status| status == "A");
        self.in_failover = cluster.get("stateMachine").and_then(|machine| wire::flag(machine, "inFailover"));
        self.in_backup = wire::flag(cluster, "inLogicalBackup");
        self.backups = wire::elements(cluster.get("backupList")).into_iter().filter_map(Backup::read).collect();
        self.backups.sort_by_key(|backup| std::cmp::Reverse(backup.id));
        self.add_failovers(cluster.get("failoverHistory").unwrap_or(&Value::Null));
        if let Some(config) = cluster.get("config") {
            self.failover_limit = unsigned(config, "failoverLimit");
            self.mode = match (wire::text(config, "failoverMode").as_deref(), wire::flag(config, "interactive")) {
                (Some("manual"), _) | (_, Some(true)) => Mode::Manual,
                (Some(_), _) | (None, Some(false)) => Mode::Automatic,
                (None, None) => Mode::Unknown,
            };
        }
    }

    pub(in crate::adapters::repman) fn add_alerts(&mut self, alerts: &Value) {
        for (key, error) in [("errors", true), ("warnings", false)] {
            for one in wire::elements(alerts.get(key)) {
                let word = |key| wire::text(one, key).unwrap_or_default();
                self.alerts.push(Alert { error, code: word("number"), text: word("desc") });
            }
        }
    }

    /// Adds what is not there yet. The crashes go when the old leader has come back, the history stays.
    pub(in crate::adapters::repman) fn add_failovers(&mut self, crashes: &Value) {
        for one in wire::elements(Some(crashes)).into_iter().map(Failover::read) {
            if !self.failovers.contains(&one) {
                self.failovers.push(one);
            }
        }
        self.failovers.sort_by_key(|failover| std::cmp::Reverse(failover.at));
    }
}

impl Server {
    fn read(server: &Value, leader: Option<&str>) -> Self {
        let word = |key| wire::text(server, key).unwrap_or_default();
        let (id, state) = (word("id"), word("state"));
        let maintenance = wire::flag(server, "isMaintenance").unwrap_or(false) || state == "Maintenance";
        let leads = leader == Some(id.as_str());
        let role = ServerRole::of(&state, leads, maintenance);
        let replications = wire::elements(server.get("replications"));
        let replication = if role == ServerRole::Leader { None } else { replications.first() };
        let lag = replication.and_then(|one| wire::integer(one, "secondsBehindMaster"));
        let fault = |key| replication.and_then(|one| wire::text(one, key)).filter(|text| !text.is_empty());
        let semi_sync = if role == ServerRole::Leader { "semiSyncMasterStatus" } else { "semiSyncSlaveStatus" };
        Self {
            host: word("host").trim_matches(['[', ']']).to_owned(),
            port: wire::integer(server, "port").and_then(|port| port.try_into().ok()).unwrap_or(3306),
            lag_seconds: lag.and_then(|lag| lag.try_into().ok()),
            gtid: ["gtidBinlogPos", "currentGtid", "slaveGtid"].iter().find_map(|key| wire::position(server, key)),
            semi_sync: wire::flag(server, semi_sync),
            read_only: wire::flag(server, "readOnly"),
            replication_error: fault("lastIoError").or_else(|| fault("lastSqlError")),
            maintenance,
            role,
            state,
            id,
        }
    }
}

impl ServerRole {
    fn of(state: &str, leads: bool, maintenance: bool) -> Self {
        match state {
            "Failed" | "Suspect" | "ErrorAuth" => Self::Away,
            _ if maintenance => Self::Maintenance,
            _ if leads => Self::Leader,
            "Slave" | "SlaveLate" | "Relay" | "RelayLate" => Self::Replica,
            "SlaveErr" | "RelayErr" => Self::Broken,
            // Not the one that the cluster has as its leader: it calls itself so.
            "StandAlone" | "Master" | "MasterAlone" => Self::Standalone,
            _ => Self::Other,
        }
    }
}

impl Failover {
    fn read(crash: &Value) -> Self {
        let word = |key| wire::text(crash, key).unwrap_or_default();
        Self {
            at: wire::seconds(crash, "UnixTimestamp"),
            from: word("URL"),
            to: word("ElectedMasterURL"),
            switchover: wire::flag(crash, "Switchover").unwrap_or(false),
            semi_sync: wire::flag(crash, "FailoverSemiSyncSlaveStatus"),
            gtid: wire::position(crash, "FailoverIOGtid"),
        }
    }
}

impl Backup {
    fn read(backup: &Value) -> Option<Self> {
        let word = |key| wire::text(backup, key).unwrap_or_default();
        Some(Self {
            id: wire::integer(backup, "id")?,
            source: word("source"),
            tool: word("backupTool"),
            started: wire::instant(backup, "startTime"),
            ended: wire::instant(backup, "endTime"),
            bytes: wire::integer(backup, "size").and_then(|bytes| bytes.try_into().ok()),
            position: ["binLogUuid", "binLogFileName"].iter().find_map(|key| wire::position(backup, key)),
            complete: wire::flag(backup, "completed").unwrap_or(false),
        })
    }
}
