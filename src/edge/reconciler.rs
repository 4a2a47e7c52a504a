//! One round with Sōzu: observe, plan, apply, verify. Nothing is remembered about Sōzu from one round to the next but
//! which objects it refused, so that they are not sent again and again.

use crate::edge::{
    backoff::Backoff,
    issue::Issue,
    object::Object,
    outcome::Outcome,
    plan::{self, SafetyLimits, Step, plan, reachable_state},
    probe_queue::ProbeQueue,
    render::{self, RenderError, Rendered, process_of},
    report::Condition,
    sozu::{Sozu, SozuError},
    spec::EdgeSpec,
    verify::{Expectation, verify},
};
use sozu_command_lib::{proto::command::request::RequestType, state::ConfigState};
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Instant};
use uuid::Uuid;

/// From this many additions on, they are given as one file: ten times faster than one by one.
const MIN_BATCH_STEPS: usize = 200;

/// Why a round could not be held.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The exchange with Sōzu failed; what was ordered last may or may not have been carried out.
    #[error(transparent)]
    Sozu(#[from] SozuError),
    /// The wish as a whole cannot be had.
    #[error("the desired state cannot be served")]
    Render(#[from] RenderError),
    /// A later edge gives the orders.
    #[error(transparent)]
    Plan(#[from] plan::PlanError),
}

#[derive(Clone, Copy, Debug, Default)]
struct LastResult {
    /// Nothing was left that another round may mend.
    verified: bool,
    /// Nothing was left at all, backoff included.
    settled: bool,
}

/// Holds rounds with one Sōzu.
#[derive(Debug)]
pub struct Reconciler {
    sozu: Sozu,
    safety_limits: SafetyLimits,
    backoff: Backoff,
    rendered: Option<(EdgeSpec, Arc<Rendered>)>,
    /// A batch had backoff, of which only single orders tell which they are.
    one_by_one: bool,
    expected: Option<Expectation>,
    /// How the last round ended. A round that breaks off ends in no way: what it did is not somebody else's change.
    last: LastResult,
    probes: ProbeQueue,
}

impl Reconciler {
    /// Rounds with the Sōzu of this conversation.
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

    /// The conversation.
    #[must_use]
    pub fn sozu(&self) -> &Sozu {
        &self.sozu
    }

    /// Changes the limits of what a plan may do.
    pub fn set_safety_limits(&mut self, safety_limits: SafetyLimits) {
        self.safety_limits = safety_limits;
    }

    /// Brings Sōzu to where the wish wants it, and looks whether it got there.
    ///
    /// # Errors
    /// See [`ReconcileError`].
    pub async fn reconcile(&mut self, spec: &EdgeSpec) -> Result<Outcome, ReconcileError> {
        let began = Instant::now();
        let last = std::mem::take(&mut self.last);
        let actual = self.sozu.observe().await?;
        let same = self.rendered.as_ref().is_some_and(|(known, _)| known == spec);
        let (rendered, mut outcome) = self.render(spec)?;
        let moved = last.settled && self.expected.as_ref().is_some_and(|expected| !expected.is_met_by(&actual));
        let desired = &rendered.state;
        let steps = plan(&actual, desired, &self.safety_limits)?;
        let reachable = reachable_state(&actual, desired, &self.safety_limits);
        outcome.serving = serving(&reachable);
        outcome.removed = serving(&actual).difference(&outcome.serving).copied().collect();
        drop(actual);
        self.apply(steps, &mut outcome).await?;
        let expected = Expectation::from_state(&reachable);
        drop(reachable);
        if !outcome.steps.is_empty() {
            outcome.found_changed = moved || (same && last.verified);
            self.plan_again(desired, &mut outcome).await?;
        }
        outcome.observation = verify(&self.sozu, &expected, &mut outcome.issues).await?;
        self.probes.enqueue_changed(self.expected.as_ref(), &expected);
        self.probes.run(&expected, spec.listeners.https, &mut outcome).await;
        self.expected = Some(expected);
        self.last = LastResult { verified: outcome.verified(), settled: outcome.issues.is_empty() };
        outcome.took = began.elapsed();
        Ok(outcome)
    }

    /// A cheap look without orders: whether every process of Sōzu still has the state of the last round.
    ///
    /// # Errors
    /// When the exchange with Sōzu fails.
    pub async fn still_converged(&self) -> Result<bool, SozuError> {
        let Some(expected) = &self.expected else { return Ok(false) };
        let mut issues = Vec::new();
        verify(&self.sozu, expected, &mut issues).await?;
        Ok(issues.is_empty())
    }

    /// Whether some host was not yet asked for from outside since its route or its certificate changed.
    #[must_use]
    pub fn has_pending_probes(&self) -> bool {
        self.probes.has_pending()
    }

    /// What a round would do now, without doing it.
    ///
    /// # Errors
    /// See [`ReconcileError`].
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
            condition: Condition::Rejected,
            reason: rejection.reason.clone(),
        });
        let outcome = Outcome { issues: rejected.collect(), ..Outcome::default() };
        self.rendered = Some((spec.clone(), rendered.clone()));
        Ok((rendered, outcome))
    }

    async fn apply(&mut self, steps: Vec<Step>, outcome: &mut Outcome) -> Result<(), SozuError> {
        let mut rest = steps.into_iter().peekable();
        let additions = |step: &Step| matches!(step, Step::Order { phase, .. } if !phase.removes());
        let mut batch = Vec::new();
        while let Some(step) = rest.next_if(|step| additions(step)) {
            batch.push(step);
        }
        if batch.len() >= MIN_BATCH_STEPS && !std::mem::take(&mut self.one_by_one) {
            self.load(batch, outcome).await?;
            if self.one_by_one {
                // Which of them were refused shows in the next round; until then nothing goes that they may replace.
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
        self.backoff.end_round();
        Ok(())
    }

    async fn load(&mut self, batch: Vec<Step>, outcome: &mut Outcome) -> Result<(), SozuError> {
        let orders: Vec<&RequestType> = batch
            .iter()
            .filter_map(|step| match step {
                Step::Order { request, .. } => Some(&**request),
                Step::NeedsOperator { .. } => None,
            })
            .collect();
        let loaded = self.sozu.load(orders.iter().copied()).await?;
        if loaded.errors > 0 {
            let reason =
                format!("{} of {} orders of a batch were refused; they follow one by one", loaded.errors, orders.len());
            self.one_by_one = true;
            outcome.issues.push(Issue { object: Object::Batch, condition: Condition::Pending, reason });
        }
        outcome.steps.extend(batch.iter().map(Step::to_string));
        Ok(())
    }

    /// Takes one step. A refusal does not hold up the others, but for those that take away what it should replace.
    async fn execute(&mut self, step: Step, outcome: &mut Outcome) -> Result<(), SozuError> {
        let Step::Order { phase, request, .. } = &step else {
            let Step::NeedsOperator { object, reason } = step else { return Ok(()) };
            outcome.issues.push(Issue { object, condition: Condition::NeedsOperator, reason });
            return Ok(());
        };
        let object = step.object().clone();
        if self.backoff.is_blocked(*phase) {
            return Ok(());
        }
        if let Some(reason) = self.backoff.pending_reason(&object, *phase) {
            outcome.issues.push(Issue { object, condition: Condition::Rejected, reason });
            return Ok(());
        }
        if let Some(reason) = occupied(request) {
            self.backoff.record_refusal(&object, *phase, &reason);
            outcome.issues.push(Issue { object, condition: Condition::Rejected, reason });
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
                outcome.issues.push(Issue { object, condition: Condition::Rejected, reason });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The plan after the plan is empty, but for what is known not to be possible. Listeners, orphans and whatever else
    /// the hashes leave out show here.
    async fn plan_again(&self, desired: &ConfigState, outcome: &mut Outcome) -> Result<(), ReconcileError> {
        let actual = self.sozu.observe().await?;
        for step in plan(&actual, desired, &self.safety_limits)? {
            if !outcome.issues.iter().any(|issue| issue.object == *step.object()) {
                outcome.issues.push(Issue {
                    object: step.object().clone(),
                    condition: Condition::Pending,
                    reason: format!("still to do: {step}"),
                });
            }
        }
        Ok(())
    }
}

/// Why an address cannot be bound: Sōzu shares one with any program that shares it too, and each would get a part of the
/// connections.
fn occupied(request: &RequestType) -> Option<String> {
    let RequestType::ActivateListener(order) = request else { return None };
    let address = SocketAddr::from(order.address);
    let error = std::net::TcpListener::bind(address).err()?;
    (error.kind() == std::io::ErrorKind::AddrInUse).then(|| format!("another program listens on {address} already"))
}

/// Ids of the portal's processes in a state.
fn serving(state: &ConfigState) -> BTreeSet<Uuid> {
    let backends = state.backends.get(render::PORTAL_CLUSTER).into_iter().flatten();
    backends.filter_map(|backend| process_of(&backend.backend_id)).collect()
}
