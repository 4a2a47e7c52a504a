//! The form that makes a token, as somebody has filled it in so far.

use crate::web::view::TokenForm;
use serde::Deserialize;
use uuid::Uuid;

/// What was typed before the page asked for a passkey, as its address brings it back.
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
    /// Whether anything was typed.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty() && self.actions.is_empty()
    }

    /// The form with it.
    pub fn form(&self) -> TokenForm {
        let ticked = self.actions.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        form(self.label.clone(), if self.days.is_empty() { "30" } else { &self.days }.to_owned(), ticked)
    }
}

/// The form under a fresh id of its attempt, with nothing wrong.
pub fn form(label: String, days: String, ticked: Vec<String>) -> TokenForm {
    TokenForm { label, days, ticked, wrong: Vec::new(), attempt: Uuid::now_v7() }
}
