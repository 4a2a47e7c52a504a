//! The results of an evaluation of a dossier: always all of them at once.

use super::text::Text;
use serde::{Deserialize, Serialize};

/// At most this many findings of one list are shown: nobody works through more at once, and a response must not grow
/// with the request. Blocking findings come first; the number of the others is reported.
pub const MAX_FINDINGS: usize = 100;

/// The findings of a list that are shown, and the number of the others.
#[must_use]
pub fn shown<T>(findings: &[T]) -> (&[T], usize) {
    let (shown, more) = findings.split_at(findings.len().min(MAX_FINDINGS));
    (shown, more.len())
}

/// A text with the number of findings not shown; `None` when all are.
pub fn and_more(more: usize) -> Option<Text> {
    match more {
        0 => None,
        1 => Some(Text::new("… et 1 autre.", "… and 1 more.")),
        more => Some(Text::new(format!("… et {more} autres."), format!("… and {more} more."))),
    }
}

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
    /// The section of the path.
    pub fn section(&self) -> &str {
        self.path.split('.').next().unwrap_or_default()
    }
    /// The path without row and column: the field to which the editor links.
    pub fn field(&self) -> &str {
        self.path.split('[').next().unwrap_or_default()
    }
}
