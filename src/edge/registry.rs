//! What the database says should be served: the portal's processes, and the host names of calls.
//!
//! Read several times a second by a task of its own. While the database is away, what it said last stands, and for a
//! while after its return nobody is held to have fallen silent, since nobody could say a word.

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

/// Pause between two readings.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest time that a reading may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// A process that has not been heard of for so long gets no more requests.
const SILENCE: Duration = Duration::from_secs(5);

/// A registered process, with what the edge makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
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
    /// How far it is.
    pub state: ProcessState,
    /// Whether it has fallen silent.
    pub silent: bool,
}

impl Known {
    /// Whether requests should go to it.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.state == ProcessState::Ready && !self.silent
    }
}

/// The last reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether it was ever read.
    pub read: bool,
    /// Whether the database answered the last time.
    pub answers: bool,
    /// The processes.
    pub processes: Vec<Known>,
    /// Hosts by call.
    pub sites: BTreeMap<String, BTreeSet<String>>,
}

/// Reads for ever; a change wakes whoever watches.
pub async fn watch(store: Store, snapshots: watch::Sender<Snapshot>) {
    let mut answering: Option<Instant> = None;
    let mut before = Instant::now();
    loop {
        // A gap means that this very process was paused.
        if before.elapsed() > SILENCE / 2 {
            answering = answering.map(|_| Instant::now());
        }
        before = Instant::now();
        match timeout(PATIENCE, read(&store)).await {
            Ok(Ok((processes, sites))) => {
                let since = *answering.get_or_insert_with(Instant::now);
                let fresh = snapshot(processes, sites, since.elapsed());
                snapshots.send_if_modified(|known| replace(known, fresh));
            }
            failed => {
                answering = None;
                let gone = Snapshot { answers: false, ..snapshots.borrow().clone() };
                if snapshots.send_if_modified(|known| replace(known, gone)) {
                    let reason = match failed {
                        Ok(Err(error)) => format!("{:#}", anyhow::Error::from(error)),
                        _ => format!("no answer within {} s", PATIENCE.as_secs()),
                    };
                    tracing::warn!(reason, "the database is away: what it said last stands, and nothing is removed");
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One reading, for whoever only wants to know what stands now.
///
/// # Errors
/// When the database fails.
pub async fn once(store: &Store) -> Result<Snapshot, StoreError> {
    let (processes, sites) = read(store).await?;
    Ok(snapshot(processes, sites, SILENCE * 2))
}

fn replace(known: &mut Snapshot, fresh: Snapshot) -> bool {
    let changed = *known != fresh;
    *known = fresh;
    changed
}

async fn read(store: &Store) -> Result<(Vec<Process>, Vec<site::HostName>), StoreError> {
    let mut db = store.read(Freshness::OwnWrites).await?;
    Ok((process::all(&mut db).await?, site::all(&mut db).await?))
}

fn snapshot(processes: Vec<Process>, sites: Vec<site::HostName>, answering: Duration) -> Snapshot {
    let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for site in sites {
        hosts.entry(site.call_id).or_default().insert(site.host);
    }
    let known = processes.into_iter().map(|process| known(process, answering)).collect();
    Snapshot { read: true, answers: true, processes: known, sites: hosts }
}

fn known(process: Process, answering: Duration) -> Known {
    let silence = Duration::from_millis(process.silent_ms).min(answering);
    let said = process.registration;
    Known {
        id: said.id,
        name: said.name,
        host: said.host,
        address: said.address.parse(),
        build: said.build,
        state: process.state,
        silent: silence > SILENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::known;
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
            attachments: None,
        };
        let process = |silent_ms| Process { registration: registration.clone(), state: ProcessState::Ready, silent_ms };
        assert!(known(process(60_000), Duration::from_secs(1)).serves());
        assert!(!known(process(60_000), Duration::from_secs(60)).serves());
        assert!(known(process(4_000), Duration::from_secs(60)).serves());
    }
}
