//! The cluster simulated by the stand-in, in the terms of the recorded responses.

use super::super::{ACTOR, READER};
use guichet::testing::config::Host;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How it misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Orders are answered with 200 and not carried out.
    DoesNothing,
    /// Another server than the requested one is chosen.
    Contrary,
    /// The connection breaks in the middle of an order, which is carried out all the same.
    BreaksOff,
    /// The same, but the order is not carried out.
    BreaksOffIdle,
    /// A server does not follow the new leader.
    Straggler,
    /// A dump breaks off, and is reported as complete.
    BrokenDump,
    /// The same, late enough that the dump has its position.
    BrokenDumpLate,
    /// The backup starts and never completes.
    EndlessDump,
    /// There is no leader.
    Leaderless,
    /// It has started and knows no cluster yet.
    Starting,
    /// It does not respond.
    Silent,
    /// Alerts, failovers and the cluster cannot be read.
    Gaps,
    /// Everything has another structure than expected.
    Nonsense,
    /// The token is sent bare, without JSON around it.
    BareToken,
    /// It redirects to another address.
    Redirects,
}

/// Its state.
pub struct World {
    pub fault: Option<Fault>,
    /// Tokens of an earlier generation are invalid.
    pub generation: u32,
    pub logins: usize,
    pub tries: BTreeMap<String, u32>,
    pub users: BTreeMap<String, String>,
    pub leader: usize,
    states: [&'static str; 3],
    /// Polls until the current operation is complete.
    pending: u32,
    counter: u32,
    crashes: Vec<Value>,
    backups: Vec<Value>,
}

const PORTS: [u16; 3] = [33061, 33062, 33063];

impl Default for World {
    fn default() -> Self {
        let users = [READER, ACTOR].map(|(user, password)| (user.to_owned(), password.to_owned()));
        Self {
            fault: None,
            generation: 0,
            logins: 0,
            tries: BTreeMap::new(),
            users: users.into(),
            leader: 0,
            states: ["Master", "Slave", "Slave"],
            pending: 0,
            counter: 0,
            crashes: Vec::new(),
            backups: Vec::new(),
        }
    }
}

fn url(number: usize) -> String {
    format!("127.0.0.1:{}", PORTS[number])
}

pub fn id(number: usize) -> String {
    format!("db{}", 5_634_189_377_616_731_070_u64 + number as u64)
}

impl World {
    pub fn hosts(&self) -> Vec<Host> {
        PORTS.map(|port| Host { name: "127.0.0.1".into(), port }).into()
    }

    pub fn kill(&mut self, port: u16) {
        let number = PORTS.iter().position(|one| *one == port).unwrap();
        (self.states[number], self.pending) = ("Suspect", 3);
    }

    pub fn revive(&mut self, port: u16) {
        let number = PORTS.iter().position(|one| *one == port).unwrap();
        (self.states[number], self.pending) = ("StandAlone", 2);
    }

    pub fn master_failed(&self) -> bool {
        self.states[self.leader] == "Failed"
    }

    /// Each poll advances the time.
    fn pass(&mut self) {
        if self.pending == 0 {
            return;
        }
        self.pending -= 1;
        for number in 0..3 {
            match (self.states[number], self.pending) {
                ("Suspect", 1) => self.states[number] = "Failed",
                ("Failed", 0) if number == self.leader => {
                    self.counter += 1;
                    let next = (0..3).find(|other| self.states[*other] == "Slave").unwrap();
                    self.hand_over(next, false);
                    self.states[number] = "Failed";
                }
                ("StandAlone", 0) => self.states[number] = "Slave",
                _ => {}
            }
        }
    }

    fn hand_over(&mut self, next: usize, switchover: bool) {
        let crash = json!({
            "URL": url(self.leader), "ElectedMasterURL": url(next), "Switchover": switchover,
            "UnixTimestamp": 1_795_673_000 + self.crashes.len(), "FailoverSemiSyncSlaveStatus": true,
            "FailoverIOGtid": [{"domainId": 1, "serverId": 1, "seqNo": 21}],
        });
        self.crashes.push(crash);
        self.states[self.leader] = "Slave";
        self.states[next] = "Master";
        self.leader = next;
    }

    pub fn switch_over(&mut self, wish: &str) {
        let candidates: Vec<usize> = (0..3).filter(|number| self.states[*number] == "Slave").collect();
        let wished = candidates.iter().copied().find(|number| url(*number) == wish);
        let other = candidates.iter().copied().find(|number| Some(*number) != wished);
        let next = if self.fault == Some(Fault::Contrary) { other } else { wished.or(other) };
        if matches!(self.fault, Some(Fault::DoesNothing | Fault::BreaksOffIdle)) {
            return;
        }
        if let Some(next) = next {
            self.hand_over(next, true);
        }
        if self.fault == Some(Fault::Straggler) {
            let last = (0..3).rev().find(|number| *number != self.leader).unwrap();
            self.states[last] = "SlaveErr";
        }
    }

    pub fn back_up(&mut self, server: &str) {
        let Some(number) = (0..3).find(|number| id(*number) == server) else { return };
        if self.fault == Some(Fault::DoesNothing) {
            return;
        }
        let whole = !matches!(self.fault, Some(Fault::BrokenDump | Fault::EndlessDump));
        self.backups.push(json!({
            "id": 1_795_673_457 + self.backups.len(), "startTime": "2026-11-26T06:10:57.331097777Z",
            "endTime": if whole { "2026-11-26T06:10:57.436077294Z" } else { "0001-01-01T00:00:00Z" },
            "backupTool": "mysqldump", "source": url(number), "size": 588_800, "binLogFileName": "",
            "binLogUuid": if whole { "1-1-12" } else { "" }, "completed": self.fault != Some(Fault::EndlessDump),
            "encryptionKey": "not for the portal",
        }));
    }

    pub fn servers(&mut self) -> Value {
        self.pass();
        (0..3).map(|number| self.server(number)).collect()
    }

    fn server(&self, number: usize) -> Value {
        let state = self.states[number];
        let (up, replica) = (!matches!(state, "Failed" | "Suspect"), state.starts_with("Slave"));
        let error = if state == "SlaveErr" { "Duplicate entry" } else { "" };
        let replication = json!({
            "secondsBehindMaster": {"Int64": 0, "Valid": state == "Slave"},
            "slaveIoRunning": {"String": "Yes", "Valid": true},
            "lastIoError": {"String": "", "Valid": true}, "lastSqlError": {"String": error, "Valid": true},
        });
        json!({
            "id": id(number), "url": url(number), "host": "127.0.0.1", "port": PORTS[number].to_string(),
            // A leader that does not respond is called Master between two polls.
            "state": if state == "Suspect" && number == self.leader { "Master" } else { state },
            "readOnly": if number == self.leader && up { "OFF" } else { "ON" },
            "semiSyncMasterStatus": number == self.leader, "semiSyncSlaveStatus": replica,
            "isMaintenance": false, "unheardOf": {"since": "3.1"}, "ioGtid": null,
            "gtidBinlogPos": [{"domainId": 1, "serverId": 1, "seqNo": 8}],
            "replications": if replica { json!([replication]) } else { json!(null) },
        })
    }

    pub fn master(&self) -> Value {
        if self.fault == Some(Fault::Leaderless) { Value::Null } else { self.server(self.leader) }
    }

    pub fn is_master(&self, server: &str) -> bool {
        server == id(self.leader) && self.states[self.leader] == "Master"
    }

    pub fn cluster(&self) -> Value {
        let backups: serde_json::Map<String, Value> =
            self.backups.iter().map(|backup| (backup["id"].to_string(), backup.clone())).collect();
        json!({
            "name": super::super::CLUSTER, "failoverCounter": self.counter, "activePassiveStatus": "A",
            "stateMachine": {"inFailover": false}, "inLogicalBackup": false, "backupList": backups,
            "failoverHistory": self.crashes,
            "config": {"failoverMode": "automatic", "interactive": false, "failoverLimit": 5,
                "dbServersCredential": "*:*"},
        })
    }

    pub fn logs(&self) -> Value {
        let mut lines = vec!["[portail] [job] INFO  - Continue for writing metadata for backup".to_owned()];
        if self.fault == Some(Fault::BrokenDumpLate) {
            lines.push("[portail] [job] ERROR - mysqldump: exit status 2".into());
        }
        for backup in self.backups.iter().rev() {
            let source = backup["source"].as_str().unwrap();
            lines.push(format!("[portail] [general] INFO  - Request logical backup mysqldump for: {source}"));
            lines.push("[portail] [job] ERROR - mysqldump: exit status 2".into());
        }
        json!(lines)
    }
}
