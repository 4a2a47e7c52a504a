//! The report as Prometheus' text format.

use crate::edge::report::{Report, Role};
use std::fmt::Write;

/// One metric: name, kind, help.
type Metric = (&'static str, &'static str, &'static str);

const UP: Metric = ("sozu_up", "gauge", "1 when Sōzu's command socket answers");
const CONVERGED: Metric = ("converged", "gauge", "1 when Sōzu was verified to be in the desired state");
const LEADER: Metric = ("leader", "gauge", "1 when this edge is the active controller");
const EPOCH: Metric = ("epoch", "gauge", "Epoch of the lease");
const DATABASE: Metric = ("database_up", "gauge", "1 when the database answers the edge");
const WORKERS: Metric = ("workers_running", "gauge", "Workers of Sōzu that run and agree");
const RESTARTS: Metric = ("sozu_restarts_total", "counter", "Times that Sōzu was found restarted or upgraded");
const SITES: Metric = ("sites", "gauge", "Host names");
const ALARMS: Metric = ("alarms", "gauge", "Things that need the operator's attention");
const ISSUES: Metric = ("faults", "gauge", "Objects that are not in the desired state");
const PLAN: Metric = ("last_plan_seconds", "gauge", "Time that the last plan took, verification included");
const DAYS: Metric = ("certificate_days_left", "gauge", "Whole days until a certificate ends");
const SERVED: Metric = ("certificate_served", "gauge", "1 when every worker serves the certificate");
const SERVING: Metric = ("process_serving", "gauge", "1 when Sōzu sends requests to the process");
const REQUESTS: Metric = ("process_requests_total", "counter", "Requests that Sōzu gave the process");
const ERRORS: Metric = ("process_errors_total", "counter", "Answers of 500 and above, and failed connections");
const P99: Metric = ("process_latency_p99_seconds", "gauge", "99th percentile of the time to an answer");

struct Text(String);

impl Text {
    fn head(&mut self, (name, kind, help): Metric) {
        // Writing into a string cannot fail.
        writeln!(self.0, "# HELP guichet_edge_{name} {help}\n# TYPE guichet_edge_{name} {kind}").ok();
    }

    fn sample(&mut self, metric: Metric, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.0, "guichet_edge_{}{labels} {value}", metric.0).ok();
    }

    fn one(&mut self, metric: Metric, value: impl std::fmt::Display) {
        self.head(metric);
        self.sample(metric, &[], value);
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The whole text.
pub(super) fn text(report: &Report) -> String {
    let mut text = Text(String::new());
    let (leads, epoch) = match report.role {
        Role::Leader { epoch } => (1, epoch),
        Role::Observer { epoch, .. } => (0, epoch),
        Role::Unknown => (0, 0),
    };
    let workers = report.sozu.workers.iter().filter(|worker| worker.state == "running" && worker.agrees).count();
    text.one(UP, u8::from(report.sozu.reachable));
    text.one(CONVERGED, u8::from(report.converged));
    text.one(LEADER, leads);
    text.one(EPOCH, epoch);
    text.one(DATABASE, u8::from(report.database));
    text.one(WORKERS, workers);
    text.one(RESTARTS, report.sozu.restarts_seen);
    text.one(SITES, report.sites.len());
    text.one(ALARMS, report.alarms.len());
    text.one(ISSUES, report.issues.len());
    if let Some(plan) = &report.last_plan {
        text.one(PLAN, format_args!("{}.{:06}", plan.took_us / 1_000_000, plan.took_us % 1_000_000));
    }
    for (name, value) in &report.totals {
        writeln!(text.0, "# TYPE guichet_edge_{name}_total counter\nguichet_edge_{name}_total {value}").ok();
    }
    certificates(report, &mut text);
    processes(report, &mut text);
    text.0
}

fn certificates(report: &Report, text: &mut Text) {
    for (metric, value) in [(DAYS, false), (SERVED, true)] {
        text.head(metric);
        for certificate in &report.certificates {
            let name = certificate.names.first().map_or("", String::as_str);
            let labels = [("name", name), ("source", certificate.source.as_str())];
            let value = if value { i64::from(certificate.served) } else { certificate.days_left };
            text.sample(metric, &labels, value);
        }
    }
}

fn processes(report: &Report, text: &mut Text) {
    for metric in [SERVING, REQUESTS, ERRORS, P99] {
        text.head(metric);
        for process in &report.processes {
            let labels = [("process", process.name.as_str()), ("id", &process.id), ("build", &process.build)];
            match metric.0 {
                "process_serving" => text.sample(metric, &labels, u8::from(process.serving)),
                "process_requests_total" => text.sample(metric, &labels, process.requests),
                "process_errors_total" => text.sample(metric, &labels, process.errors),
                _ => {
                    let seconds = format_args!("{}.{:03}", process.p99_ms / 1000, process.p99_ms % 1000).to_string();
                    text.sample(metric, &labels, seconds);
                }
            }
        }
    }
}
