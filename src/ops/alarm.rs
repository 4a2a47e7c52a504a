//! Alarms: problems that an operator should handle.

use crate::domain::text::Text;
use serde::{Deserialize, Serialize};

/// The subject of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The servers, and whether writes are durable.
    Database,
    /// Mails.
    Outbox,
    /// Backup sets and their tests.
    Backup,
    /// Definitions of calls.
    Calls,
    /// The nodes that hold the attachments.
    Attachments,
    /// The virus scanner.
    Scan,
}

/// A problem that an operator should handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its subject.
    pub topic: Topic,
    pub text: Text,
}

impl Alarm {
    pub(super) fn new(topic: Topic, fr: &str, en: &str) -> Self {
        Self { topic, text: Text::new(fr, en) }
    }
}
