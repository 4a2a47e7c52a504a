//! What the database lists: the portal's processes, and the host names of calls.
//!
//! A task reads it several times a second. While the database is unavailable, the last reading stays in force. For a
//! while after its return no process counts as silent, because no heartbeat could be written.

use crate::{
    config::Listen,
    store::{
        Freshness, Store, StoreError,
        process::{self, Process, ProcessState},
        site,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};

const READ_INTERVAL: Duration = Duration::from_millis(200);
const READ_TIMEOUT: Duration = Duration::from_secs(1);
/// A process without a heartbeat for longer gets no more requests.
const MAX_SILENCE: Duration = Duration::from_secs(5);

/// A registered process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Id, unique for each start.
    pub id: uuid::Uuid,
    /// Name, kept over restarts.
    pub name: String,
    /// Machine.
    pub host: String,
    /// Where it takes requests.
    pub address: Result<Listen, String>,
    /// Version of the program.
    pub build: String,
    /// Its state, by its own account.
    pub state: ProcessState,
    /// Whether its last heartbeat is too old.
    pub silent: bool,
}

impl Member {
    /// Whether Sōzu should send it requests.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.state == ProcessState::Ready && !self.silent
    }
}

/// The last reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Whether the database was ever read.
    pub loaded: bool,
    /// Whether the last reading succeeded.
    pub database_up: bool,
    /// The processes.
    pub members: Vec<Member>,
    /// Hosts by call.
    pub sites: BTreeMap<String, BTreeSet<String>>,
}

/// Reads until the task is dropped, and notifies receivers of changes.
pub async fn watch(store: Store, memberships: watch::Sender<Membership>) {
    let mut answering: Option<Instant> = None;
    let mut before = Instant::now();
    loop {
        // A gap means that this edge itself was paused.
        if before.elapsed() > MAX_SILENCE / 2 {
            answering = answering.map(|_| Instant::now());
        }
        before = Instant::now();
        match timeout(READ_TIMEOUT, read(&store)).await {
            Ok(Ok((processes, sites))) => {
                let since = *answering.get_or_insert_with(Instant::now);
                let fresh = membership(processes, sites, since.elapsed());
                memberships.send_if_modified(|current| replace(current, fresh));
            }
            failed => {
                answering = None;
                let unavailable = Membership { database_up: false, ..memberships.borrow().clone() };
                if memberships.send_if_modified(|current| replace(current, unavailable)) {
                    let reason = match failed {
                        Ok(Err(error)) => format!("{:#}", anyhow::Error::from(error)),
                        _ => format!("no answer within {} s", READ_TIMEOUT.as_secs()),
                    };
                    tracing::warn!(
                        reason,
                        "the database is away: its last answer stays in force, and nothing is removed"
                    );
                }
            }
        }
        tokio::time::sleep(READ_INTERVAL).await;
    }
}

/// Reads once.
///
/// # Errors
/// When the database fails.
pub async fn read_once(store: &Store) -> Result<Membership, StoreError> {
    let (processes, sites) = read(store).await?;
    Ok(membership(processes, sites, MAX_SILENCE * 2))
}

fn replace(current: &mut Membership, fresh: Membership) -> bool {
    let changed = *current != fresh;
    *current = fresh;
    changed
}

async fn read(store: &Store) -> Result<(Vec<Process>, Vec<site::HostName>), StoreError> {
    let mut db = store.read(Freshness::OwnWrites).await?;
    Ok((process::all(&mut db).await?, site::all(&mut db).await?))
}

fn membership(processes: Vec<Process>, sites: Vec<site::HostName>, answering: Duration) -> Membership {
    let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for site in sites {
        hosts.entry(site.call_id).or_default().insert(site.host);
    }
    let members = processes.into_iter().map(|process| member(process, answering)).collect();
    Membership { loaded: true, database_up: true, members, sites: hosts }
}

fn member(process: Process, answering: Duration) -> Member {
    let silence = Duration::from_millis(process.silent_ms).min(answering);
    let registration = process.registration;
    Member {
        id: registration.id,
        name: registration.name,
        host: registration.host,
        address: registration.address.parse(),
        build: registration.build,
        state: process.state,
        silent: silence > MAX_SILENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::member;
    use crate::store::process::{Process, ProcessRegistration, ProcessState};
    use std::time::Duration;

    #[test]
    fn nobody_has_fallen_silent_just_after_the_database_has_come_back() {
        let registration = ProcessRegistration {
            id: uuid::Uuid::nil(),
            name: "serve-1".into(),
            host: "here".into(),
            address: "127.0.0.1:1".into(),
            ops_address: "127.0.0.1:2".into(),
            build: "0".into(),
        };
        let process = |silent_ms| Process { registration: registration.clone(), state: ProcessState::Ready, silent_ms };
        assert!(member(process(60_000), Duration::from_secs(1)).serves());
        assert!(!member(process(60_000), Duration::from_secs(60)).serves());
        assert!(member(process(4_000), Duration::from_secs(60)).serves());
    }
}
