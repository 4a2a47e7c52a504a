//! What an operator should see to.

use crate::domain::text::Text;
use serde::{Deserialize, Serialize};

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The servers, and whether they keep what is written.
    Database,
    /// Mails.
    Outbox,
    /// Backup sets and their trial.
    Backup,
    /// Definitions of calls.
    Calls,
}

/// Something that an operator should see to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What it is about.
    pub topic: Topic,
    /// What it is.
    pub text: Text,
}

impl Alarm {
    pub(super) fn new(topic: Topic, fr: &str, en: &str) -> Self {
        Self { topic, text: Text::new(fr, en) }
    }
}
