//! One step of a plan, and its place among the others.

use crate::edge::object::Object;
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

/// What a step does to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Adds it.
    Add,
    /// Adds it, or gives it other settings; a listener is not bound by that.
    Define,
    /// Binds a defined listener.
    Bind,
    /// Changes it in place.
    Patch,
    /// Gives its place to another by one order.
    Replace,
    /// Gives its place to another by two orders in a row.
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
        /// Its place.
        phase: Phase,
        /// What it does.
        verb: Verb,
        /// To what.
        object: Object,
        /// The order; it may hold a private key.
        request: Box<RequestType>,
    },
    /// What cannot be done without refusing connections, or without touching an object of somebody else.
    NeedsOperator {
        /// The object.
        object: Object,
        /// What stands in the way, and what to do.
        reason: String,
    },
}

impl Step {
    pub(in crate::edge) fn order(phase: Phase, verb: Verb, object: Object, request: RequestType) -> Self {
        Self::Order { phase, verb, object, request: Box::new(request) }
    }

    /// What the step is about, the same in every plan.
    #[must_use]
    pub fn object(&self) -> &Object {
        match self {
            Self::Order { object, .. } | Self::NeedsOperator { object, .. } => object,
        }
    }

    /// What it does to its object; nothing when it waits for the operator.
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

/// For the log: no secret in it.
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
