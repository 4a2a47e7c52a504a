//! The orders that lead Sōzu from one state to another without losing a request on the way.
//!
//! Sōzu's own difference of two states ends right but passes through holes: it removes a certificate before it adds
//! the next, and unbinds a listener to change one timeout. So the orders are chosen and sequenced here; the tests hold
//! the end result against Sōzu's own difference.

mod listeners;
#[cfg(test)]
mod tests;

use crate::edge::{
    certificates::covers,
    compile::{OWNED, OWNED_LISTENER, epoch_of},
};
use listeners::{http_listener_steps, https_listener_steps, removals};
use sozu_command_lib::{
    certificate::Fingerprint,
    proto::command::{
        AddCertificate, CertificateAndKey, RemoveBackend, RemoveCertificate, ReplaceCertificate, request::RequestType,
    },
    response::{Backend, HttpFrontend},
    state::{ClusterId, ConfigState},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    net::SocketAddr,
};

/// When an order is given, relative to the others: whatever will serve stands before anything points at it, and
/// nothing goes before what replaces it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A listener is defined, not yet bound, or patched in place.
    Listener,
    /// A cluster is defined.
    Cluster,
    /// A process begins to serve.
    Backend,
    /// A certificate is added or replaced.
    Certificate,
    /// A route of ours that leads elsewhere, or marks otherwise, gives its key to the right one: two orders in a row.
    Reroute,
    /// A host gets its route.
    Frontend,
    /// A listener is bound.
    Activate,
    /// A route goes.
    RemoveFrontend,
    /// A process stops serving.
    RemoveBackend,
    /// An old certificate goes.
    RemoveCertificate,
    /// A cluster goes.
    RemoveCluster,
    /// A listener that is no longer wanted is unbound.
    Deactivate,
    /// And goes.
    RemoveListener,
}

/// What a step does to its object, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It comes.
    Add,
    /// It changes in place.
    Change,
    /// It goes.
    Remove,
}

/// What a plan may do without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Share of our routes that may go at once, percent.
    pub max_removal_percent: u8,
}

/// So few routes may always go: most installations have no more.
const FEW: usize = 5;

/// Why there is no plan at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// Sōzu has orders of a later edge.
    #[error("Sōzu follows a later edge (epoch {theirs}, ours is {ours}): this one gives no orders")]
    Superseded {
        /// Our epoch.
        ours: u64,
        /// The epoch found in Sōzu.
        theirs: u64,
    },
}

impl Phase {
    /// Whether such orders take something away: they wait until all that adds has succeeded.
    #[must_use]
    pub fn removes(self) -> bool {
        self >= Self::RemoveFrontend
    }
}

/// One step of a plan.
#[derive(Clone, PartialEq)]
pub enum Step {
    /// An order for Sōzu.
    Order {
        /// Its place.
        phase: Phase,
        /// What it does, for the log: no secret in it.
        label: String,
        /// The order; it may hold a private key.
        request: Box<RequestType>,
    },
    /// What cannot be done without refusing connections, or without touching an object of somebody else.
    NeedsOperator {
        /// The object.
        object: String,
        /// What stands in the way, and what to do.
        reason: String,
    },
}

impl Step {
    pub(super) fn order(phase: Phase, label: String, request: RequestType) -> Self {
        Self::Order { phase, label, request: Box::new(request) }
    }

    /// Name of the object that the step is about, the same in every plan.
    #[must_use]
    pub fn object(&self) -> String {
        match self {
            Self::Order { label, .. } => {
                let words = ["add ", "remove ", "replace ", "define ", "patch ", "bind ", "unbind ", "swap ", "drop "];
                words.iter().find_map(|word| label.strip_prefix(word)).unwrap_or(label).to_owned()
            }
            Self::NeedsOperator { object, .. } => object.clone(),
        }
    }

    /// What it does to its object; nothing when it waits for the operator.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::NeedsOperator { .. } => None,
            Self::Order { phase, .. } if phase.removes() => Some(Kind::Remove),
            Self::Order { label, .. } if ["replace", "patch", "swap"].iter().any(|word| label.starts_with(word)) => {
                Some(Kind::Change)
            }
            Self::Order { .. } => Some(Kind::Add),
        }
    }

    fn key(&self) -> (Option<Phase>, &str) {
        match self {
            Self::Order { phase, label, .. } => (Some(*phase), label),
            Self::NeedsOperator { object, .. } => (None, object),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order { label, .. } => f.write_str(label),
            Self::NeedsOperator { object, reason } => write!(f, "{object}: {reason}"),
        }
    }
}

/// The desired state as far as it may be reached: a site that would lose its last process keeps those it has, since a
/// process that fell silent still serves better than nothing.
#[must_use]
pub fn attainable(actual: &ConfigState, desired: &ConfigState, guards: &Guards) -> ConfigState {
    let mut state = desired.clone();
    for id in desired.clusters.keys() {
        let wanted = desired.backends.get(id).is_some_and(|backends| !backends.is_empty());
        if let (false, Some(kept)) = (wanted, actual.backends.get(id)) {
            state.backends.insert(id.clone(), kept.clone());
        }
    }
    if mass_removal(actual, desired, guards).is_some() {
        let ours = |front: &&HttpFrontend| {
            front.cluster_id.as_deref().is_some_and(|id| owned(id) && desired.clusters.contains_key(id))
        };
        for (key, front) in actual.http_fronts.iter().filter(|(_, front)| ours(front)) {
            state.http_fronts.entry(key.clone()).or_insert_with(|| front.clone());
        }
        for (key, front) in actual.https_fronts.iter().filter(|(_, front)| ours(front)) {
            state.https_fronts.entry(key.clone()).or_insert_with(|| front.clone());
        }
    }
    state
}

/// How many of how many routes would go, when that is more than may go without asking.
fn mass_removal(actual: &ConfigState, desired: &ConfigState, guards: &Guards) -> Option<(usize, usize)> {
    let kept = |address| desired.https_listeners.values().any(|listener| SocketAddr::from(listener.address) == address);
    let routes = actual.https_fronts.iter();
    let ours = routes.filter(|(_, front)| front.cluster_id.as_deref().is_some_and(owned) && kept(front.address));
    let (mut all, mut going) = (0_usize, 0_usize);
    for (key, _) in ours {
        all += 1;
        going += usize::from(!desired.https_fronts.contains_key(key));
    }
    (going > FEW && going * 100 > all * usize::from(guards.max_removal_percent)).then_some((going, all))
}

/// The steps from one state to another, in the order in which to take them; the same states give the same steps.
///
/// # Errors
/// See [`Held`].
pub fn plan(actual: &ConfigState, desired: &ConfigState, guards: &Guards) -> Result<Vec<Step>, Held> {
    let (ours, theirs) = (epoch_of(desired), epoch_of(actual));
    if theirs > ours {
        return Err(Held::Superseded { ours, theirs });
    }
    let mut steps = Vec::new();
    if let Some((going, all)) = mass_removal(actual, desired, guards) {
        steps.push(Step::NeedsOperator {
            object: "mass removal".into(),
            reason: format!(
                "{going} of {all} hosts would go at once: they stay until edge.max_removal_percent is above {}",
                guards.max_removal_percent
            ),
        });
    }
    let desired = &attainable(actual, desired, guards);
    http_listener_steps(actual, desired, &mut steps);
    https_listener_steps(actual, desired, &mut steps);
    removals(actual, desired, &mut steps);
    clusters(actual, desired, &mut steps);
    backends(actual, desired, &mut steps);
    certificates(actual, desired, &mut steps);
    frontends(&Routes::http(actual, desired), &mut steps);
    frontends(&Routes::https(actual, desired), &mut steps);
    steps.sort_by(|one, other| one.key().cmp(&other.key()));
    Ok(steps)
}

/// Whether an affinity cookie's name tells a listener to be ours.
fn owned_listener(sticky_name: &str) -> bool {
    sticky_name == OWNED_LISTENER
}

fn owned(id: &str) -> bool {
    id.starts_with(OWNED)
}

/// Ours, and about to go with all that hangs on it.
fn leaves(desired: &ConfigState, id: &str) -> bool {
    owned(id) && !desired.clusters.contains_key(id)
}

fn clusters(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    for (id, cluster) in desired.clusters.iter().filter(|(id, cluster)| actual.clusters.get(*id) != Some(*cluster)) {
        let label = format!("define cluster {id}");
        steps.push(Step::order(Phase::Cluster, label, RequestType::AddCluster(cluster.clone())));
    }
    for id in actual.clusters.keys().filter(|id| leaves(desired, id)) {
        let label = format!("remove cluster {id}");
        steps.push(Step::order(Phase::RemoveCluster, label, RequestType::RemoveCluster(id.to_string())));
    }
}

fn backends(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    // Sōzu tells backends apart by id and address together: the same id may stand at two addresses.
    let of = |state: &ConfigState, id: &ClusterId| -> BTreeMap<(String, SocketAddr), Backend> {
        let list = state.backends.get(id).into_iter().flatten();
        list.map(|backend| ((backend.backend_id.clone(), backend.address), backend.clone())).collect()
    };
    for cluster in desired.clusters.keys() {
        let (have, want) = (of(actual, cluster), of(desired, cluster));
        for ((id, address), backend) in want.iter().filter(|(key, backend)| have.get(*key) != Some(*backend)) {
            let label = format!("add process {id} at {address} to {cluster}");
            let request = RequestType::add_backend(backend.clone().to_add_backend());
            steps.push(Step::order(Phase::Backend, label, request));
        }
        for (id, address) in have.keys().filter(|key| !want.contains_key(*key)) {
            let label = format!("remove process {id} at {address} from {cluster}");
            let request =
                RemoveBackend { cluster_id: cluster.to_string(), backend_id: id.clone(), address: (*address).into() };
            steps.push(Step::order(Phase::RemoveBackend, label, RequestType::RemoveBackend(request)));
        }
    }
}

type Certificates = HashMap<Fingerprint, CertificateAndKey>;

fn certificates(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    let none = Certificates::new();
    for (address, want) in &desired.certificates {
        let have = actual.certificates.get(address).unwrap_or(&none);
        for (fingerprint, certificate) in want {
            let mut stale: Vec<_> = have
                .iter()
                .filter(|(old, _)| !want.contains_key(*old))
                .filter(|(_, old)| {
                    succeeds(certificate, old, &hosts_at(desired, *address), &hosts_at(actual, *address))
                })
                .map(|(old, _)| old.clone())
                .collect();
            stale.sort();
            let replaced = match have.get(fingerprint) {
                Some(present) if present == certificate => None,
                Some(_) => Some(fingerprint.clone()),
                None if stale.is_empty() => {
                    let request = AddCertificate {
                        address: (*address).into(),
                        certificate: certificate.clone(),
                        expired_at: None,
                    };
                    let label = format!("add certificate {fingerprint} to {address}");
                    steps.push(Step::order(Phase::Certificate, label, RequestType::AddCertificate(request)));
                    None
                }
                // In one order, so that no handshake finds the name without a certificate.
                None => Some(stale.remove(0)),
            };
            if let Some(old) = replaced {
                let request = ReplaceCertificate {
                    address: (*address).into(),
                    new_certificate: certificate.clone(),
                    old_fingerprint: old.to_string(),
                    new_expired_at: None,
                };
                let label = format!("replace certificate {old} of {address} by {fingerprint}");
                steps.push(Step::order(Phase::Certificate, label, RequestType::ReplaceCertificate(request)));
            }
            for old in stale {
                let label = format!("remove certificate {old} of {address}");
                let request = RemoveCertificate { address: (*address).into(), fingerprint: old.to_string() };
                steps.push(Step::order(Phase::RemoveCertificate, label, RequestType::RemoveCertificate(request)));
            }
        }
    }
}

/// Routed hosts of a listener, and whether the route is ours.
fn hosts_at(state: &ConfigState, address: SocketAddr) -> Vec<(&str, bool)> {
    let fronts = state.https_fronts.values().filter(|front| front.address == address);
    fronts.map(|front| (front.hostname.as_str(), front.cluster_id.as_deref().is_some_and(owned))).collect()
}

/// Whether a certificate takes the place of an old one: they share a name, or the old one stands for one of our hosts
/// and for none that somebody else routes.
fn succeeds(new: &CertificateAndKey, old: &CertificateAndKey, ours: &[(&str, bool)], routed: &[(&str, bool)]) -> bool {
    let stands_for = |host: &str| covers(&old.names, host);
    old.names.iter().any(|name| new.names.contains(name))
        || ours.iter().any(|(host, _)| stands_for(host))
            && !routed.iter().any(|(host, owned)| !owned && stands_for(host))
}

struct Routes<'a> {
    have: &'a BTreeMap<String, HttpFrontend>,
    want: &'a BTreeMap<String, HttpFrontend>,
    desired: &'a ConfigState,
    /// Clusters that Sōzu knows: removing one takes its routes along, which an orphan's route has to do without.
    known: &'a ConfigState,
    add: fn(HttpFrontend) -> RequestType,
    remove: fn(HttpFrontend) -> RequestType,
}

impl<'a> Routes<'a> {
    fn http(actual: &'a ConfigState, desired: &'a ConfigState) -> Self {
        Self {
            have: &actual.http_fronts,
            want: &desired.http_fronts,
            desired,
            known: actual,
            add: |front| RequestType::add_http_frontend(front.into()),
            remove: |front| RequestType::remove_http_frontend(front.into()),
        }
    }

    fn https(actual: &'a ConfigState, desired: &'a ConfigState) -> Self {
        Self {
            have: &actual.https_fronts,
            want: &desired.https_fronts,
            desired,
            known: actual,
            add: |front| RequestType::add_https_frontend(front.into()),
            remove: |front| RequestType::remove_https_frontend(front.into()),
        }
    }
}

fn frontends(routes: &Routes<'_>, steps: &mut Vec<Step>) {
    let ours = |front: &HttpFrontend| front.cluster_id.as_deref().is_some_and(owned);
    for (key, front) in routes.want {
        match routes.have.get(key) {
            Some(present) if present == front => continue,
            Some(present) if !ours(present) => {
                let reason = "this route exists and leads elsewhere: remove it, or take its host off the site";
                steps.push(Step::NeedsOperator { object: format!("route {key}"), reason: reason.into() });
                continue;
            }
            Some(present) => {
                let halves = [(routes.remove)(present.clone()), (routes.add)(front.clone())];
                for (number, half) in (1..).zip(halves) {
                    steps.push(Step::order(Phase::Reroute, format!("swap route {key}, {number} of 2"), half));
                }
            }
            None => {
                steps.push(Step::order(Phase::Frontend, format!("add route {key}"), (routes.add)(front.clone())));
            }
        }
    }
    for (key, front) in routes.have.iter().filter(|(key, front)| ours(front) && !routes.want.contains_key(*key)) {
        let cascades = front
            .cluster_id
            .as_ref()
            .is_some_and(|id| leaves(routes.desired, id) && routes.known.clusters.contains_key(id));
        if !cascades {
            let label = format!("remove route {key}");
            steps.push(Step::order(Phase::RemoveFrontend, label, (routes.remove)(front.clone())));
        }
    }
}
