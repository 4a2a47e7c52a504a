//! What holds with either.

use crate::harness::{installation::wait_for_async, repman::Subject};
use guichet::testing::{
    adapters::repman::{Mode, Repman, RepmanError, Server, ServerRole, Topology, Verified, Why},
    config::Host,
};
use std::time::{Duration, Instant};

/// Longest time for anything; a failover takes a quarter of a minute.
const LONGEST: Duration = Duration::from_secs(90);

pub async fn run(mut subject: Subject) {
    let client = subject.client();
    let first = in_order(&subject, &client).await;
    refused(&subject, &client, &first).await;
    let second = switchover(&subject, &client, &first).await;
    backup(&subject, &client, &first).await;
    restart(&mut subject, &client).await;
    failover(&mut subject, &client, &second).await;
}

/// Looks until the cluster is as it should be, and says how long that took.
pub async fn until(client: &Repman, what: &str, condition: impl Fn(&Topology) -> bool) -> Topology {
    let began = Instant::now();
    loop {
        let seen = client.topology().await;
        if let Ok(topology) = &seen
            && condition(topology)
        {
            eprintln!("{what}: {:.1} s", began.elapsed().as_secs_f64());
            return seen.unwrap();
        }
        assert!(began.elapsed() < LONGEST, "waited in vain for {what}: {seen:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn address(server: &Server) -> Host {
    Host { name: server.host.clone(), port: server.port }
}

pub fn healthy(topology: &Topology) -> bool {
    let replicas = topology.servers.iter().filter(|one| one.role == ServerRole::Replica).count();
    topology.leading().is_some_and(|leader| leader.role == ServerRole::Leader) && replicas == 2
}

async fn in_order(subject: &Subject, client: &Repman) -> Host {
    let topology = until(client, "a cluster in good order", healthy).await;
    // The errors of its first seconds, when it has seen no server yet, go with its second look.
    wait_for_async("no errors", async || {
        let health = client.alive().await.unwrap();
        health.running && health.errors == Some(false)
    })
    .await;
    let addresses: Vec<Host> = topology.servers.iter().map(address).collect();
    assert_eq!(addresses, subject.hosts());
    let leader = topology.leading().unwrap();
    assert_eq!((leader.read_only, leader.semi_sync), (Some(false), Some(true)), "{leader:?}");
    assert!(client.is_leader(&leader.id).await.unwrap());
    for replica in topology.servers.iter().filter(|one| one.id != leader.id) {
        assert_eq!((replica.read_only, replica.semi_sync), (Some(true), Some(true)), "{replica:?}");
        assert!(replica.lag_seconds.is_some() && replica.gtid.is_some(), "{replica:?}");
        assert!(!client.is_leader(&replica.id).await.unwrap());
    }
    assert!(topology.unread.is_empty() && topology.failovers.is_empty(), "{topology:?}");
    assert_eq!((&topology.mode, topology.active), (&Mode::Automatic, Some(true)));
    assert_eq!((topology.failover_counter, topology.failover_limit), (Some(0), Some(5)));
    address(leader)
}

/// Orders that are never sent, or that the user may not give.
async fn refused(subject: &Subject, client: &Repman, leader: &Host) {
    let stranger = "127.0.0.1:9".parse().unwrap();
    assert!(matches!(client.switchover(Some(&stranger)).await, Err(RepmanError::UnknownServer(_))));
    assert!(matches!(client.backup(&stranger, LONGEST).await, Err(RepmanError::UnknownServer(_))));
    assert_eq!(client.switchover(Some(leader)).await.unwrap(), Verified::Nothing(Why::LeadsAlready));

    let mut config = subject.config().clone();
    (config.actions_user, config.actions_password_file) = (None, None);
    let reader = Repman::new(&config).unwrap();
    assert!(!reader.can_act() && matches!(reader.switchover(None).await, Err(RepmanError::ReadOnly)));
    // The reader as the one who orders: it knows its password and lacks the grants.
    config.actions_user = Some(std::mem::replace(&mut config.user, subject.config().actions_user.clone().unwrap()));
    config.actions_password_file = Some(config.password_file.clone());
    config.password_file = subject.config().actions_password_file.clone().unwrap();
    let powerless = Repman::new(&config).unwrap();
    assert!(matches!(powerless.switchover(None).await, Err(RepmanError::Forbidden { .. })));

    config.cluster = "ailleurs".into();
    let elsewhere = Repman::new(&config).unwrap();
    assert!(matches!(elsewhere.topology().await, Err(RepmanError::UnknownCluster)));
    assert_eq!(elsewhere.alive().await.unwrap().errors, None);
}

async fn switchover(subject: &Subject, client: &Repman, first: &Host) -> Host {
    let wish = subject.hosts().into_iter().rfind(|host| host != first).unwrap();
    let Verified::Done(handover) = client.switchover(Some(&wish)).await.unwrap() else { panic!("not done") };
    eprintln!("switchover: {:.1} s", handover.took.as_secs_f64());
    assert_eq!((&handover.from, &handover.to, handover.as_wished), (first, &wish, true), "{handover:?}");
    assert!(handover.stragglers.is_empty(), "{handover:?}");
    let topology = until(client, "the new order", healthy).await;
    let leader = topology.leading().unwrap();
    assert_eq!((address(leader), leader.semi_sync), (wish.clone(), Some(true)), "it waits for confirmations");
    let last = &topology.failovers[0];
    assert!(last.switchover && last.to == wish.to_string() && last.from == first.to_string(), "{last:?}");
    assert_eq!(topology.failover_counter, Some(0), "a switchover is no failover");
    wish
}

async fn backup(subject: &Subject, client: &Repman, of: &Host) {
    let done = client.backup(of, LONGEST).await.unwrap();
    let Verified::Done(backup) = done else { panic!("{done:?}") };
    assert!(backup.complete && backup.position.is_some() && backup.source == of.to_string(), "{backup:?}");
    assert!(backup.ended >= backup.started && backup.bytes.is_some_and(|bytes| bytes > 1000), "{backup:?}");
    let listed = subject.client().topology().await.unwrap().backups;
    assert!(listed.iter().any(|one| one.id == backup.id), "{listed:?}");
}

/// It restarts, and no token of before is good any more.
async fn restart(subject: &mut Subject, client: &Repman) {
    subject.restart().await;
    until(client, "replication-manager after its restart", healthy).await;
}

async fn failover(subject: &mut Subject, client: &Repman, leader: &Host) {
    subject.kill(leader);
    let topology = until(client, "automatic failover after kill -9", |now| {
        let new = now.leading().filter(|new| address(new) != *leader && new.role == ServerRole::Leader);
        // The parts of a look are not of one instant.
        new.is_some_and(|new| new.read_only == Some(false))
            && now.in_failover != Some(true)
            && now.failover_counter == Some(1)
            && now.failovers.first().is_some_and(|last| !last.switchover)
    })
    .await;
    assert_eq!(topology.at(leader).unwrap().role, ServerRole::Away);
    let new = topology.leading().unwrap();
    assert!(client.is_leader(&new.id).await.unwrap(), "{new:?}");
    let last = &topology.failovers[0];
    assert!(last.from == leader.to_string() && last.to == new.to_string(), "{last:?}");
    until(client, "confirmations by the other replica", |now| {
        now.leading().is_some_and(|leader| leader.semi_sync == Some(true))
    })
    .await;

    subject.revive(leader).await;
    let topology = until(client, "rejoin of the old leader", healthy).await;
    let back = topology.at(leader).unwrap();
    assert_eq!((back.role, back.read_only, &back.replication_error), (ServerRole::Replica, Some(true), &None));
    assert!(!topology.failovers[0].switchover, "the failover is remembered after the rejoin");
}
