//! Which edge is the active controller of a Sōzu: the holder of a lease in the database, whose epoch grows with every
//! holder.
//!
//! The lease is checked right before every command, so that an edge that was paused past its lease sends none. Without
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

/// Five renewals: one that is late or lost does not change the holder, and another edge takes over soon enough.
const LEASE_SECONDS: u32 = 10;
/// How long before expiry in the database this edge stops relying on its lease.
const LEASE_MARGIN: Duration = Duration::from_secs(1);
/// Time between two renewals. A failure older than that does not prove that the database is down now.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(2);
/// Time between two attempts until the database has answered once.
const FIRST_ANSWER_INTERVAL: Duration = Duration::from_millis(200);
/// Well below the lease, so that a slow database leaves time for further attempts.
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
    /// The Sōzu; several edges may compete for it.
    sozu_name: Arc<str>,
    holder: Uuid,
    ops_address: Arc<str>,
    roles: Arc<watch::Sender<Role>>,
}

impl Lease {
    /// A lease without holder yet.
    #[must_use]
    pub fn new(sozu_name: &str, holder: Uuid, ops_address: &str) -> Self {
        Self {
            state: Arc::default(),
            sozu_name: sozu_name.into(),
            holder,
            ops_address: ops_address.into(),
            roles: Arc::new(watch::Sender::new(Role::Unknown)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a command may be sent now.
    #[must_use]
    pub fn may_command(&self) -> bool {
        is_valid(&self.state(), Instant::now())
    }

    /// Whether this edge is the active controller.
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
        let requested_at = Instant::now();
        let answer = timeout(RENEWAL_TIMEOUT, self.acquire_or_renew(store)).await;
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
            state.valid_until = Some(requested_at + Duration::from_secs(LEASE_SECONDS.into()) - LEASE_MARGIN);
            Role::Leader { epoch: lease.epoch }
        } else {
            state.valid_until = None;
            Role::Observer { epoch: lease.epoch, leader: lease.ops_address }
        };
        if state.role != role {
            match &role {
                Role::Leader { epoch } => tracing::info!(epoch, "this edge is the active controller"),
                _ => tracing::warn!("another edge is the active controller; this one only observes"),
            }
            state.role = role.clone();
            self.roles.send_replace(role);
        }
    }

    async fn acquire_or_renew(&self, store: &Store) -> Result<edge::LeaseRow, crate::store::StoreError> {
        let mut tx = store.begin().await?;
        let lease =
            edge::acquire_or_renew(&mut tx, &self.sozu_name, self.holder, &self.ops_address, LEASE_SECONDS).await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// Releases it, so that the next holder does not wait.
    pub async fn release(&self, store: &Store) {
        let give = async {
            let mut db = store.begin().await?;
            edge::release(&mut db, &self.sozu_name, self.holder).await?;
            db.commit().await
        };
        // Without the database it expires by itself.
        timeout(RENEWAL_TIMEOUT, give).await.ok();
    }
}

fn is_valid(state: &State, now: Instant) -> bool {
    let leads = matches!(state.role, Role::Leader { .. });
    let unexpired = state.valid_until.is_some_and(|end| now < end);
    // Then no other edge can have taken it either.
    let database_unreachable =
        state.failed_at.is_some_and(|at| now.saturating_duration_since(at) < RENEWAL_INTERVAL + RENEWAL_TIMEOUT * 2);
    leads && (unexpired || database_unreachable)
}

#[cfg(test)]
mod tests {
    use super::{State, is_valid};
    use crate::edge::report::Role;
    use std::time::{Duration, Instant};

    #[test]
    fn an_edge_that_was_paused_past_its_lease_sends_no_command() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let leader = |valid_until, failed_at| State { role: Role::Leader { epoch: 3 }, valid_until, failed_at };
        assert!(is_valid(&leader(Some(now + second), None), now));
        assert!(!is_valid(&leader(Some(now), None), now + second), "it woke up late");
        assert!(is_valid(&leader(Some(now), Some(now)), now + second), "nobody can take over without the database");
        assert!(
            !is_valid(&leader(Some(now), Some(now)), now + 60 * second),
            "it was paused while the database was unavailable"
        );
        let observer =
            State { role: Role::Observer { epoch: 4, leader: String::new() }, valid_until: None, failed_at: Some(now) };
        assert!(!is_valid(&observer, now));
    }
}
