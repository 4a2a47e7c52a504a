//! When each part and each answer of a draft changed last; used to report conflicts.

use crate::domain::{access::Part, ids::AccountId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The last change of a part or of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    /// The revision of the draft after the change.
    pub revision: u64,
    /// Instant, UTC.
    pub at: Timestamp,
    /// The account that made it; recorded of answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<AccountId>,
}

/// The last change of every part, by the slug of the part (`section:budget`, `piece:P9`), and of every answer
/// (`answer:budget.persons`). What last changed before this was recorded is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeLog(BTreeMap<String, LastChange>);

impl ChangeLog {
    /// Records a change of a part.
    pub fn note(&mut self, part: &Part, change: LastChange) {
        self.0.insert(part.to_string(), change);
    }

    /// Records a change of the answer at a path, `section.field`.
    pub fn note_answer(&mut self, path: &str, change: LastChange) {
        self.0.insert(answer_key(path), change);
    }

    /// The last change of the answer at a path.
    #[must_use]
    pub fn of_answer(&self, path: &str) -> Option<LastChange> {
        self.0.get(&answer_key(path)).copied()
    }

    /// Parts changed after a revision or after an instant.
    pub fn since(&self, revision: u64, at: Timestamp) -> Vec<Part> {
        let later = self.0.iter().filter(|(_, change)| change.revision > revision || change.at > at);
        later.filter_map(|(part, _)| part.parse().ok()).collect()
    }
}

/// The key of an answer; no part has such a slug.
fn answer_key(path: &str) -> String {
    format!("answer:{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn tells_what_changed_after_a_revision_or_an_instant() {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let (budget, kbis) = (Part::Section("budget".into()), Part::Piece("P7".into()));
        let mut log = ChangeLog::default();
        log.note(&budget, LastChange { revision: 4, at: at(40), by: None });
        log.note(&kbis, LastChange { revision: 5, at: at(50), by: None });
        assert_eq!(log.since(5, at(50)), []);
        assert_eq!(log.since(4, at(50)), std::slice::from_ref(&kbis), "by revision");
        assert_eq!(log.since(5, at(45)), std::slice::from_ref(&kbis), "by instant");
        assert_eq!(log.since(3, at(99)), [kbis, budget.clone()]);
        log.note(&budget, LastChange { revision: 6, at: at(60), by: None });
        assert_eq!(log.since(5, at(99)), [budget], "only the last change of a part counts");
        let text = serde_json::json!(log).to_string();
        assert_eq!(serde_json::from_str::<ChangeLog>(&text).ok(), Some(log));
    }

    #[test]
    fn knows_who_changed_an_answer_last_and_takes_none_for_a_part() {
        let change = LastChange { revision: 7, at: Timestamp::UNIX_EPOCH, by: Some(AccountId(Uuid::max())) };
        let mut log = ChangeLog::default();
        log.note_answer("budget.persons", change);
        assert_eq!(log.of_answer("budget.persons"), Some(change));
        assert_eq!(log.of_answer("budget.rent"), None);
        assert_eq!(log.since(0, Timestamp::UNIX_EPOCH), []);
        let text = serde_json::json!(log).to_string();
        assert_eq!(serde_json::from_str::<ChangeLog>(&text).ok(), Some(log));
    }
}
