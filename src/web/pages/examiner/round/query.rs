//! Filters and order of the list of a round, for the page and for programs.

use crate::{
    domain::text::clean::{TextKind, clean},
    store::deposit::{Assigned, Conflicts, Filter, Sort},
    web::frame::show::encode,
};
use serde::{Deserialize, Serialize};

/// Filters and order of the officer's list, as in the query string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoundQuery {
    /// Search terms.
    pub q: String,
    /// Slug of a brick.
    pub brick: String,
    /// `yes`: only deposits with warnings.
    pub warnings: String,
    /// `yes` or `no`: only what was found admissible, or only what was not.
    pub admissible: String,
    /// `yes` or `no`: only what is given to an expert, or to nobody. Anything else is the address of an expert.
    pub given: String,
    /// `yes`: only where somebody has declared a conflict of interest; `expert`: only where an expert has who must be
    /// replaced.
    pub conflict: String,
    /// `deposited`, `company`, `title`, `base` or `aid`.
    pub sort: String,
    /// `yes`: descending.
    pub desc: String,
    /// Page, from 1; 0 means the first page too.
    pub page: u32,
}

impl RoundQuery {
    /// The query string of a link that changes one parameter, with its `?`; any change except of `page` goes back to
    /// page 1.
    pub fn with(&self, key: &str, value: &str) -> String {
        let page = if key == "page" { value } else { "" };
        let pairs = [
            ("q", self.q.as_str()),
            ("brick", &self.brick),
            ("warnings", &self.warnings),
            ("admissible", &self.admissible),
            ("given", &self.given),
            ("conflict", &self.conflict),
            ("sort", &self.sort),
            ("desc", &self.desc),
            ("page", if matches!(page, "0" | "1") { "" } else { page }),
        ];
        let pairs = pairs.map(|(name, current)| (name, if name == key && name != "page" { value } else { current }));
        let mut text = String::new();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            encode(value, &mut text);
        }
        if text.is_empty() { "?".into() } else { text }
    }

    /// Whether anything is left out of the list.
    pub fn filters(&self) -> bool {
        let filters = [&self.q, &self.brick, &self.warnings, &self.admissible, &self.given, &self.conflict];
        filters.into_iter().any(|filter| !filter.is_empty())
    }

    /// The expert to whom everything in the list is given.
    pub fn expert(&self) -> Option<&str> {
        Some(self.given.as_str()).filter(|given| !matches!(*given, "" | "yes" | "no"))
    }
}

/// The filter given by the query.
pub fn filter(query: &RoundQuery, limit: u32) -> Filter {
    let page = query.page.max(1);
    Filter {
        findings_of_others: 0,
        search_terms: clean(TextKind::Line, &query.q),
        search: None,
        brick: query.brick.clone(),
        warnings: query.warnings == "yes",
        admitted: match query.admissible.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        assigned: match query.given.as_str() {
            "" => None,
            "yes" => Some(Assigned::Somebody),
            "no" => Some(Assigned::Nobody),
            email => Some(Assigned::To(email.to_owned())),
        },
        conflicts: match query.conflict.as_str() {
            "yes" => Some(Conflicts::Declared),
            "expert" => Some(Conflicts::OfExpert),
            _ => None,
        },
        sort: match query.sort.as_str() {
            "company" => Sort::Company,
            "title" => Sort::Title,
            "base" => Sort::Base,
            "aid" => Sort::Aid,
            _ => Sort::Deposited,
        },
        descending: query.desc == "yes",
        offset: (page - 1).saturating_mul(limit),
        limit,
    }
}
