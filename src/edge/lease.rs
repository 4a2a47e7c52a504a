//! Who gives the orders to a Sōzu: one edge at a time, by a lease in the database that carries a growing epoch.
//!
//! The gate is asked right before every order, so that an edge that was paused past its lease sends none. Without the
//! database nobody can take the lease over, so its last holder goes on; the epoch that stands in Sōzu itself stops it
//! if it was only cut off (see [`crate::edge::plan::PlanError`]).

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

/// How long a lease holds, seconds.
const LEASE_SECONDS: u32 = 10;
/// Time between the end of our trust in a lease and its end in the database.
const LEASE_MARGIN: Duration = Duration::from_secs(1);
/// Pause between two renewals; also how fresh a failure must be to speak for an absent database.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(2);
/// The same before the first answer.
const FIRST_ANSWER_INTERVAL: Duration = Duration::from_millis(200);
/// Longest time that a renewal may take.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(1);

/// What is known of the lease.
#[derive(Debug, Default)]
struct State {
    role: Role,
    /// Until when a renewal promised it.
    until: Option<Instant>,
    /// When the database was last found away, unless it has answered since.
    away: Option<Instant>,
}

/// A hold on the lease of one Sōzu; cheap to clone.
#[derive(Clone, Debug)]
pub struct Lease {
    state: Arc<Mutex<State>>,
    edge: Arc<str>,
    holder: Uuid,
    ops_address: Arc<str>,
    roles: Arc<watch::Sender<Role>>,
}

impl Lease {
    /// Nobody's yet.
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

    /// Whether an order may be given at this instant.
    #[must_use]
    pub fn may_order(&self) -> bool {
        is_valid(&self.state(), Instant::now())
    }

    /// Who gives the orders.
    #[must_use]
    pub fn role(&self) -> Role {
        self.state().role.clone()
    }

    /// Tells of changes of role.
    #[must_use]
    pub fn roles(&self) -> watch::Receiver<Role> {
        self.roles.subscribe()
    }

    /// Takes and renews the lease for ever.
    pub async fn run(self, store: Store) {
        loop {
            self.renew(&store).await;
            // The schema may still be on its way.
            let known = self.role() != Role::Unknown;
            tokio::time::sleep(if known { RENEWAL_INTERVAL } else { FIRST_ANSWER_INTERVAL }).await;
        }
    }

    async fn renew(&self, store: &Store) {
        let asked = Instant::now();
        let answer = timeout(RENEWAL_TIMEOUT, self.ask(store)).await;
        let mut state = self.state();
        let Ok(Ok(lease)) = answer else {
            if state.away.is_none() {
                tracing::warn!("the lease cannot be renewed: the database does not answer");
            }
            state.away = Some(Instant::now());
            return;
        };
        state.away = None;
        let role = if lease.holder == self.holder {
            state.until = Some(asked + Duration::from_secs(LEASE_SECONDS.into()) - LEASE_MARGIN);
            Role::Leader { epoch: lease.epoch }
        } else {
            state.until = None;
            Role::Observer { epoch: lease.epoch, leader: lease.ops_address }
        };
        if state.role != role {
            match &role {
                Role::Leader { epoch } => tracing::info!(epoch, "this edge gives the orders"),
                _ => tracing::warn!("another edge gives the orders; this one only looks"),
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

    /// Gives it back, so that nobody has to wait.
    pub async fn release(&self, store: &Store) {
        let give = async {
            let mut db = store.begin().await?;
            edge::release(&mut db, &self.edge, self.holder).await?;
            db.commit().await
        };
        // Without the database it ends by itself.
        timeout(RENEWAL_TIMEOUT, give).await.ok();
    }
}

fn is_valid(state: &State, now: Instant) -> bool {
    let leads = matches!(state.role, Role::Leader { .. });
    let promised = state.until.is_some_and(|until| now < until);
    let alone =
        state.away.is_some_and(|away| now.saturating_duration_since(away) < RENEWAL_INTERVAL + RENEWAL_TIMEOUT * 2);
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
        let leader = |until, away| State { role: Role::Leader { epoch: 3 }, until, away };
        assert!(is_valid(&leader(Some(now + second), None), now));
        assert!(!is_valid(&leader(Some(now), None), now + second), "it woke up late");
        assert!(is_valid(&leader(Some(now), Some(now)), now + second), "nobody can take over without the database");
        assert!(
            !is_valid(&leader(Some(now), Some(now)), now + 60 * second),
            "it was paused while the database was away"
        );
        let observer = State { role: Role::Observer { epoch: 4, leader: String::new() }, until: None, away: Some(now) };
        assert!(!is_valid(&observer, now));
    }
}
