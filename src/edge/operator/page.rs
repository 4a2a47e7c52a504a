//! The operator's page.

use crate::{
    domain::text::Lang,
    edge::report::{Certificate, Report, Role, SyncStatus},
};
use askama::Template;

/// Host names in the list; of the others only the number is shown.
const MAX_LISTED_SITES: usize = 50;

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    report: &'a Report,
    lang: Lang,
}

/// The page in a language.
pub(super) fn html(report: &Report, lang: Lang) -> askama::Result<String> {
    Page { report, lang }.render()
}

impl Page<'_> {
    fn tr<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        self.lang.tr(fr, en)
    }

    fn well(&self) -> bool {
        self.report.converged && self.report.alarms.is_empty() && self.report.issues.is_empty()
    }

    /// The state of the edge in one sentence.
    fn summary(&self) -> String {
        let report = self.report;
        if !report.sozu.reachable {
            self.tr("Sōzu ne répond pas.", "Sōzu does not answer.").into()
        } else if let Role::Observer { .. } = report.role {
            self.tr(
                "Cette façade observe : une autre donne les ordres.",
                "This edge observes: another one is the active controller.",
            )
            .into()
        } else if !report.converged {
            self.tr("Sōzu n’est pas encore comme il doit être.", "Sōzu has not converged yet.").into()
        } else if self.well() {
            self.tr("Tout est en ordre.", "All is well.").into()
        } else {
            self.tr(
                "Le service est rendu ; des points demandent votre attention.",
                "The service runs; some points need your attention.",
            )
            .into()
        }
    }

    fn role(&self) -> String {
        match &self.report.role {
            Role::Unknown => self.tr("bail inconnu", "lease unknown").into(),
            Role::Leader { epoch } => {
                format!(
                    "{} ({} {epoch})",
                    self.tr("donne les ordres", "is the active controller"),
                    self.tr("époque", "epoch")
                )
            }
            Role::Observer { leader, .. } => {
                format!(
                    "{} {leader}",
                    self.tr("observe ; les ordres viennent de", "observes; the active controller is")
                )
            }
        }
    }

    fn state(&self, state: &str) -> String {
        let known = [
            ("starting", "démarre", "starting"),
            ("ready", "prêt", "ready"),
            ("draining", "se retire", "draining"),
            ("silent", "muet", "silent"),
            ("unknown", "inconnu", "unknown"),
            ("running", "en marche", "running"),
            ("stopping", "s’arrête", "stopping"),
            ("stopped", "arrêté", "stopped"),
            ("not_answering", "ne répond pas", "not answering"),
        ];
        known.iter().find(|(slug, ..)| *slug == state).map_or(state, |(_, fr, en)| self.tr(fr, en)).into()
    }

    fn sync_status(&self, status: &SyncStatus) -> &str {
        match status {
            SyncStatus::Pending => self.tr("en attente", "pending"),
            SyncStatus::Applied => self.tr("en place", "in place"),
            SyncStatus::Rejected => self.tr("refusé", "rejected"),
            SyncStatus::NeedsOperator => self.tr("attend l’opérateur", "needs the operator"),
        }
    }

    fn days(&self, certificate: &Certificate) -> String {
        match certificate.days_left {
            days if days < 0 => self.tr("expiré", "expired").into(),
            1 => self.tr("1 jour", "1 day").into(),
            days => format!("{days} {}", self.tr("jours", "days")),
        }
    }

    fn urgency(&self, certificate: &Certificate) -> &'static str {
        match certificate.days_left {
            days if days < 7 => "bad",
            days if days < 14 => "warn",
            _ => "good",
        }
    }

    fn sites(&self) -> &[crate::edge::report::Site] {
        self.report.sites.get(..MAX_LISTED_SITES).unwrap_or(&self.report.sites)
    }

    fn more_sites(&self) -> usize {
        self.report.sites.len().saturating_sub(MAX_LISTED_SITES)
    }

    fn milliseconds(&self, microseconds: &u64) -> String {
        let decimal = self.tr(",", ".");
        format!("{}{decimal}{} ms", microseconds / 1000, microseconds % 1000 / 100)
    }

    fn per_second(&self, rate: &f64) -> String {
        format!("{rate:.1}").replace('.', self.tr(",", "."))
    }
}
