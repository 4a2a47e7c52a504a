//! Filters and order of the list of a round, for the page and for programs.

use crate::{
    domain::text::clean::{TextKind, clean},
    store::deposit::{Filter, Sort},
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
        let page = if key == "page" { value.to_owned() } else { String::new() };
        let pick = |name: &str, current: &str| if name == key { value.to_owned() } else { current.to_owned() };
        let pairs = [
            ("q", pick("q", &self.q)),
            ("brick", pick("brick", &self.brick)),
            ("warnings", pick("warnings", &self.warnings)),
            ("sort", pick("sort", &self.sort)),
            ("desc", pick("desc", &self.desc)),
            ("page", if page == "1" || page == "0" { String::new() } else { page }),
        ];
        let mut text = String::new();
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            encode(value, &mut text);
        }
        if text.is_empty() { "?".into() } else { text }
    }
}

/// The filter given by the query.
pub fn filter(query: &RoundQuery, limit: u32) -> Filter {
    let page = query.page.max(1);
    Filter {
        hidden: Vec::new(),
        search_terms: clean(TextKind::Line, &query.q),
        brick: query.brick.clone(),
        warnings: query.warnings == "yes",
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
