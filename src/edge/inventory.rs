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

/// A new process gets requests about this long after it is ready.
const READ_INTERVAL: Duration = Duration::from_millis(200);
/// Beyond it the database counts as unavailable, and nothing is removed.
const READ_TIMEOUT: Duration = Duration::from_secs(1);
/// A process without a heartbeat for longer gets no more requests. Several heartbeats long, so that a late one does not
/// count.
const MAX_HEARTBEAT_AGE: Duration = Duration::from_secs(5);

/// A registered process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryProcess {
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

impl InventoryProcess {
    /// Whether Sōzu should send it requests.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.state == ProcessState::Ready && !self.silent
    }
}

/// The last reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Whether the database was ever read.
    pub loaded: bool,
    /// Whether the last reading succeeded.
    pub database_up: bool,
    /// The registered processes.
    pub processes: Vec<InventoryProcess>,
    /// Host names by call.
    pub hosts_by_call: BTreeMap<String, BTreeSet<String>>,
}

/// Reads until the task is dropped, and notifies receivers of changes.
pub async fn watch(store: Store, inventory_sender: watch::Sender<Inventory>) {
    let mut database_up_since: Option<Instant> = None;
    let mut last_pass = Instant::now();
    loop {
        // A gap means that this edge itself was paused.
        if last_pass.elapsed() > MAX_HEARTBEAT_AGE / 2 {
            database_up_since = database_up_since.map(|_| Instant::now());
        }
        last_pass = Instant::now();
        match timeout(READ_TIMEOUT, read(&store)).await {
            Ok(Ok((processes, sites))) => {
                let since = *database_up_since.get_or_insert_with(Instant::now);
                let fresh = inventory(processes, sites, since.elapsed());
                inventory_sender.send_if_modified(|current| replace(current, fresh));
            }
            failed => {
                database_up_since = None;
                let unavailable = Inventory { database_up: false, ..inventory_sender.borrow().clone() };
                if inventory_sender.send_if_modified(|current| replace(current, unavailable)) {
                    let reason = match failed {
                        Ok(Err(error)) => format!("{:#}", anyhow::Error::from(error)),
                        _ => format!("no answer within {} s", READ_TIMEOUT.as_secs()),
                    };
                    tracing::warn!(
                        reason,
                        "the database is unavailable: its last answer stays in force, and nothing is removed"
                    );
                }
            }
        }
        tokio::time::sleep(READ_INTERVAL).await;
    }
}

pub async fn read_once(store: &Store) -> Result<Inventory, StoreError> {
    let (processes, sites) = read(store).await?;
    Ok(inventory(processes, sites, MAX_HEARTBEAT_AGE * 2))
}

fn replace(current: &mut Inventory, fresh: Inventory) -> bool {
    let changed = *current != fresh;
    *current = fresh;
    changed
}

async fn read(store: &Store) -> Result<(Vec<Process>, Vec<site::HostName>), StoreError> {
    let mut db = store.read(Freshness::OwnWrites).await?;
    Ok((process::all(&mut db).await?, site::all(&mut db).await?))
}

fn inventory(processes: Vec<Process>, sites: Vec<site::HostName>, database_up_for: Duration) -> Inventory {
    let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for site in sites {
        hosts.entry(site.call_id).or_default().insert(site.host);
    }
    let processes = processes.into_iter().map(|process| inventory_process(process, database_up_for)).collect();
    Inventory { loaded: true, database_up: true, processes, hosts_by_call: hosts }
}

fn inventory_process(process: Process, database_up_for: Duration) -> InventoryProcess {
    let silence = Duration::from_millis(process.silent_ms).min(database_up_for);
    let registration = process.registration;
    InventoryProcess {
        id: registration.id,
        name: registration.name,
        host: registration.host,
        address: registration.address.parse(),
        build: registration.build,
        state: process.state,
        silent: silence > MAX_HEARTBEAT_AGE,
    }
}

#[cfg(test)]
mod tests {
    use super::inventory_process;
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
        assert!(inventory_process(process(60_000), Duration::from_secs(1)).serves());
        assert!(!inventory_process(process(60_000), Duration::from_secs(60)).serves());
        assert!(inventory_process(process(4_000), Duration::from_secs(60)).serves());
    }
}
