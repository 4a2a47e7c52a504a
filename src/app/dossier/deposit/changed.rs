//! Refusal of a deposit because the draft has changed.

use crate::{
    app::AppError,
    domain::{
        access::Part,
        call::Call,
        dossier::Dossier,
        text::{Lang, Text},
    },
};
use jiff::Timestamp;

/// A deposit that was refused because the draft is no longer the one to be deposited.
#[derive(Clone, Debug)]
pub struct DraftChanged {
    /// What changed, for display. Empty if the change predates the record of changes.
    pub changed_parts: Vec<Text>,
    /// Receipt of this attempt, if it was deposited before the change.
    pub deposited: Option<String>,
}

impl DraftChanged {
    /// Returns why a deposit is refused: what changed after the revision that the client has seen, or after the instant
    /// at which the request was complete.
    pub(super) fn refusing(call: &Call, dossier: &Dossier, seen: Option<u64>, received_at: Timestamp) -> AppError {
        let seen = seen.unwrap_or(dossier.revision);
        AppError::DraftChanged(Box::new(Self::since(call, dossier, seen, received_at, None)))
    }

    /// Returns what changed since the deposit that this attempt made.
    #[must_use]
    pub fn since_deposit(call: &Call, dossier: &Dossier, receipt: String) -> Self {
        let deposited = dossier.deposit.as_ref();
        let seen = deposited.map_or(dossier.revision, |deposit| deposit.revision);
        Self::since(call, dossier, seen, dossier.changed_at, Some(receipt))
    }

    fn since(call: &Call, dossier: &Dossier, revision: u64, at: Timestamp, deposited: Option<String>) -> Self {
        let changed = dossier.changes.since(revision, at).into_iter();
        Self { changed_parts: changed.filter_map(|part| name(call, part)).collect(), deposited }
    }

    /// Message for the user: what happened and what changed.
    pub fn message(&self) -> Text {
        let all = |lang: Lang| self.changed_parts.iter().map(|part| part.get(&lang)).collect::<Vec<_>>().join(" ; ");
        let (parts_fr, parts_en) = match self.changed_parts.is_empty() {
            true => (String::new(), String::new()),
            false => (format!(" (modifié depuis : {})", all(Lang::Fr)), format!(" (changed since: {})", all(Lang::En))),
        };
        match &self.deposited {
            Some(receipt) => Text::new(
                format!(
                    "Cette page datait d’avant vos dernières modifications{parts_fr} : rien de nouveau n’a été déposé. Ce qu’elle montrait l’est déjà, reçu n° {receipt}."
                ),
                format!(
                    "This page was loaded before your latest changes{parts_en}: nothing new was deposited. What it showed is deposited already, receipt no. {receipt}."
                ),
            ),
            None => Text::new(
                format!(
                    "Rien n’a été déposé : le brouillon n’est plus celui que vous aviez sous les yeux{parts_fr}. Relisez-le, puis déposez de nouveau."
                ),
                format!(
                    "Nothing was deposited: the draft has changed since you opened this page{parts_en}. Review it, then deposit again."
                ),
            ),
        }
    }
}

/// Display name of a part in the call.
fn name(call: &Call, part: Part) -> Option<Text> {
    match part {
        Part::Section(id) => call.section(&id).map(|section| section.title.clone()),
        Part::Piece(code) => {
            let title = &call.piece(&code)?.title;
            Some(Text::new(format!("{code} – {}", title.fr), format!("{code} – {}", title.en)))
        }
        Part::Overview | Part::Whole | Part::Deposit => None,
    }
}
