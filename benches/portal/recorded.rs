//! The figures of an earlier run, `benches/recorded.json`, and the machine that they are from.

use crate::{harness::installation::source, measure::Figures};
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, process::Command};

/// The file, in the source tree.
const FILE: &str = "benches/recorded.json";
/// The variable with which a run replaces the file.
const RECORD_VARIABLE: &str = "GUICHET_RECORD_BENCH";

/// The recorded report.
pub struct Recorded(Json);

impl Recorded {
    /// Reads the file; `None` if nothing was recorded.
    pub fn read() -> Option<Self> {
        let text = std::fs::read_to_string(source(FILE)).ok()?;
        Some(Self(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{FILE}: {error}"))))
    }

    /// When and where it was recorded, and whether that is this machine.
    pub fn origin(&self) -> String {
        let (when, commit) = (&self.0["recorded_at"], &self.0["commit"]);
        let (there, here) = (&self.0["machine"], machine());
        let cpu = &there["cpu"];
        let elsewhere =
            if *there == here { String::new() } else { format!("; ANOTHER MACHINE than this one, {}", here["cpu"]) };
        format!("recorded {when} at {commit}, {cpu}, {} cores{elsewhere}", there["cores"])
    }

    /// How far the figures of a scene are from the recorded ones.
    pub fn difference(&self, row: &Figures) -> String {
        let is_it =
            |other: &&Json| other["scene"] == row.scene.as_str() && other["connections"] == json!(row.connections);
        let Some(before) = self.0["scenes"].as_array().into_iter().flatten().find(is_it) else {
            return "not recorded".into();
        };
        let change = |name: &str, value: f64| before[name].as_f64().map_or("?".into(), |before| percent(before, value));
        let (cpu, p99) = (row.cpu_milliseconds, row.p99_milliseconds);
        format!("CPU {}, p99 {}", change("cpu_milliseconds", cpu), change("p99_milliseconds", p99))
    }

    /// The same for a figure of the whole run.
    pub fn difference_of(&self, name: &str, value: f64) -> String {
        self.0[name]["value"].as_f64().map_or("not recorded".into(), |before| percent(before, value))
    }

    /// Scenes that were recorded and are not measured any more.
    pub fn missing(&self, rows: &[Figures]) -> Vec<String> {
        let measured: BTreeSet<&str> = rows.iter().map(|row| row.scene.as_str()).collect();
        let recorded = self.0["scenes"].as_array().into_iter().flatten();
        let names: BTreeSet<&str> = recorded.filter_map(|row| row["scene"].as_str()).collect();
        names.difference(&measured).map(|name| (*name).to_owned()).collect()
    }
}

fn percent(before: f64, now: f64) -> String {
    if before > 0.0 { format!("{:+.0} %", (now / before - 1.0) * 100.0) } else { "?".into() }
}

/// The processor and its cores.
fn machine() -> Json {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    json!({ "cpu": model.map_or("unknown", |(_, name)| name), "cores": cores })
}

/// The commit of the source tree, with a mark if it was changed since.
fn commit() -> String {
    let described = Command::new("git").arg("-C").arg(source("")).args(["describe", "--always", "--dirty"]).output();
    let text = described.ok().filter(|done| done.status.success()).map(|done| done.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// Adds to a report when and where it was made.
pub fn sign(report: &mut Json) {
    report["machine"] = machine();
    report["commit"] = json!(commit());
    report["recorded_at"] = json!(jiff::Timestamp::now().strftime("%Y-%m-%d").to_string());
}

/// Replaces the file, if the caller of the run asks for it.
pub fn replace_if_asked(report: &Json) {
    if std::env::var_os(RECORD_VARIABLE).is_some() {
        std::fs::write(source(FILE), serde_json::to_string_pretty(report).unwrap() + "\n").unwrap();
        println!("recorded in {FILE}");
    }
}
