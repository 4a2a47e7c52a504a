//! When to hold a round, with which wish, and what follows from its outcome.

mod claims;
mod repair;
mod reread;

pub(super) use claims::within_timeout;
use repair::CONFLICT_PAUSE;

use crate::{
    auth,
    config::{Config, Edge},
    edge::{
        answers::CustomAnswers,
        certificates::Certificates,
        desired::{Inputs, build_spec},
        drains::Drains,
        lease::Lease,
        membership::{self, Membership},
        outcome::Outcome,
        plan::SafetyLimits,
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
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use uuid::Uuid;

/// Pause between two looks at what has no way to call us.
const TICK_INTERVAL: Duration = Duration::from_millis(200);
/// The same while a process waits to be let go.
const DRAIN_TICK_INTERVAL: Duration = Duration::from_millis(20);
/// Longest time between two views for the operator.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(500);
/// Longest time between two cheap looks at Sōzu.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// Longest time between two whole rounds.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(10);
/// Pause between two looks at Sōzu's metrics.
const TRAFFIC_INTERVAL: Duration = Duration::from_secs(5);
/// How long Sōzu has to be left alone before its state is kept for its next start.
const SETTLE_TIME: Duration = Duration::from_millis(500);
/// Longest time that a note in the database may take.
const DB_TIMEOUT: Duration = Duration::from_secs(1);
/// Keeps one Sōzu.
pub struct Controller {
    path: PathBuf,
    modified: Option<SystemTime>,
    config: Config,
    edge: Edge,
    marker: String,
    store: Store,
    reconciler: Reconciler,
    certificates: Certificates,
    answers: CustomAnswers,
    lease: Lease,
    roles: watch::Receiver<Role>,
    memberships: watch::Receiver<Membership>,
    events: mpsc::UnboundedReceiver<SozuEvent>,
    _events: Events,
    _tasks: JoinSet<()>,
    drains: Drains,
    /// Processes that we have told the database we serve; true once verified.
    claims: BTreeMap<Uuid, bool>,
    diverged: BTreeMap<u32, u32>,
    repairs: VecDeque<Instant>,
    paused_by_conflict: Option<Instant>,
    workers: u32,
    main_pid: Option<u32>,
    /// The process whose version was found to be right.
    known_pid: Option<u32>,
    last: Last,
    status: StatusBuilder,
}

/// What the last round leaves for the next.
#[derive(Default)]
struct Last {
    spec: Option<EdgeSpec>,
    verified: bool,
    whole: Option<Instant>,
    look: Option<Instant>,
    order: Option<Instant>,
    unsaved: bool,
    traffic: Option<Instant>,
    suspicion: bool,
    shown: Option<Instant>,
}

impl Controller {
    /// Prepares everything; nothing is asked of Sōzu yet.
    ///
    /// # Errors
    /// When the state folder, the keys or the watcher of files cannot be had.
    pub fn start(
        path: &Path,
        config: Config,
        store: Store,
        holder: Uuid,
        reports: watch::Sender<Report>,
    ) -> anyhow::Result<Self> {
        let edge = config.edge.clone().context("the configuration has no [edge] section")?;
        let name = name(&edge);
        let lease = Lease::new(&name, holder, &edge.ops_listen.to_string());
        let sozu = Sozu::start(&edge.sozu_socket, &edge.state_dir)?;
        let guard = lease.clone();
        sozu.set_order_guard(Arc::new(move || guard.may_order()));
        let (sender, memberships) = watch::channel(Membership::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(membership::watch(store.clone(), sender));
        tasks.spawn(lease.clone().run(store.clone()));
        let (events_thread, events) = Events::start(&edge.sozu_socket);
        Ok(Self {
            path: path.into(),
            modified: modified(path),
            marker: auth::edge_marker(&config.portal.data_dir, config.portal.keys_seed_file.as_deref())?,
            certificates: Certificates::start(&edge)?,
            answers: CustomAnswers::default(),
            reconciler: Reconciler::new(sozu, safety_limits(&edge)),
            roles: lease.roles(),
            lease,
            memberships,
            events,
            _events: events_thread,
            _tasks: tasks,
            drains: Drains::default(),
            claims: BTreeMap::new(),
            diverged: BTreeMap::new(),
            repairs: VecDeque::new(),
            paused_by_conflict: None,
            workers: 1,
            main_pid: None,
            known_pid: None,
            last: Last::default(),
            status: StatusBuilder::new(name, reports),
            store,
            config,
            edge,
        })
    }

    /// The lease, to give it back at the end.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// Keeps Sōzu for ever.
    ///
    /// # Errors
    /// When the Sōzu that answers is of another version.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        loop {
            self.tick().await?;
            let pause = self.pause();
            tokio::select! {
                event = self.events.recv() => if let Some(event) = event { self.on_event(event) },
                changed = self.memberships.changed() => changed.context("the reading of the database has ended")?,
                changed = self.roles.changed() => {
                    changed.context("the holding of the lease has ended")?;
                    // Another edge may have kept the notes meanwhile.
                    self.claims.clear();
                }
                () = self.certificates.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
            while let Ok(event) = self.events.try_recv() {
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
                self.last.suspicion = true;
                self.main_pid = None;
            }
            // Our own orders are told of as well; what they did was looked at just after them.
            SozuEvent::Changed { .. } => {
                self.last.suspicion |= self.last.order.is_none_or(|order| order.elapsed() > SETTLE_TIME);
            }
        }
    }

    async fn tick(&mut self) -> anyhow::Result<()> {
        self.reread();
        self.check_version().await?;
        let pending = self.spec().filter(|spec| self.needs_reconcile(spec));
        let reconciles = pending.is_some();
        if let Some(spec) = pending
            && let Err(error) = self.reconcile(spec).await
        {
            self.last.verified = false;
            self.status.reconcile_failed(&error);
        }
        self.finish_drains().await;
        self.save_state().await;
        self.read_traffic().await;
        if reconciles || self.last.shown.is_none_or(|at| at.elapsed() > PUBLISH_INTERVAL) {
            self.publish();
        }
        Ok(())
    }

    /// The wish of this moment; nothing before the database was read and the lease is known.
    fn spec(&mut self) -> Option<EdgeSpec> {
        let Role::Leader { epoch } = self.lease.role() else { return None };
        let membership = self.memberships.borrow_and_update().clone();
        if !membership.loaded {
            return None;
        }
        let challenges = self.certificates.challenges();
        let spec = build_spec(Inputs {
            config: &self.config,
            edge: &self.edge,
            challenges: challenges.as_ref(),
            membership: &membership,
            marker: &self.marker,
            workers: self.workers,
            epoch,
            certificates: self.certificates.current(),
            answers: self.answers.current(self.edge.answers_dir.as_deref()),
        });
        self.certificates.wanted(&spec.sites.values().flatten().cloned().collect());
        Some(spec)
    }

    fn needs_reconcile(&self, spec: &EdgeSpec) -> bool {
        if self.main_pid.is_none() || self.paused_by_conflict.is_some_and(|since| since.elapsed() < CONFLICT_PAUSE) {
            return false;
        }
        let changed = self.last.spec.as_ref() != Some(spec);
        let stale = self.last.whole.is_none_or(|at| at.elapsed() > RECONCILE_INTERVAL);
        let look = self.last.look.is_none_or(|at| at.elapsed() > CHECK_INTERVAL);
        // What cannot be verified is tried again, though not without a breath.
        let unfinished = !self.last.verified || self.reconciler.has_pending_probes();
        let again = unfinished && self.last.whole.is_none_or(|at| at.elapsed() > SETTLE_TIME);
        changed || stale || look || self.last.suspicion || again
    }

    async fn reconcile(&mut self, mut spec: EdgeSpec) -> anyhow::Result<()> {
        let same = self.last.spec.as_ref() == Some(&spec);
        let whole = self.last.whole.is_some_and(|at| at.elapsed() <= RECONCILE_INTERVAL);
        if !whole {
            // An upgrade of the main process may go unheard.
            self.main_pid = None;
        }
        let content = self.last.verified && !self.last.suspicion && !self.reconciler.has_pending_probes();
        if same && whole && content && self.reconciler.still_holds().await? {
            self.last.look = Some(Instant::now());
            return Ok(());
        }
        let desired = spec.clone();
        self.claim(&mut spec).await;
        let outcome = match self.reconciler.reconcile(&spec).await {
            Ok(outcome) => outcome,
            Err(error) => return self.on_failure(error),
        };
        self.on_outcome(&spec, &outcome).await;
        self.last.spec = (spec == desired).then_some(desired);
        Ok(())
    }

    fn on_failure(&mut self, error: ReconcileError) -> anyhow::Result<()> {
        if let ReconcileError::Sozu(sozu) = &error {
            self.last.spec = None;
            if !sozu.is_refusal() {
                self.main_pid = None;
            }
        }
        Err(error.into())
    }

    async fn on_outcome(&mut self, spec: &EdgeSpec, outcome: &Outcome) {
        let now = Instant::now();
        let acted = !outcome.steps.is_empty();
        (self.last.verified, self.last.whole, self.last.look) = (outcome.verified(), Some(now), Some(now));
        self.last.suspicion = false;
        if acted {
            (self.last.order, self.last.unsaved) = (Some(now), true);
        }
        if outcome.found_changed {
            self.record_repair(now);
        }
        self.status.reconciled(spec, outcome);
        self.workers = u32::try_from(outcome.observation.running().count()).unwrap_or(1).max(1);
        for id in &outcome.removed {
            self.drains.begin(*id);
        }
        for id in &outcome.serving {
            self.drains.cancel(*id);
        }
        if outcome.verified() {
            self.mark_verified(outcome).await;
            let routed = spec.challenges.as_ref().map(|challenges| challenges.hosts.clone()).unwrap_or_default();
            self.certificates.routed(&routed);
        }
        self.replace_diverged_workers(outcome).await;
    }

    /// Keeps the verified state for Sōzu's next start.
    async fn save_state(&mut self) {
        let calm = self.last.order.is_none_or(|at| at.elapsed() >= SETTLE_TIME);
        if self.last.unsaved && self.last.verified && calm {
            let saved = self.reconciler.sozu().save_state().await;
            self.last.unsaved = saved.is_err();
            self.last.order = Some(Instant::now());
            self.status.state_saved(saved.err().map(|error| format!("{:#}", anyhow::Error::from(error))));
        }
    }

    async fn read_traffic(&mut self) {
        if self.main_pid.is_some() && self.last.traffic.is_none_or(|at| at.elapsed() > TRAFFIC_INTERVAL) {
            self.last.traffic = Some(Instant::now());
            match self.reconciler.sozu().traffic().await {
                Ok(traffic) => self.status.traffic(&traffic),
                Err(error) => tracing::debug!("{:#}", anyhow::Error::from(error)),
            }
        }
    }

    fn publish(&mut self) {
        self.last.shown = Some(Instant::now());
        let paused_by_conflict = self.paused_by_conflict.is_some_and(|since| since.elapsed() < CONFLICT_PAUSE);
        self.status.paused_by_conflict(paused_by_conflict);
        let mut complaints = self.certificates.complaints();
        complaints.extend_from_slice(self.answers.complaints());
        let membership = self.memberships.borrow().clone();
        let loaded = self.certificates.current();
        self.status.publish(
            &membership,
            loaded,
            &complaints,
            self.lease.role(),
            self.last.verified && !paused_by_conflict,
        );
    }
}

pub(super) fn safety_limits(edge: &Edge) -> SafetyLimits {
    SafetyLimits { max_removal_percent: edge.max_removal_percent }
}

/// What this Sōzu is called: every machine has one.
fn name(edge: &Edge) -> String {
    let host = || nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned();
    edge.name.clone().unwrap_or_else(|| format!("{}:{}", host(), edge.sozu_socket.display()))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}
