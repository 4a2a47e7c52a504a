//! What is read from answers that a real replication-manager gave (`tests/fixtures/repman`).

use super::{Mode, ServerRole, Topology};
use crate::config::Host;
use serde_json::{Value, json};

fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/repman/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_cluster_in_good_order() {
    let topology = Topology::read(&recorded("servers"), &recorded("master")).unwrap();
    let leader = topology.leading().unwrap();
    assert_eq!((leader.to_string().as_str(), leader.role), ("127.0.0.1:33061", ServerRole::Leader));
    assert_eq!((leader.read_only, leader.semi_sync, leader.lag_seconds), (Some(false), Some(true), None));
    for replica in topology.servers.iter().filter(|one| one.id != leader.id) {
        assert_eq!((replica.role, replica.state.as_str()), (ServerRole::Replica, "Slave"));
        assert_eq!((replica.read_only, replica.semi_sync, replica.lag_seconds), (Some(true), Some(true), Some(0)));
        assert_eq!((replica.gtid.as_deref(), replica.maintenance), (Some("1-1-8"), false));
        assert!(replica.is_candidate() && replica.replication_error.is_none());
    }
    assert!(topology.at(&"127.0.0.1:33063".parse().unwrap()).is_some_and(|one| one.port == 33063));
    assert!(topology.at(&Host { name: "127.0.0.2".into(), port: 33063 }).is_none());
}

#[test]
fn a_cluster_after_a_failover() {
    let mut topology = Topology::read(&recorded("servers-failed"), &recorded("master")).unwrap();
    topology.add_cluster(&recorded("cluster-failed"));
    topology.add_alerts(&recorded("alerts-failed"));
    topology.add_failovers(&recorded("crashes-failed"));
    let away = topology.at(&"127.0.0.1:33062".parse().unwrap()).unwrap();
    assert_eq!((away.role, away.is_candidate()), (ServerRole::Away, false));
    assert_eq!((topology.failover_counter, topology.failover_limit), (Some(1), Some(5)));
    assert_eq!((&topology.mode, topology.active, topology.in_failover), (&Mode::Automatic, Some(true), Some(false)));
    let last = &topology.failovers[0];
    assert_eq!((last.from.as_str(), last.to.as_str(), last.switchover), ("127.0.0.1:33062", "127.0.0.1:33061", false));
    assert_eq!((last.gtid.as_deref(), last.semi_sync), (Some("1-2-21"), Some(true)));
    assert_eq!(topology.failovers.iter().filter(|one| !one.switchover).count(), 1, "told twice, counted once");
    assert!(topology.failovers.iter().any(|one| one.switchover), "the history has what the crashes forget");
    assert!(
        topology.alerts.iter().all(|alert| !alert.error && alert.code.starts_with("WARN") && !alert.text.is_empty())
    );
}

#[test]
fn a_dump_that_broke_off_is_called_complete_and_has_no_position() {
    let mut topology = Topology::read(&recorded("servers"), &Value::Null).unwrap();
    topology.add_cluster(&recorded("cluster-broken-backup"));
    let [backup] = topology.backups.as_slice() else { panic!("{:?}", topology.backups) };
    assert!(backup.complete && backup.position.is_none(), "{backup:?}");
    assert_eq!((backup.source.as_str(), backup.tool.as_str()), ("127.0.0.1:33063", "mysqldump"));
    assert!(backup.started.is_some() && backup.bytes.is_some());
}

#[test]
fn nobody_leads_and_nothing_is_known() {
    let topology = Topology::read(&recorded("servers"), &Value::Null).unwrap();
    assert!(topology.leading().is_none());
    assert_eq!(
        topology.servers.iter().filter(|one| one.role == ServerRole::Standalone).count(),
        1,
        "it calls itself master"
    );
    for odd in [json!(null), json!({}), json!("No cluster"), json!(7)] {
        assert!(Topology::read(&odd, &Value::Null).is_none());
    }
    let mut topology = Topology::read(&json!([{}, null, 3, {"state": 7, "port": "x"}]), &json!([])).unwrap();
    for odd in [json!(null), json!([]), json!({"config": 1, "backupList": [1], "stateMachine": []}), json!("x")] {
        topology.add_cluster(&odd);
        topology.add_alerts(&odd);
        topology.add_failovers(&odd);
    }
    assert_eq!((topology.servers.len(), &topology.mode, topology.failovers.len()), (2, &Mode::Unknown, 0));
    assert!(topology.servers.iter().all(|one| one.role == ServerRole::Other && one.read_only.is_none()));
}

#[test]
fn every_word_for_a_state_has_its_role() {
    let role = |state: &str, leads: bool| {
        let servers = json!([{"id": "a", "state": state, "isMaintenance": state == "Maintenance"}]);
        let leader = if leads { json!({"id": "a"}) } else { Value::Null };
        Topology::read(&servers, &leader).unwrap().servers[0].role
    };
    for (state, leads, expected) in [
        ("Master", true, ServerRole::Leader),
        ("MasterAlone", true, ServerRole::Leader),
        ("Suspect", true, ServerRole::Away),
        ("Failed", true, ServerRole::Away),
        ("ErrorAuth", false, ServerRole::Away),
        ("Slave", false, ServerRole::Replica),
        ("SlaveLate", false, ServerRole::Replica),
        ("SlaveErr", false, ServerRole::Broken),
        ("StandAlone", false, ServerRole::Standalone),
        ("Maintenance", false, ServerRole::Maintenance),
        ("Provision", false, ServerRole::Other),
        ("WsrepDonor", false, ServerRole::Other),
    ] {
        assert_eq!(role(state, leads), expected, "{state}");
    }
}
