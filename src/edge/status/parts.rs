//! The parts of the report that come from the outcome of a reconciliation.

use crate::edge::{
    object::{ObjectRef, Protocol},
    outcome::Outcome,
    report::{Certificate, Listener, Plan, SyncStatus, Worker},
    spec::EdgeSpec,
};
use jiff::Timestamp;
use sozu_command_lib::proto::command::RunState;

/// Steps of a plan in the report.
const MAX_PLAN_STEPS: usize = 100;
/// A certificate with fewer days left is an alarm.
const EXPIRY_MARGIN_DAYS: i64 = 14;

pub(super) fn now() -> String {
    Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_else(|_| Timestamp::now()).to_string()
}

pub(super) fn plan(outcome: &Outcome) -> Plan {
    Plan {
        at: now(),
        steps: outcome.steps.iter().take(MAX_PLAN_STEPS).cloned().collect(),
        length: outcome.steps.len(),
        took_us: u64::try_from(outcome.took.as_micros()).unwrap_or(u64::MAX),
        verified: outcome.verified(),
    }
}

pub(super) fn workers(outcome: &Outcome) -> Vec<Worker> {
    let state = |state| match state {
        RunState::Running => "running",
        RunState::Stopping => "stopping",
        RunState::Stopped => "stopped",
        RunState::NotAnswering => "not_answering",
    };
    let worker = |worker: &sozu_command_lib::proto::command::WorkerInfo| Worker {
        id: worker.id,
        pid: worker.pid,
        state: state(worker.run_state()).into(),
        agrees: !outcome.observation.diverged.contains(&worker.id),
    };
    let mut workers: Vec<Worker> = outcome.observation.workers.iter().map(worker).collect();
    workers.sort_by_key(|worker| worker.id);
    workers
}

pub(super) fn listeners(spec: &EdgeSpec, outcome: &Outcome) -> Vec<Listener> {
    let both = [(Protocol::Http, "http", spec.listeners.http), (Protocol::Https, "https", spec.listeners.https)];
    both.map(|(protocol, slug, address)| {
        let object = ObjectRef::Listener(protocol, address.into());
        let issue = outcome.issues.iter().find(|issue| issue.object == object);
        let status = issue.map_or(SyncStatus::Applied, |issue| issue.status);
        Listener {
            address: address.to_string(),
            protocol: slug.into(),
            active: status == SyncStatus::Applied || status == SyncStatus::NeedsOperator,
            status,
        }
    })
    .into()
}

pub(super) fn alarm_of(certificate: &Certificate) -> Option<String> {
    let name = certificate.names.first().map_or("?", String::as_str);
    match certificate.days_left {
        days if days < 0 => Some(format!("the certificate for {name} has expired ({})", certificate.not_after)),
        days if days < EXPIRY_MARGIN_DAYS => Some(format!("the certificate for {name} ends in {days} days")),
        _ => None,
    }
}

#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a rate for people to read")]
pub(super) fn rate(requests: u64, interval: Option<std::time::Duration>) -> f64 {
    interval.map_or(0.0, |interval| requests as f64 / interval.as_secs_f64().max(0.001))
}
