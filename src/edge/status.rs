//! Builds the report, and logs each issue and each recovery once.

mod parts;

use crate::{
    build::BUILD,
    config::Listen,
    edge::{
        certificates::LoadedCertificate,
        desired::OWN_SITE,
        inventory::{Inventory, InventoryProcess},
        issue::Issue,
        object::ObjectRef,
        outcome::Outcome,
        render::process_of,
        report::{Certificate, Drift, IssueReport, Process, Report, Role, Site, SyncStatus},
        sozu::Traffic,
        spec::EdgeSpec,
    },
};
use jiff::Timestamp;
use parts::{alarm_of, listeners, now, plan, rate, workers};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};
use tokio::sync::watch;
use uuid::Uuid;

/// Repairs in the report.
const MAX_DRIFTS: usize = 20;

/// The report under construction, and its receivers.
pub struct StatusBuilder {
    report: Report,
    reports: watch::Sender<Report>,
    /// The issues of the last reconciliation.
    issues: Vec<Issue>,
    /// When each issue began, RFC 3339.
    since: BTreeMap<(ObjectRef, String), String>,
    serving: BTreeSet<Uuid>,
    served_certificates: BTreeSet<String>,
    traffic: BTreeMap<Uuid, (Traffic, f64)>,
    traffic_read_at: Option<Instant>,
    /// Current alarms, by subject.
    alarms: BTreeMap<&'static str, String>,
}

impl StatusBuilder {
    /// A report without content.
    pub fn new(name: String, reports: watch::Sender<Report>) -> Self {
        let build = BUILD.to_owned();
        let report = Report { sozu_name: name, build, started_at: now(), ..Report::default() };
        Self {
            report,
            reports,
            issues: Vec::new(),
            since: BTreeMap::new(),
            serving: BTreeSet::new(),
            served_certificates: BTreeSet::new(),
            traffic: BTreeMap::new(),
            traffic_read_at: None,
            alarms: BTreeMap::new(),
        }
    }

    /// Name of this Sōzu.
    pub fn name(&self) -> &str {
        &self.report.sozu_name
    }

    fn count(&mut self, total: &str, by: usize) {
        *self.report.totals.entry(total.into()).or_default() += u64::try_from(by).unwrap_or(0);
    }

    /// Sets or clears an alarm, and logs the change.
    fn set_alarm(&mut self, subject: &'static str, alarm: Option<String>) {
        match alarm {
            Some(alarm) if self.alarms.get(subject) != Some(&alarm) => {
                tracing::warn!("{alarm}");
                self.alarms.insert(subject, alarm);
            }
            None if self.alarms.remove(subject).is_some() => tracing::info!("{subject}: resolved"),
            _ => {}
        }
    }

    /// The configuration file was reloaded, or could not be.
    pub fn configuration(&mut self, issue: Option<String>) {
        self.set_alarm("configuration", issue);
    }

    /// Sōzu does not answer.
    pub fn unreachable(&mut self, reason: &str) {
        self.report.sozu.reachable = false;
        self.set_alarm("Sōzu", Some(format!("Sōzu does not answer: {reason}")));
    }

    /// The same Sōzu answers again.
    pub fn reachable(&mut self) {
        self.report.sozu.reachable = true;
        self.set_alarm("Sōzu", None);
    }

    /// A Sōzu answers, perhaps another process than before.
    pub fn connected(&mut self, pid: u32, version: String) {
        let before = std::mem::replace(&mut self.report.sozu.main_pid, pid);
        if before != 0 && before != pid {
            self.report.sozu.restarts_seen += 1;
            tracing::warn!(pid, "Sōzu was started again or upgraded");
        }
        (self.report.sozu.version, self.report.sozu.reachable) = (version, true);
        self.set_alarm("Sōzu", None);
    }

    /// A reconciliation failed.
    pub fn reconcile_failed(&mut self, error: &anyhow::Error) {
        self.count("rounds_failed", 1);
        self.set_alarm("reconciliation", Some(format!("Sōzu cannot be brought up to date: {error:#}")));
    }

    /// Whether the edge pauses, because another controller undoes its changes.
    pub fn paused_by_conflict(&mut self, paused_by_conflict: bool) {
        let alarm = "another controller changes this Sōzu; pausing for 60 s";
        self.set_alarm("conflicting controller", paused_by_conflict.then(|| alarm.into()));
    }

    /// The state for Sōzu's next start was saved, or could not be.
    pub fn state_saved(&mut self, issue: Option<String>) {
        self.set_alarm(
            "saved state",
            issue.map(|issue| format!("Sōzu's state cannot be kept for its next start: {issue}")),
        );
    }

    /// A reconciliation ended.
    pub fn reconciled(&mut self, spec: &EdgeSpec, outcome: &Outcome) {
        self.set_alarm("reconciliation", None);
        self.count("rounds", 1);
        self.count("steps", outcome.steps.len());
        for step in &outcome.steps {
            tracing::info!("{step}");
        }
        if outcome.drift_repaired {
            self.record_drift(&outcome.steps);
        }
        if !outcome.steps.is_empty() {
            self.report.last_plan = Some(plan(outcome));
        }
        self.issues.clone_from(&outcome.issues);
        self.serving.clone_from(&outcome.serving_processes);
        self.served_certificates.clone_from(&outcome.observation.certificates);
        self.report.sozu.workers = workers(outcome);
        self.report.listeners = listeners(spec, outcome);
        self.report.sites = self.sites(spec);
        self.report_issues();
    }

    fn record_drift(&mut self, steps: &[String]) {
        self.count("drift", steps.len());
        for step in steps.iter().take(MAX_DRIFTS) {
            tracing::warn!("drift repaired: {step}");
            self.report.drift.insert(0, Drift { at: now(), what: step.clone() });
        }
        self.report.drift.truncate(MAX_DRIFTS);
    }

    fn report_issues(&mut self) {
        let mut reported = Vec::new();
        let mut since = BTreeMap::new();
        for Issue { object, status, reason } in &self.issues {
            let key = (object.clone(), reason.clone());
            let first = self.since.get(&key).cloned().unwrap_or_else(|| {
                tracing::warn!("{object}: {reason}");
                now()
            });
            since.insert(key, first.clone());
            reported.push(IssueReport {
                object: object.to_string(),
                status: *status,
                reason: reason.clone(),
                since: first,
            });
        }
        (self.report.issues, self.since) = (reported, since);
    }

    fn sites(&self, spec: &EdgeSpec) -> Vec<Site> {
        let issue_of = |host: &str| self.issues.iter().find(|issue| issue.object.host() == Some(host));
        let site = |site: &str, host: &String| Site {
            host: host.clone(),
            site: if site == OWN_SITE { "portal".into() } else { site.to_owned() },
            status: issue_of(host).map_or(SyncStatus::Applied, |issue| issue.status),
            certificate: spec
                .certificates
                .iter()
                .find(|certificate| certificate.covers(host))
                .map(|certificate| certificate.fingerprint.clone()),
        };
        spec.sites.iter().flat_map(|(id, hosts)| hosts.iter().map(|host| site(id, host))).collect()
    }

    /// Sōzu's metrics were read.
    pub fn traffic(&mut self, traffic: &BTreeMap<String, Traffic>) {
        let interval = self.traffic_read_at.map(|at| at.elapsed());
        self.traffic_read_at = Some(Instant::now());
        let before = std::mem::take(&mut self.traffic);
        for (id, seen) in traffic.iter().filter_map(|(backend, seen)| Some((process_of(backend)?, seen))) {
            let more = before.get(&id).map_or(seen.requests, |(last, _)| seen.requests.saturating_sub(last.requests));
            self.traffic.insert(id, (seen.clone(), rate(more, interval)));
        }
    }

    /// Publishes the report.
    pub fn publish(
        &mut self,
        inventory: &Inventory,
        loaded: &[LoadedCertificate],
        source_issues: &[(String, String)],
        role: Role,
        converged: bool,
    ) {
        let unavailable = "the database is unavailable: its last answer stays in force, and nothing is removed";
        self.set_alarm_unlogged("database", (!inventory.database_up).then(|| unavailable.into()));
        self.report.processes =
            inventory.processes.iter().map(|process| self.process(process, inventory.database_up)).collect();
        self.report.certificates = loaded.iter().map(|loaded| self.certificate(loaded)).collect();
        (self.report.role, self.report.database) = (role, inventory.database_up);
        let listens = self.report.listeners.iter().all(|listener| listener.active);
        self.report.converged = converged && self.report.sozu.reachable && listens;
        self.report.at = now();
        let expiring = self.report.certificates.iter().filter_map(alarm_of);
        let source_issues = source_issues.iter().map(|(object, reason)| format!("{object}: {reason}"));
        self.report.alarms = self.alarms.values().cloned().chain(expiring).chain(source_issues).collect();
        self.reports.send_replace(self.report.clone());
    }

    /// Sets or clears an alarm that was logged elsewhere.
    fn set_alarm_unlogged(&mut self, subject: &'static str, alarm: Option<String>) {
        match alarm {
            Some(alarm) => drop(self.alarms.insert(subject, alarm)),
            None => drop(self.alarms.remove(subject)),
        }
    }

    fn process(&self, process: &InventoryProcess, database_up: bool) -> Process {
        let (traffic, per_second) = self.traffic.get(&process.id).cloned().unwrap_or_default();
        let state = match (database_up, process.silent) {
            (false, _) => "unknown",
            (true, true) => "silent",
            (true, false) => process.state.slug(),
        };
        Process {
            serving: self.serving.contains(&process.id),
            name: process.name.clone(),
            host: process.host.clone(),
            address: process.address.as_ref().map_or_else(Clone::clone, Listen::to_string),
            build: process.build.clone(),
            state: state.into(),
            requests: traffic.requests,
            requests_per_second: per_second,
            errors: traffic.errors,
            p50_ms: traffic.p50_ms,
            p99_ms: traffic.p99_ms,
            id: process.id.to_string(),
        }
    }

    fn certificate(&self, loaded: &LoadedCertificate) -> Certificate {
        let certificate = &loaded.certificate;
        Certificate {
            names: certificate.names.clone(),
            source: loaded.source.clone(),
            fingerprint: certificate.fingerprint.clone(),
            not_after: Timestamp::from_second(certificate.not_after).map_or_else(|_| "?".into(), |at| at.to_string()),
            days_left: (certificate.not_after - Timestamp::now().as_second()).div_euclid(86_400),
            served: self.served_certificates.contains(&certificate.fingerprint),
            issue: loaded.issue.clone(),
        }
    }
}
