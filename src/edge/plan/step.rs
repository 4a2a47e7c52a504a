//! One step of a plan, and its place among the others.

use crate::edge::object::ObjectRef;
use sozu_command_lib::proto::command::request::RequestType;
use std::fmt;

/// Position of a command among the others. A target is added before the routes to it, and nothing is removed before its
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
    /// A route of ours that differs is swapped by two commands in a row, because both have the same key.
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
pub enum StepKind {
    Add,
    /// Adds it, or changes its settings; does not bind a listener.
    Define,
    /// Binds a defined listener.
    Bind,
    /// Changes it in place.
    Patch,
    /// Replaces it by another with one command.
    Replace,
    /// Replaces it by another with two commands in a row.
    Swap,
    /// Unbinds a listener.
    Unbind,
    /// Removes it.
    Remove,
}

impl fmt::Display for StepKind {
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
    /// A command for Sōzu.
    Command {
        /// Its position.
        phase: Phase,
        /// What it does.
        kind: StepKind,
        object: ObjectRef,
        /// The command; it may hold a private key.
        request: Box<RequestType>,
    },
    /// What cannot be done without refusing connections, or without changing an object that is not ours.
    NeedsOperator {
        object: ObjectRef,
        /// The obstacle, and what to do.
        reason: String,
    },
}

impl Step {
    pub(in crate::edge) fn command(phase: Phase, kind: StepKind, object: ObjectRef, request: RequestType) -> Self {
        Self::Command { phase, kind, object, request: Box::new(request) }
    }

    /// The object, equal in every plan.
    #[must_use]
    pub fn object(&self) -> &ObjectRef {
        match self {
            Self::Command { object, .. } | Self::NeedsOperator { object, .. } => object,
        }
    }

    /// What the step does; `None` if it needs the operator.
    #[must_use]
    pub fn kind(&self) -> Option<StepKind> {
        match self {
            Self::NeedsOperator { .. } => None,
            Self::Command { kind, .. } => Some(*kind),
        }
    }

    pub(super) fn key(&self) -> (Option<Phase>, &ObjectRef) {
        match self {
            Self::Command { phase, object, .. } => (Some(*phase), object),
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
            Self::Command { kind, object: ObjectRef::Backend { id, address, cluster }, .. } => {
                let preposition = if *kind == StepKind::Remove { "from" } else { "to" };
                write!(f, "{kind} process {id} at {address} {preposition} {cluster}")
            }
            Self::Command { kind: StepKind::Add, object: ObjectRef::Certificate { fingerprint, address }, .. } => {
                write!(f, "{} certificate {fingerprint} to {address}", StepKind::Add)
            }
            Self::Command { kind, object, .. } => write!(f, "{kind} {object}"),
        }
    }
}
