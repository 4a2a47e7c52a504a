//! The state of the virus scanner and of its queue, for the operator's page.

use super::alarm::{Alarm, Topic};
use crate::{
    app::App,
    domain::{scan::ScanState, text::Text},
    store::{
        Freshness, StoreError,
        scan::{self, ScanCounts},
    },
};
use serde::Serialize;
use std::error::Error;

/// Time that a file may wait before it is an alarm, in seconds.
const MAX_WAIT_SECONDS: i64 = 3600;

/// The scanner and its queue.
#[derive(Serialize)]
pub(super) struct ScanView {
    /// Versions of its engine and of its base; `None` if it does not answer.
    pub version: Option<String>,
    /// Why it does not answer, in English, for the operator.
    pub silence: Option<String>,
    /// Numbers of files; `None` if the database does not answer.
    pub files: Option<FileCounts>,
}

/// Files by their state.
#[derive(Serialize)]
pub(super) struct FileCounts {
    pub waiting: u64,
    pub clean: u64,
    pub infected: u64,
    pub unscannable: u64,
    /// For how long the longest has waited.
    pub oldest_wait_seconds: Option<i64>,
}

impl FileCounts {
    /// The numbers, each with the slug of its state.
    pub fn by_state(&self) -> [(&'static str, u64); 4] {
        let number = |state: ScanState| match state {
            ScanState::Waiting => self.waiting,
            ScanState::Clean => self.clean,
            ScanState::Infected => self.infected,
            ScanState::Unscannable => self.unscannable,
        };
        [ScanState::Waiting, ScanState::Clean, ScanState::Infected, ScanState::Unscannable]
            .map(|state| (state.slug(), number(state)))
    }
}

impl ScanView {
    /// Queries the scanner, if there is one, and the queue.
    pub async fn ask(app: &App) -> Option<Self> {
        let scanner = app.scanner.as_ref()?;
        let (version, files) = tokio::join!(scanner.version(), count(app));
        let (version, silence) = match version {
            Ok(version) => (Some(version), None),
            Err(error) => {
                (None, Some(error.source().map_or_else(|| error.to_string(), |why| format!("{error}: {why}"))))
            }
        };
        let files = files.ok().map(|counts| FileCounts {
            waiting: counts.waiting,
            clean: counts.clean,
            infected: counts.infected,
            unscannable: counts.unscannable,
            oldest_wait_seconds: counts.waiting_since.map(|since| (app.clock().as_second() - since.as_second()).max(0)),
        });
        Some(Self { version, silence, files })
    }

    /// The alarms for the operator.
    pub fn alarms(&self) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        if self.version.is_none() {
            alarms.push(Alarm::new(
                Topic::Scan,
                "L’antivirus ne répond pas : les fichiers attendent leur analyse, les dépôts continuent.",
                "The virus scanner does not answer: files wait for their scan, deposits go on.",
            ));
        }
        let Some(files) = &self.files else { return alarms };
        if files.oldest_wait_seconds.is_some_and(|seconds| seconds > MAX_WAIT_SECONDS) {
            alarms.push(Alarm::new(
                Topic::Scan,
                "Des fichiers attendent leur analyse antivirus depuis plus d’une heure.",
                "Files have waited for their virus scan for more than an hour.",
            ));
        }
        if files.unscannable > 0 {
            let text = Text::new(
                format!("Fichiers que l’antivirus n’a pas pu analyser : {}.", files.unscannable),
                format!("Files that the virus scanner could not scan: {}.", files.unscannable),
            );
            alarms.push(Alarm { topic: Topic::Scan, text });
        }
        alarms
    }
}

async fn count(app: &App) -> Result<ScanCounts, StoreError> {
    let mut db = app.store.read(Freshness::MayLag).await?;
    scan::count(&mut db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_scanner_old_files_and_files_without_a_verdict_are_told() {
        let files = |unscannable, oldest_wait_seconds| {
            Some(FileCounts { waiting: 1, clean: 1, infected: 1, unscannable, oldest_wait_seconds })
        };
        let alarms = |version: Option<&str>, files| {
            ScanView { version: version.map(str::to_owned), silence: None, files }.alarms().len()
        };
        assert_eq!(alarms(Some("ClamAV 1.4.6"), files(0, Some(MAX_WAIT_SECONDS))), 0, "what is infected is no fault");
        assert_eq!(alarms(Some("ClamAV 1.4.6"), None), 0);
        assert_eq!(alarms(None, files(2, Some(MAX_WAIT_SECONDS + 1))), 3);
    }
}
