//! One reconciliation of Sōzu: observe, plan, apply, verify. Nothing about Sōzu is remembered from one to the next,
//! except for the backoff of what it refused, and what the last one expected.

use crate::edge::{
    backoff::Backoff,
    issue::Issue,
    object::ObjectRef,
    outcome::Outcome,
    plan::{self, SafetyLimits, Step, plan, reachable_state},
    probe_queue::ProbeQueue,
    render::{self, RenderError, Rendered, process_of},
    report::SyncStatus,
    sozu::{Sozu, SozuError},
    spec::EdgeSpec,
    verify::{ExpectedState, verify},
};
use sozu_command_lib::{proto::command::request::RequestType, state::ConfigState};
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Instant};
use uuid::Uuid;

/// From this many additions on, they are sent as one file, which is ten times faster than one by one.
const MIN_BATCH_STEPS: usize = 200;

/// Why a reconciliation failed.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The exchange with Sōzu failed; whether the last command was carried out is unknown.
    #[error(transparent)]
    Sozu(#[from] SozuError),
    /// The desired state as a whole cannot be rendered.
    #[error("the desired state cannot be served")]
    Render(#[from] RenderError),
    /// A later edge is the active controller.
    #[error(transparent)]
    Plan(#[from] plan::PlanError),
}

#[derive(Clone, Copy, Debug, Default)]
struct LastResult {
    /// Nothing was left that another reconciliation may repair.
    verified: bool,
    /// Nothing was left at all, refusals included.
    settled: bool,
}

/// Reconciles one Sōzu.
#[derive(Debug)]
pub struct Reconciler {
    sozu: Sozu,
    safety_limits: SafetyLimits,
    backoff: Backoff,
    rendered: Option<(EdgeSpec, Arc<Rendered>)>,
    /// A batch was partly refused; the steps are sent again one by one to find which.
    one_by_one: bool,
    expected: Option<ExpectedState>,
    /// The result of the last reconciliation. The default when one failed after its first command, so that its own
    /// commands do not count as drift; kept when it failed before, or while it repaired drift that is not told yet.
    last: LastResult,
    probes: ProbeQueue,
}

impl Reconciler {
    /// A reconciler for the Sōzu of this connection.
    #[must_use]
    pub fn new(sozu: Sozu, safety_limits: SafetyLimits) -> Self {
        Self {
            sozu,
            safety_limits,
            backoff: Backoff::default(),
            rendered: None,
            one_by_one: false,
            expected: None,
            last: LastResult::default(),
            probes: ProbeQueue::default(),
        }
    }

    /// The connection to Sōzu.
    #[must_use]
    pub fn sozu(&self) -> &Sozu {
        &self.sozu
    }

    /// Changes the safety limits of the next plans.
    pub fn set_safety_limits(&mut self, safety_limits: SafetyLimits) {
        self.safety_limits = safety_limits;
    }

    /// Brings Sōzu into the desired state, and verifies it.
    pub async fn reconcile(&mut self, spec: &EdgeSpec) -> Result<Outcome, ReconcileError> {
        let started = Instant::now();
        let last = self.last;
        let actual = self.sozu.observe().await?;
        let same = self.rendered.as_ref().is_some_and(|(known, _)| known == spec);
        let (rendered, mut outcome) = self.render(spec)?;
        let drift_found = last.settled && self.expected.as_ref().is_some_and(|expected| !expected.is_met_by(&actual));
        let desired = &rendered.state;
        let steps = plan(&actual, desired, &self.safety_limits)?;
        let reachable = reachable_state(&actual, desired, &self.safety_limits);
        outcome.serving_processes = portal_processes(&reachable);
        outcome.removed = portal_processes(&actual).difference(&outcome.serving_processes).copied().collect();
        drop(actual);
        if !drift_found {
            // Until this reconciliation ends, differences may come from its own commands.
            self.last = LastResult::default();
        }
        self.apply(steps, &mut outcome).await?;
        let expected = ExpectedState::from_state(&reachable);
        drop(reachable);
        if !outcome.steps.is_empty() {
            outcome.drift_repaired = drift_found || (same && last.verified);
            self.plan_again(desired, &mut outcome).await?;
        }
        outcome.observation = verify(&self.sozu, &expected, &mut outcome.issues).await?;
        self.probes.enqueue_changed(self.expected.as_ref(), &expected);
        self.probes.run(&expected, spec.listeners.https, &mut outcome).await;
        self.expected = Some(expected);
        self.last = LastResult { verified: outcome.verified(), settled: outcome.issues.is_empty() };
        outcome.took = started.elapsed();
        Ok(outcome)
    }

    /// Checks without commands, and cheaply, whether every process of Sōzu still has the state of the last
    /// reconciliation.
    pub async fn still_converged(&self) -> Result<bool, SozuError> {
        let Some(expected) = &self.expected else { return Ok(false) };
        let mut issues = Vec::new();
        verify(&self.sozu, expected, &mut issues).await?;
        Ok(issues.is_empty())
    }

    /// Whether a host was not probed successfully since its route or its certificate changed.
    #[must_use]
    pub fn has_pending_probes(&self) -> bool {
        self.probes.has_pending()
    }

    /// Computes what a reconciliation would do now, without doing it.
    pub async fn dry_run(&mut self, spec: &EdgeSpec) -> Result<(Vec<Step>, Vec<Issue>), ReconcileError> {
        let actual = self.sozu.observe().await?;
        let (rendered, outcome) = self.render(spec)?;
        Ok((plan(&actual, &rendered.state, &self.safety_limits)?, outcome.issues))
    }

    fn render(&mut self, spec: &EdgeSpec) -> Result<(Arc<Rendered>, Outcome), RenderError> {
        let rendered = match self.rendered.take() {
            Some((known, rendered)) if known == *spec => rendered,
            _ => Arc::new(render::render(spec)?),
        };
        let rejected = rendered.rejected.iter().map(|rejection| Issue {
            object: rejection.object.clone(),
            status: SyncStatus::Rejected,
            reason: rejection.reason.clone(),
        });
        let outcome = Outcome { issues: rejected.collect(), ..Outcome::default() };
        self.rendered = Some((spec.clone(), rendered.clone()));
        Ok((rendered, outcome))
    }

    async fn apply(&mut self, steps: Vec<Step>, outcome: &mut Outcome) -> Result<(), SozuError> {
        let mut rest = steps.into_iter().peekable();
        let additions = |step: &Step| matches!(step, Step::Command { phase, .. } if !phase.removes());
        let mut batch = Vec::new();
        while let Some(step) = rest.next_if(|step| additions(step)) {
            batch.push(step);
        }
        if batch.len() >= MIN_BATCH_STEPS && !std::mem::take(&mut self.one_by_one) {
            self.load(batch, outcome).await?;
            if self.one_by_one {
                // The next reconciliation shows which steps were refused. Until then nothing is removed that they may
                // replace.
                return Ok(());
            }
        } else {
            for step in batch {
                self.execute(step, outcome).await?;
            }
        }
        for step in rest {
            self.execute(step, outcome).await?;
        }
        self.backoff.end_reconciliation();
        Ok(())
    }

    async fn load(&mut self, batch: Vec<Step>, outcome: &mut Outcome) -> Result<(), SozuError> {
        let commands: Vec<&RequestType> = batch
            .iter()
            .filter_map(|step| match step {
                Step::Command { request, .. } => Some(&**request),
                Step::NeedsOperator { .. } => None,
            })
            .collect();
        let loaded = self.sozu.load(commands.iter().copied()).await?;
        if loaded.errors > 0 {
            let reason = format!(
                "{} of {} commands of a batch were refused; they follow one by one",
                loaded.errors,
                commands.len()
            );
            self.one_by_one = true;
            outcome.issues.push(Issue { object: ObjectRef::Batch, status: SyncStatus::Pending, reason });
        }
        outcome.steps.extend(batch.iter().map(Step::to_string));
        Ok(())
    }

    /// Executes one step. A refusal blocks only the removal of what the object should replace.
    async fn execute(&mut self, step: Step, outcome: &mut Outcome) -> Result<(), SozuError> {
        let Step::Command { phase, request, .. } = &step else {
            let Step::NeedsOperator { object, reason } = step else { return Ok(()) };
            outcome.issues.push(Issue { object, status: SyncStatus::NeedsOperator, reason });
            return Ok(());
        };
        let object = step.object().clone();
        if self.backoff.is_blocked(*phase) {
            return Ok(());
        }
        if let Some(reason) = self.backoff.pending_reason(&object, *phase) {
            outcome.issues.push(Issue { object, status: SyncStatus::Rejected, reason });
            return Ok(());
        }
        if let Some(reason) = bind_obstacle(request) {
            self.backoff.record_refusal(&object, *phase, &reason);
            outcome.issues.push(Issue { object, status: SyncStatus::Rejected, reason });
            return Ok(());
        }
        match self.sozu.call((**request).clone()).await {
            Ok(_) => {
                self.backoff.clear(&object);
                outcome.steps.push(step.to_string());
            }
            Err(error) if error.is_refusal() => {
                let reason = error.to_string();
                self.backoff.record_refusal(&object, *phase, &reason);
                outcome.issues.push(Issue { object, status: SyncStatus::Rejected, reason });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Plans a second time: what is still to do, and is not known to be impossible, is an issue. This covers listeners,
    /// orphaned routes and everything else that the hashes leave out.
    async fn plan_again(&self, desired: &ConfigState, outcome: &mut Outcome) -> Result<(), ReconcileError> {
        let actual = self.sozu.observe().await?;
        for step in plan(&actual, desired, &self.safety_limits)? {
            if !outcome.issues.iter().any(|issue| issue.object == *step.object()) {
                outcome.issues.push(Issue {
                    object: step.object().clone(),
                    status: SyncStatus::Pending,
                    reason: format!("still to do: {step}"),
                });
            }
        }
        Ok(())
    }
}

/// Why an address cannot be bound. Sōzu itself would share it with any program that allows that, and each would get a
/// part of the connections.
fn bind_obstacle(request: &RequestType) -> Option<String> {
    let RequestType::ActivateListener(request) = request else { return None };
    let address = SocketAddr::from(request.address);
    let error = std::net::TcpListener::bind(address).err()?;
    (error.kind() == std::io::ErrorKind::AddrInUse).then(|| format!("another program listens on {address} already"))
}

/// Ids of the portal's processes in a state.
fn portal_processes(state: &ConfigState) -> BTreeSet<Uuid> {
    let backends = state.backends.get(render::PORTAL_CLUSTER).into_iter().flatten();
    backends.filter_map(|backend| process_of(&backend.backend_id)).collect()
}
