//! One step of a plan, and its place among the others.

use crate::edge::object::Object;
use sozu_command_lib::proto::command::request::RequestType;
use std::fmt;

/// Position of an order among the others. A target is added before the routes to it, and nothing is removed before its
/// replacement is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A listener is defined, not yet bound, or patched in place.
    Listener,
    /// A cluster is defined.
    Cluster,
    /// A process is added to its cluster.
    Backend,
    /// A certificate is added or replaced.
    Certificate,
    /// A route of ours that differs is swapped by two orders in a row, because both have the same key.
    Reroute,
    /// A route is added.
    Frontend,
    /// A listener is bound.
    Activate,
    /// A route is removed.
    RemoveFrontend,
    /// A process is removed from its cluster.
    RemoveBackend,
    /// An old certificate is removed.
    RemoveCertificate,
    /// A cluster is removed.
    RemoveCluster,
    /// A listener that is no longer desired is unbound.
    Deactivate,
    /// Such a listener is removed.
    RemoveListener,
}

/// What a step does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Add,
    /// Adds it, or changes its settings; does not bind a listener.
    Define,
    /// Binds a defined listener.
    Bind,
    /// Changes it in place.
    Patch,
    /// Replaces it by another with one order.
    Replace,
    /// Replaces it by another with two orders in a row.
    Swap,
    /// Unbinds a listener.
    Unbind,
    /// Removes it.
    Remove,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "add",
            Self::Define => "define",
            Self::Bind => "bind",
            Self::Patch => "patch",
            Self::Replace => "replace",
            Self::Swap => "swap",
            Self::Unbind => "unbind",
            Self::Remove => "remove",
        })
    }
}

/// One step of a plan.
#[derive(Clone, PartialEq)]
pub enum Step {
    /// An order for Sōzu.
    Order {
        /// Its position.
        phase: Phase,
        /// What it does.
        verb: Verb,
        object: Object,
        /// The order; it may hold a private key.
        request: Box<RequestType>,
    },
    /// What cannot be done without refusing connections, or without changing an object that is not ours.
    NeedsOperator {
        object: Object,
        /// The obstacle, and what to do.
        reason: String,
    },
}

impl Step {
    pub(in crate::edge) fn order(phase: Phase, verb: Verb, object: Object, request: RequestType) -> Self {
        Self::Order { phase, verb, object, request: Box::new(request) }
    }

    /// The object, equal in every plan.
    #[must_use]
    pub fn object(&self) -> &Object {
        match self {
            Self::Order { object, .. } | Self::NeedsOperator { object, .. } => object,
        }
    }

    /// What the step does; nothing when it needs the operator.
    #[must_use]
    pub fn verb(&self) -> Option<Verb> {
        match self {
            Self::NeedsOperator { .. } => None,
            Self::Order { verb, .. } => Some(*verb),
        }
    }

    pub(super) fn key(&self) -> (Option<Phase>, &Object) {
        match self {
            Self::Order { phase, object, .. } => (Some(*phase), object),
            Self::NeedsOperator { object, .. } => (None, object),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Text for the log, without secrets.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsOperator { object, reason } => write!(f, "{object}: {reason}"),
            Self::Order { verb, object: Object::Backend { id, address, cluster }, .. } => {
                let preposition = if *verb == Verb::Remove { "from" } else { "to" };
                write!(f, "{verb} process {id} at {address} {preposition} {cluster}")
            }
            Self::Order { verb: Verb::Add, object: Object::Certificate { fingerprint, address }, .. } => {
                write!(f, "{} certificate {fingerprint} to {address}", Verb::Add)
            }
            Self::Order { verb, object, .. } => write!(f, "{verb} {object}"),
        }
    }
}
