//! What an evaluation has to say about a dossier: always all of it at once.

use super::text::Text;
use serde::{Deserialize, Serialize};

/// What a finding does to the deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The deposit is refused.
    Blocking,
    /// The deposit is taken; an officer will look at it.
    Warning,
    /// Good to know.
    Info,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Rule of the call's register, such as `ELI-1`.
    pub rule: String,
    /// What it does.
    pub severity: Severity,
    /// Where: `section.field`, `section.field[2].column`, `pieces.P7`, or empty for the whole dossier.
    pub path: String,
    /// What is wrong and what to do.
    pub message: Text,
    /// Interpretation under which the rule was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpretation: Option<String>,
}

impl Finding {
    /// Section of the path.
    #[must_use]
    pub fn section(&self) -> &str {
        self.path.split('.').next().unwrap_or_default()
    }
    /// The path without row and column: the field to which the editor links.
    #[must_use]
    pub fn field(&self) -> &str {
        self.path.split('[').next().unwrap_or_default()
    }
}
