//! How mails leave, and where reports on their delivery come back.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mail {
    /// Mails are written to a folder: the demonstration's mailbox.
    Folder { from: String, folder: PathBuf },
    /// Mails are sent by SMTP.
    Smtp {
        from: String,
        /// `smtps://user@host:465` or `smtp://host:25?tls=required`.
        url: String,
        #[serde(default)]
        password_file: Option<PathBuf>,
        /// Age of an unsent mail, in seconds, from which it is an incident [default: 300].
        #[serde(default)]
        late_seconds: Option<u32>,
        /// Address for reports on the delivery, whose mail server passes them to `guichet admin bounce`. Each mail is sent
        /// from an address of its own, `<name>+<id>.<mac>@<domain>` (variable envelope return path) [default: `from`].
        #[serde(default)]
        bounces: Option<String>,
    },
}

/// Default age of an unsent mail from which it is an incident, in seconds.
const MAX_LATENESS_SECONDS: i64 = 300;
/// Longest name of the address for reports, in characters: with the plus sign, the id of a mail (32), a full stop and
/// its authenticator (16), the part before the `@` has at most 64 (RFC 5321, 4.5.3.1.1).
const MAX_BOUNCES_NAME_CHARS: usize = 14;

impl Mail {
    /// Age of an unsent mail, in seconds, from which it is an incident.
    pub fn late_seconds(&self) -> i64 {
        match self {
            Self::Smtp { late_seconds: Some(seconds), .. } => i64::from(*seconds),
            Self::Smtp { .. } | Self::Folder { .. } => MAX_LATENESS_SECONDS,
        }
    }

    /// Name and domain of the address for reports on the delivery.
    pub fn bounces(&self) -> Option<(&str, &str)> {
        match self {
            Self::Smtp { bounces: Some(address), .. } => address.split_once('@'),
            Self::Smtp { bounces: None, .. } | Self::Folder { .. } => None,
        }
    }

    /// Why the section cannot be used.
    pub(super) fn fault(&self) -> Option<String> {
        let Self::Smtp { bounces: Some(address), .. } = self else { return None };
        let name = |name: &str| {
            (1..=MAX_BOUNCES_NAME_CHARS).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        let domain = |domain: &str| {
            domain.contains('.')
                && domain.split('.').all(|label| !label.is_empty())
                && domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        };
        let usable = self.bounces().is_some_and(|(before, after)| name(before) && domain(after));
        (!usable).then(|| {
            format!(
                "mail.bounces is {address:?}: it has to be an address such as b@aap.example, with at most \
                 {MAX_BOUNCES_NAME_CHARS} letters and digits before the @"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(bounces: &str) -> Mail {
        toml::from_str(&format!("transport = \"smtp\"\nfrom = \"a@b.fr\"\nurl = \"smtp://b\"\nbounces = {bounces:?}"))
            .unwrap()
    }

    #[test]
    fn an_address_for_reports_leaves_room_for_the_id_of_a_mail() {
        assert_eq!(smtp("bounces@aap.example.org").bounces(), Some(("bounces", "aap.example.org")));
        for good in ["b@aap.example", "bounces@aap.example.org"] {
            assert_eq!(smtp(good).fault(), None, "{good}");
        }
        for wrong in
            ["b", "@aap.example", "b@", "b@host", "b+x@aap.example", "a-name-of-20-letters@aap.example", "b@a..b"]
        {
            assert!(smtp(wrong).fault().is_some_and(|fault| fault.contains("b@aap.example")), "{wrong}");
        }
    }
}
