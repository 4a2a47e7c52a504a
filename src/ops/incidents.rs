//! Incidents: a promise that fails opens one, and closes it when it succeeds again.
//!
//! SlapOS writes the result of each promise to a file; its master turns them into tickets. Here they are shown to the
//! operator of one installation: what fails, since when, and what failed before.

use crate::{private_file::replace_private, store::embedded::lock};
use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Interval between two reads of the results.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
/// At most this many closed incidents are kept.
const MAX_CLOSED_INCIDENTS: usize = 100;
/// Maximum length of a stored message, in characters.
const MAX_MESSAGE_CHARS: usize = 500;
/// The file of the incidents, in the data folder.
const INCIDENTS_FILE: &str = "incidents.json";

/// A problem, open or closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub promise: String,
    /// Its last message while it failed, which says what to do.
    pub message: String,
    /// When the failure was detected.
    pub opened_at: Timestamp,
    /// When the recovery was detected.
    pub closed_at: Option<Timestamp>,
}

/// A result, as written by slapgrid.
#[derive(Deserialize)]
struct PromiseResult {
    name: String,
    result: PromiseOutcome,
}

impl PromiseResult {
    /// Its name without the file extension.
    fn promise(&self) -> &str {
        self.name.trim_end_matches(".py")
    }
}

#[derive(Deserialize)]
struct PromiseOutcome {
    failed: bool,
    message: String,
}

/// The incidents of an installation, newest first.
pub fn read(data: &Path) -> Vec<Incident> {
    fs::read(data.join(INCIDENTS_FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Polls the results until the future is dropped; one process of an installation does this.
pub async fn watch(results: PathBuf, data: PathBuf) {
    let mut told = false;
    loop {
        if let Err(error) = turn(&results, &data) {
            if !std::mem::replace(&mut told, true) {
                tracing::warn!("incidents.not_kept: {error:#}");
            }
        } else {
            told = false;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn turn(results: &Path, data: &Path) -> anyhow::Result<()> {
    let Some(_lock) = lock(&data.join("incidents.lock"))? else { return Ok(()) };
    let before = read(data);
    let after = follow(before.clone(), &outcomes(results)?, Timestamp::now());
    if after == before {
        return Ok(());
    }
    let path = data.join(INCIDENTS_FILE);
    replace_private(&path, &serde_json::to_vec_pretty(&after)?).with_context(|| path.display().to_string())
}

fn outcomes(results: &Path) -> anyhow::Result<Vec<PromiseResult>> {
    let entries = match fs::read_dir(results) {
        // No promise has run yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| results.display().to_string())?,
    };
    // A file that is being written is read the next time.
    let read = |entry: io::Result<fs::DirEntry>| serde_json::from_slice(&fs::read(entry.ok()?.path()).ok()?).ok();
    Ok(entries.filter_map(read).collect())
}

/// Updates the incidents with new results. A promise that no longer exists is not a problem any more.
fn follow(mut incidents: Vec<Incident>, outcomes: &[PromiseResult], now: Timestamp) -> Vec<Incident> {
    for incident in incidents.iter_mut().filter(|incident| incident.closed_at.is_none()) {
        match outcomes.iter().find(|one| one.promise() == incident.promise) {
            Some(one) if one.result.failed => incident.message = words(&one.result.message),
            _ => incident.closed_at = Some(now),
        }
    }
    for one in outcomes.iter().filter(|one| one.result.failed) {
        let open = |incident: &Incident| incident.promise == one.promise() && incident.closed_at.is_none();
        if !incidents.iter().any(open) {
            let (promise, message) = (one.promise().to_owned(), words(&one.result.message));
            incidents.insert(0, Incident { promise, message, opened_at: now, closed_at: None });
        }
    }
    incidents.sort_by_key(|incident| incident.closed_at.is_some());
    let open = incidents.iter().filter(|incident| incident.closed_at.is_none()).count();
    incidents.truncate(open + MAX_CLOSED_INCIDENTS);
    incidents
}

/// The output of a command, without what SlapOS adds: the message of a command ends with Python's notation for bytes.
fn words(message: &str) -> String {
    let Some((_, said)) = message.rsplit_once("output: b") else {
        return message.chars().take(MAX_MESSAGE_CHARS).collect();
    };
    let mut bytes = Vec::with_capacity(said.len());
    let mut rest = said.trim_matches(['\'', '"']).bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match escaped {
            None => byte,
            Some(b'x') => {
                let digits = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
                let code = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                code.unwrap_or(b'?')
            }
            Some(b'n' | b't' | b'r') => b' ',
            Some(other) => other,
        });
    }
    let said = String::from_utf8_lossy(&bytes);
    said.trim_start_matches("guichet: ").trim().chars().take(MAX_MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::{PromiseOutcome, PromiseResult, follow};
    use jiff::Timestamp;

    fn one(failed: bool) -> PromiseResult {
        let message =
            "ERROR 'guichet promise disk' run with failure, output: b'guichet: 3\\xc2\\xa0MiB are \\'left\\'\\n'"
                .into();
        PromiseResult { name: "disk".into(), result: PromiseOutcome { failed, message } }
    }

    #[test]
    fn a_promise_opens_one_incident_and_closes_it() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let first = follow(Vec::new(), &[one(true)], at(1));
        assert_eq!((first[0].message.as_str(), first[0].closed_at), ("3\u{a0}MiB are 'left'", None));
        assert_eq!(follow(first.clone(), &[one(true)], at(2)), first);
        let closed = follow(first, &[one(false)], at(3));
        assert_eq!(closed[0].closed_at, Some(at(3)));
        let again = follow(closed, &[one(true)], at(4));
        assert_eq!((again.len(), again[0].closed_at, again[0].opened_at), (2, None, at(4)));
        assert!(follow(again, &[], at(5)).iter().all(|incident| incident.closed_at.is_some()));
    }
}
