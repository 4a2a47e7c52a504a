//! Which edge gives orders to a Sōzu: the holder of a lease in the database, whose epoch grows with every holder.
//!
//! The lease is checked right before every order, so that an edge that was paused past its lease sends none. Without
//! the database no other edge can take the lease, so the last holder continues. If only this holder was cut off, the
//! higher epoch in Sōzu fences it off (see [`crate::edge::plan::PlanError`]).

use crate::{
    edge::report::Role,
    store::{Store, edge},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

const LEASE_SECONDS: u32 = 10;
/// This edge stops to rely on its lease so long before it expires in the database.
const LEASE_MARGIN: Duration = Duration::from_secs(1);
/// Time between two renewals. A failure older than that does not prove that the database is down now.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(2);
/// The same until the first answer.
const FIRST_ANSWER_INTERVAL: Duration = Duration::from_millis(200);
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(1);

/// What is known of the lease.
#[derive(Debug, Default)]
struct State {
    role: Role,
    /// When the lease ends, by the last renewal.
    valid_until: Option<Instant>,
    /// When a renewal last failed, unless one has succeeded since.
    failed_at: Option<Instant>,
}

/// The lease on one Sōzu; cheap to clone.
#[derive(Clone, Debug)]
pub struct Lease {
    state: Arc<Mutex<State>>,
    edge: Arc<str>,
    holder: Uuid,
    ops_address: Arc<str>,
    roles: Arc<watch::Sender<Role>>,
}

impl Lease {
    /// A lease without holder yet.
    #[must_use]
    pub fn new(edge: &str, holder: Uuid, ops_address: &str) -> Self {
        Self {
            state: Arc::default(),
            edge: edge.into(),
            holder,
            ops_address: ops_address.into(),
            roles: Arc::new(watch::Sender::new(Role::Unknown)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an order may be given now.
    #[must_use]
    pub fn may_order(&self) -> bool {
        is_valid(&self.state(), Instant::now())
    }

    /// Whether this edge gives the orders.
    pub fn role(&self) -> Role {
        self.state().role.clone()
    }

    /// Notifies of changes of role.
    #[must_use]
    pub fn roles(&self) -> watch::Receiver<Role> {
        self.roles.subscribe()
    }

    /// Takes and renews the lease until the task is dropped.
    pub async fn run(self, store: Store) {
        loop {
            self.renew(&store).await;
            // The schema may not have been created yet.
            let known = self.role() != Role::Unknown;
            tokio::time::sleep(if known { RENEWAL_INTERVAL } else { FIRST_ANSWER_INTERVAL }).await;
        }
    }

    async fn renew(&self, store: &Store) {
        let asked = Instant::now();
        let answer = timeout(RENEWAL_TIMEOUT, self.ask(store)).await;
        let mut state = self.state();
        let Ok(Ok(lease)) = answer else {
            if state.failed_at.is_none() {
                tracing::warn!("the lease cannot be renewed: the database does not answer");
            }
            state.failed_at = Some(Instant::now());
            return;
        };
        state.failed_at = None;
        let role = if lease.holder == self.holder {
            state.valid_until = Some(asked + Duration::from_secs(LEASE_SECONDS.into()) - LEASE_MARGIN);
            Role::Leader { epoch: lease.epoch }
        } else {
            state.valid_until = None;
            Role::Observer { epoch: lease.epoch, leader: lease.ops_address }
        };
        if state.role != role {
            match &role {
                Role::Leader { epoch } => tracing::info!(epoch, "this edge gives the orders"),
                _ => tracing::warn!("another edge gives the orders; this one only observes"),
            }
            state.role = role.clone();
            self.roles.send_replace(role);
        }
    }

    async fn ask(&self, store: &Store) -> Result<edge::Lease, crate::store::StoreError> {
        let mut tx = store.begin().await?;
        let lease = edge::lease(&mut tx, &self.edge, self.holder, &self.ops_address, LEASE_SECONDS).await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// Releases it, so that the next holder does not wait.
    pub async fn release(&self, store: &Store) {
        let give = async {
            let mut db = store.begin().await?;
            edge::release(&mut db, &self.edge, self.holder).await?;
            db.commit().await
        };
        // Without the database it expires by itself.
        timeout(RENEWAL_TIMEOUT, give).await.ok();
    }
}

fn is_valid(state: &State, now: Instant) -> bool {
    let leads = matches!(state.role, Role::Leader { .. });
    let promised = state.valid_until.is_some_and(|end| now < end);
    let alone =
        state.failed_at.is_some_and(|at| now.saturating_duration_since(at) < RENEWAL_INTERVAL + RENEWAL_TIMEOUT * 2);
    leads && (promised || alone)
}

#[cfg(test)]
mod tests {
    use super::{State, is_valid};
    use crate::edge::report::Role;
    use std::time::{Duration, Instant};

    #[test]
    fn an_edge_that_was_paused_past_its_lease_gives_no_order() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let leader = |valid_until, failed_at| State { role: Role::Leader { epoch: 3 }, valid_until, failed_at };
        assert!(is_valid(&leader(Some(now + second), None), now));
        assert!(!is_valid(&leader(Some(now), None), now + second), "it woke up late");
        assert!(is_valid(&leader(Some(now), Some(now)), now + second), "nobody can take over without the database");
        assert!(
            !is_valid(&leader(Some(now), Some(now)), now + 60 * second),
            "it was paused while the database was away"
        );
        let observer =
            State { role: Role::Observer { epoch: 4, leader: String::new() }, valid_until: None, failed_at: Some(now) };
        assert!(!is_valid(&observer, now));
    }
}
