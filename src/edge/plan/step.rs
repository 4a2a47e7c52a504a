//! One step of a plan, and its place among the others.

use sozu_command_lib::proto::command::request::RequestType;
use std::fmt;

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
    pub(in crate::edge) fn order(phase: Phase, label: String, request: RequestType) -> Self {
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

    pub(super) fn key(&self) -> (Option<Phase>, &str) {
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
