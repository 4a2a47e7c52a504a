//! When Sōzu is reconciled, with which desired state, and what follows from the outcome.

mod claims;
mod conflict_detector;
mod housekeeping;
mod settings;
mod triggers;
mod workers;

pub(super) use claims::within_timeout;
use conflict_detector::ConflictDetector;
use housekeeping::Housekeeping;
use settings::Settings;
pub(super) use settings::safety_limits;
use triggers::{Triggers, is_older};

use crate::{
    auth,
    config::Config,
    edge::{
        answers::CustomAnswers,
        certificates::Certificates,
        desired::{Inputs, build_spec},
        drains::Drains,
        inventory::{self, Inventory},
        lease::Lease,
        outcome::Outcome,
        reconciler::{ReconcileError, Reconciler},
        render::process_of,
        report::{Report, Role},
        sozu::{Events, Sozu, SozuEvent},
        spec::EdgeSpec,
        status::StatusBuilder,
    },
    store::Store,
};
use anyhow::Context;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use uuid::Uuid;

/// Time between two ticks: the configuration file and the pauses give no notice.
const TICK_INTERVAL: Duration = Duration::from_millis(200);
/// Time between two ticks while a process drains.
const DRAIN_TICK_INTERVAL: Duration = Duration::from_millis(20);
/// Longest time between two reports.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(500);

/// Controls one Sōzu.
pub struct Controller {
    settings: Settings,
    marker: String,
    store: Store,
    reconciler: Reconciler,
    certificates: Certificates,
    answers: CustomAnswers,
    lease: Lease,
    wake: WakeSources,
    drains: Drains,
    /// Processes that this edge has claimed in the database; true once verified.
    claims: BTreeMap<Uuid, bool>,
    /// Reconciliations in a row after which a worker had diverged, by worker.
    diverged: BTreeMap<u32, u32>,
    conflict_detector: ConflictDetector,
    workers: u32,
    main_pid: Option<u32>,
    /// The main process whose version was checked.
    checked_pid: Option<u32>,
    triggers: Triggers,
    housekeeping: Housekeeping,
    status: StatusBuilder,
}

/// What wakes the controller, with the tasks and the thread behind it.
struct WakeSources {
    roles: watch::Receiver<Role>,
    inventory: watch::Receiver<Inventory>,
    events: mpsc::UnboundedReceiver<SozuEvent>,
    _events: Events,
    _tasks: JoinSet<()>,
}

impl Controller {
    /// Prepares everything; Sōzu is not asked yet.
    pub fn start(
        path: &Path,
        config: Config,
        store: Store,
        holder: Uuid,
        reports: watch::Sender<Report>,
    ) -> anyhow::Result<Self> {
        let edge = config.edge.clone().context("the configuration has no [edge] section")?;
        let name = settings::name(&edge);
        let lease = Lease::new(&name, holder, &edge.ops_listen.to_string());
        let sozu = Sozu::start(&edge.sozu_socket, &edge.state_dir)?;
        let guard = lease.clone();
        sozu.set_command_guard(Arc::new(move || guard.may_command()));
        let (sender, inventory) = watch::channel(Inventory::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(inventory::watch(store.clone(), sender));
        tasks.spawn(lease.clone().run(store.clone()));
        let (events_thread, events) = Events::start(&edge.sozu_socket);
        Ok(Self {
            marker: auth::edge_secret(&config.portal.data_dir, config.portal.keys_seed_file.as_deref())?,
            certificates: Certificates::start(&edge)?,
            answers: CustomAnswers::default(),
            reconciler: Reconciler::new(sozu, safety_limits(&edge)),
            wake: WakeSources { roles: lease.roles(), inventory, events, _events: events_thread, _tasks: tasks },
            lease,
            drains: Drains::default(),
            claims: BTreeMap::new(),
            diverged: BTreeMap::new(),
            conflict_detector: ConflictDetector::default(),
            workers: 1,
            main_pid: None,
            checked_pid: None,
            triggers: Triggers::default(),
            housekeeping: Housekeeping::default(),
            status: StatusBuilder::new(name, reports),
            store,
            settings: Settings::new(path, config, edge),
        })
    }

    /// The lease, to release it at the end.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// Controls Sōzu until the future is dropped.
    ///
    /// # Errors
    /// When the Sōzu that answers is of another version.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        loop {
            self.tick().await?;
            let pause = self.pause();
            tokio::select! {
                event = self.wake.events.recv() => if let Some(event) = event { self.on_event(event) },
                changed = self.wake.inventory.changed() => changed.context("the inventory task ended")?,
                changed = self.wake.roles.changed() => {
                    changed.context("the lease task ended")?;
                    // Another edge may have changed the claims meanwhile.
                    self.claims.clear();
                }
                () = self.certificates.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
            while let Ok(event) = self.wake.events.try_recv() {
                self.on_event(event);
            }
        }
    }

    fn pause(&self) -> Duration {
        if self.drains.ids().is_empty() { TICK_INTERVAL } else { DRAIN_TICK_INTERVAL }
    }

    fn on_event(&mut self, event: SozuEvent) {
        match event {
            SozuEvent::Drained { backend } => {
                if let Some(process) = process_of(&backend) {
                    self.drains.worker_drained(process);
                }
            }
            SozuEvent::Lost | SozuEvent::Connected | SozuEvent::Upgraded => {
                self.triggers.drift_suspected = true;
                self.main_pid = None;
            }
            SozuEvent::Changed { .. } => self.triggers.on_change(),
        }
    }

    async fn tick(&mut self) -> anyhow::Result<()> {
        self.reload_settings();
        self.check_version().await?;
        let desired = self.desired_spec();
        if let Some(spec) = &desired {
            self.certificates.set_hosts(&spec.hosts());
        }
        let pending = desired.filter(|spec| self.needs_reconcile(spec));
        let reconciles = pending.is_some();
        if let Some(spec) = pending
            && let Err(error) = self.reconcile(spec).await
        {
            self.triggers.verified = false;
            self.status.reconcile_failed(&error);
        }
        self.finish_drains().await;
        self.save_state().await;
        self.read_traffic().await;
        if reconciles || is_older(self.housekeeping.published_at, PUBLISH_INTERVAL) {
            self.publish();
        }
        Ok(())
    }

    /// The desired state; nothing before the database was read, and nothing without the lease.
    fn desired_spec(&mut self) -> Option<EdgeSpec> {
        let Role::Leader { epoch } = self.lease.role() else { return None };
        let inventory = self.wake.inventory.borrow_and_update().clone();
        if !inventory.loaded {
            return None;
        }
        let challenges = self.certificates.challenges();
        Some(build_spec(Inputs {
            config: &self.settings.config,
            edge: &self.settings.edge,
            challenges: challenges.as_ref(),
            inventory: &inventory,
            marker: &self.marker,
            workers: self.workers,
            epoch,
            certificates: self.certificates.current(),
            answers: self.answers.current(self.settings.edge.answers_dir.as_deref()),
        }))
    }

    fn needs_reconcile(&self, spec: &EdgeSpec) -> bool {
        let may_act = self.main_pid.is_some() && !self.conflict_detector.in_conflict();
        may_act && self.triggers.needs_reconcile(spec, self.reconciler.has_pending_probes())
    }

    async fn reconcile(&mut self, mut spec: EdgeSpec) -> anyhow::Result<()> {
        if self.triggers.is_stale() {
            // Sōzu does not report every upgrade of its main process.
            self.main_pid = None;
        }
        let check_is_enough = self.triggers.check_is_enough(&spec, self.reconciler.has_pending_probes());
        if check_is_enough && self.reconciler.still_converged().await? {
            self.triggers.checked_at = Some(Instant::now());
            return Ok(());
        }
        let desired = spec.clone();
        self.claim(&mut spec).await;
        let outcome = match self.reconciler.reconcile(&spec).await {
            Ok(outcome) => outcome,
            Err(error) => return self.on_failure(error),
        };
        self.on_outcome(&spec, &outcome).await;
        self.triggers.applied = (spec == desired).then_some(desired);
        Ok(())
    }

    fn on_failure(&mut self, error: ReconcileError) -> anyhow::Result<()> {
        if let ReconcileError::Sozu(sozu) = &error {
            self.triggers.applied = None;
            if !sozu.is_refusal() {
                self.main_pid = None;
            }
        }
        Err(error.into())
    }

    async fn on_outcome(&mut self, spec: &EdgeSpec, outcome: &Outcome) {
        let now = Instant::now();
        (self.triggers.verified, self.triggers.drift_suspected) = (outcome.verified(), false);
        (self.triggers.reconciled_at, self.triggers.checked_at) = (Some(now), Some(now));
        if !outcome.steps.is_empty() {
            (self.triggers.commanded_at, self.housekeeping.unsaved) = (Some(now), true);
        }
        if outcome.drift_repaired {
            self.conflict_detector.record_repair(now);
        }
        self.status.reconciled(spec, outcome);
        self.workers = u32::try_from(outcome.observation.running().count()).unwrap_or(1).max(1);
        for id in &outcome.removed {
            self.drains.begin(*id);
        }
        for id in &outcome.serving_processes {
            self.drains.cancel(*id);
        }
        if outcome.verified() {
            self.mark_verified(outcome).await;
            let routed = spec.challenges.as_ref().map(|challenges| challenges.hosts.clone()).unwrap_or_default();
            self.certificates.confirm_routes(&routed);
        }
        self.replace_diverged_workers(outcome).await;
    }
}
