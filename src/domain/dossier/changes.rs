//! Which part of a draft changed last, at which revision and when; used to report conflicts.

use crate::domain::access::Part;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The last change of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    /// The revision of the draft after the change.
    pub revision: u64,
    /// Instant, UTC.
    pub at: Timestamp,
}

/// The last change of every part, by the slug of the part (`section:budget`, `piece:P9`). Parts that last changed
/// before this was recorded are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeLog(BTreeMap<String, LastChange>);

impl ChangeLog {
    /// Records a change.
    pub fn note(&mut self, part: &Part, change: LastChange) {
        self.0.insert(part.to_string(), change);
    }

    /// Parts changed after a revision or after an instant.
    pub fn since(&self, revision: u64, at: Timestamp) -> Vec<Part> {
        let later = self.0.iter().filter(|(_, change)| change.revision > revision || change.at > at);
        later.filter_map(|(part, _)| part.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_changed_after_a_revision_or_an_instant() {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let (budget, kbis) = (Part::Section("budget".into()), Part::Piece("P7".into()));
        let mut log = ChangeLog::default();
        log.note(&budget, LastChange { revision: 4, at: at(40) });
        log.note(&kbis, LastChange { revision: 5, at: at(50) });
        assert_eq!(log.since(5, at(50)), []);
        assert_eq!(log.since(4, at(50)), std::slice::from_ref(&kbis), "by revision");
        assert_eq!(log.since(5, at(45)), std::slice::from_ref(&kbis), "by instant");
        assert_eq!(log.since(3, at(99)), [kbis, budget.clone()]);
        log.note(&budget, LastChange { revision: 6, at: at(60) });
        assert_eq!(log.since(5, at(99)), [budget], "only the last change of a part counts");
        let text = serde_json::json!(log).to_string();
        assert_eq!(serde_json::from_str::<ChangeLog>(&text).ok(), Some(log));
    }
}
