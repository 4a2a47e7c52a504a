//! The form that makes a token, as filled in so far.

use crate::domain::text::Text;
use serde::Deserialize;
use uuid::Uuid;

/// What was typed before the page asked for a passkey, restored from the query.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct TokenDraft {
    #[serde(default)]
    label: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    actions: String,
}

impl TokenDraft {
    /// True when nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty() && self.actions.is_empty()
    }

    /// The form with these values.
    pub fn form(&self) -> TokenForm {
        let ticked = self.actions.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        form(self.label.clone(), if self.days.is_empty() { "30" } else { &self.days }.to_owned(), ticked)
    }
}

/// The form with a fresh attempt id and no errors.
pub fn form(label: String, days: String, ticked: Vec<String>) -> TokenForm {
    TokenForm { label, days, ticked, wrong: Vec::new(), attempt: Uuid::now_v7() }
}

/// The form for a token, as filled in.
#[derive(Clone, Debug, Default)]
pub struct TokenForm {
    pub label: String,
    /// Lifetime in days.
    pub days: String,
    /// The slugs of the ticked actions.
    pub ticked: Vec<String>,
    /// Errors by field: `label`, `actions` or `days`.
    pub wrong: Vec<(&'static str, Text)>,
    /// Attempt id: a form sent twice makes one token.
    pub attempt: Uuid,
}
