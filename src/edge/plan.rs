//! The commands that bring Sōzu from one state to another without losing a request.
//!
//! Sōzu's own difference of two states leads to the right state, but through gaps: it removes a certificate before it
//! adds the next, and unbinds a listener to change one timeout. So the commands are chosen and sequenced here. The
//! tests compare the resulting state by Sōzu's own difference.

mod certificates;
mod listeners;
mod routes;
mod step;
#[cfg(test)]
mod tests;

use crate::edge::{
    object::ObjectRef,
    render::{LISTENER_STICKY_NAME, OBJECT_PREFIX, epoch_of},
};
use certificates::plan_certificates;
use routes::{Routes, plan_routes};
use sozu_command_lib::{
    proto::command::{RemoveBackend, request::RequestType},
    response::{Backend, HttpFrontend},
    state::{ClusterId, ConfigState},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};
pub use step::{Phase, Step, StepKind};

/// What a plan may do without the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyLimits {
    /// Share of our routes that may be removed at once, percent.
    pub max_removal_percent: u8,
}

/// Most installations have no more routes than this, so any share of them may be removed.
const ALWAYS_REMOVABLE_ROUTES: usize = 5;

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(
        "Sōzu follows a later edge (epoch {theirs}, ours is {ours}): this one sends no commands. If there is no later edge, \
         since the database was restored, say `sozu cluster remove --id guichet-epoch-{theirs}`"
    )]
    Fenced {
        /// Our epoch.
        ours: u64,
        /// The epoch found in Sōzu.
        theirs: u64,
    },
}

impl Phase {
    /// Whether the phase removes something: such phases come after all that add.
    #[must_use]
    pub fn removes(self) -> bool {
        self >= Self::RemoveFrontend
    }
}

/// The desired state as far as the safety limits allow. A cluster that would lose its last process keeps those it has,
/// because a silent process serves better than none. A desired host keeps its HTTPS route while its certificate cannot
/// be read, because Sōzu still has the certificate.
#[must_use]
pub fn reachable_state<'a>(
    actual: &ConfigState,
    desired: &'a ConfigState,
    safety_limits: &SafetyLimits,
) -> Cow<'a, ConfigState> {
    let mut state = Cow::Borrowed(desired);
    for id in desired.clusters.keys() {
        let wanted = desired.backends.get(id).is_some_and(|backends| !backends.is_empty());
        if let (false, Some(kept)) = (wanted, actual.backends.get(id)) {
            state.to_mut().backends.insert(id.clone(), kept.clone());
        }
    }
    let all = mass_removal(actual, desired, safety_limits).is_some();
    let hosts = hosts(desired);
    let stays = |frontend: &HttpFrontend, listens: bool| {
        let routed = frontend.cluster_id.as_ref().is_some_and(|id| owned(id) && desired.clusters.contains_key(id));
        routed && (all || listens && hosts.contains(frontend.hostname.as_str()))
    };
    for (key, frontend) in &actual.http_fronts {
        if !desired.http_fronts.contains_key(key) && stays(frontend, false) {
            state.to_mut().http_fronts.insert(key.clone(), frontend.clone());
        }
    }
    for (key, frontend) in &actual.https_fronts {
        if !desired.https_fronts.contains_key(key) && stays(frontend, listens(desired, frontend.address)) {
            state.to_mut().https_fronts.insert(key.clone(), frontend.clone());
        }
    }
    state
}

/// The hosts that a state routes. Each has an HTTP route, with or without a certificate.
fn hosts(state: &ConfigState) -> BTreeSet<&str> {
    state.http_fronts.values().map(|frontend| frontend.hostname.as_str()).collect()
}

/// Whether a state has an HTTPS listener on an address.
fn listens(state: &ConfigState, address: SocketAddr) -> bool {
    state.https_listeners.values().any(|listener| SocketAddr::from(listener.address) == address)
}

/// The number of routes that would be removed, and of all routes, when the safety limits do not allow it.
fn mass_removal(actual: &ConfigState, desired: &ConfigState, safety_limits: &SafetyLimits) -> Option<(usize, usize)> {
    let routes = actual.https_fronts.iter();
    let ours = routes.filter(|(_, frontend)| {
        frontend.cluster_id.as_deref().is_some_and(owned) && listens(desired, frontend.address)
    });
    let (mut all, mut going) = (0_usize, 0_usize);
    let wanted = hosts(desired);
    for (key, frontend) in ours {
        all += 1;
        // A host that is still desired is not removed: its certificate cannot be read now.
        going += usize::from(!desired.https_fronts.contains_key(key) && !wanted.contains(frontend.hostname.as_str()));
    }
    let percent = usize::from(safety_limits.max_removal_percent);
    let exceeded = going > 0 && percent == 0 || going > ALWAYS_REMOVABLE_ROUTES && going * 100 > all * percent;
    exceeded.then_some((going, all))
}

/// The steps from one state to another, in order. The same states give the same steps.
pub fn plan(actual: &ConfigState, desired: &ConfigState, safety_limits: &SafetyLimits) -> Result<Vec<Step>, PlanError> {
    let (ours, theirs) = (epoch_of(desired), epoch_of(actual));
    if theirs > ours {
        return Err(PlanError::Fenced { ours, theirs });
    }
    let mut steps = Vec::new();
    if let Some((going, all)) = mass_removal(actual, desired, safety_limits) {
        steps.push(Step::NeedsOperator {
            object: ObjectRef::MassRemoval,
            reason: format!(
                "{going} of {all} hosts would go at once: they stay until edge.max_removal_percent is above {}",
                safety_limits.max_removal_percent
            ),
        });
    }
    let desired = &*reachable_state(actual, desired, safety_limits);
    listeners::http_steps(actual, desired, &mut steps);
    listeners::https_steps(actual, desired, &mut steps);
    listeners::removals(actual, desired, &mut steps);
    plan_clusters(actual, desired, &mut steps);
    plan_backends(actual, desired, &mut steps);
    plan_certificates(actual, desired, &mut steps);
    plan_routes(&Routes::http(actual, desired), &mut steps);
    plan_routes(&Routes::https(actual, desired), &mut steps);
    steps.sort_by(|one, other| one.key().cmp(&other.key()));
    Ok(steps)
}

/// Whether a listener with this affinity cookie is ours.
fn owned_listener(sticky_name: &str) -> bool {
    sticky_name == LISTENER_STICKY_NAME
}

fn owned(id: &str) -> bool {
    id.starts_with(OBJECT_PREFIX)
}

/// Whether a cluster is ours and will be removed, with its backends and routes.
fn will_be_removed(desired: &ConfigState, id: &str) -> bool {
    owned(id) && !desired.clusters.contains_key(id)
}

fn plan_clusters(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    for (id, cluster) in desired.clusters.iter().filter(|(id, cluster)| actual.clusters.get(*id) != Some(*cluster)) {
        let (object, request) = (ObjectRef::Cluster(id.to_string()), RequestType::AddCluster(cluster.clone()));
        steps.push(Step::command(Phase::Cluster, StepKind::Define, object, request));
    }
    for id in actual.clusters.keys().filter(|id| will_be_removed(desired, id)) {
        let (object, request) = (ObjectRef::Cluster(id.to_string()), RequestType::RemoveCluster(id.to_string()));
        steps.push(Step::command(Phase::RemoveCluster, StepKind::Remove, object, request));
    }
}

fn plan_backends(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    // Sōzu identifies backends by id and address together: the same id may have two addresses.
    let of = |state: &ConfigState, id: &ClusterId| -> BTreeMap<(String, SocketAddr), Backend> {
        let list = state.backends.get(id).into_iter().flatten();
        list.map(|backend| ((backend.backend_id.clone(), backend.address), backend.clone())).collect()
    };
    for cluster in desired.clusters.keys() {
        let (have, want) = (of(actual, cluster), of(desired, cluster));
        let object = |id: &str, address| ObjectRef::Backend { id: id.into(), address, cluster: cluster.to_string() };
        for ((id, address), backend) in want.iter().filter(|(key, backend)| have.get(*key) != Some(*backend)) {
            let request = RequestType::add_backend(backend.clone().to_add_backend());
            steps.push(Step::command(Phase::Backend, StepKind::Add, object(id, *address), request));
        }
        for (id, address) in have.keys().filter(|key| !want.contains_key(*key)) {
            let request =
                RemoveBackend { cluster_id: cluster.to_string(), backend_id: id.clone(), address: (*address).into() };
            let request = RequestType::RemoveBackend(request);
            steps.push(Step::command(Phase::RemoveBackend, StepKind::Remove, object(id, *address), request));
        }
    }
}
