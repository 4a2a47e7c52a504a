//! The mails that the portal sends, as they are stored until they are sent. They have names and titles; messages, marks
//! and reasons are shown only in the portal.

use crate::domain::{
    call::Call,
    document::Document,
    text::{
        Lang,
        clean::{TextKind, clean},
        shorten,
    },
};
use serde::{Deserialize, Serialize};

/// Most characters of a name or title in a mail.
const MAX_NAME_CHARS: usize = 120;

/// A mail to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EmailMessage {
    pub to: String,
    /// Language of the recipient.
    pub lang: Lang,
    #[serde(flatten)]
    pub about: Concern,
    #[serde(flatten)]
    pub letter: Letter,
}

/// What a mail is about, as far as its recipient may know it; what does not apply is empty. Mails of former releases
/// have none of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Concern {
    /// Title of the call, in the language of the recipient.
    #[serde(default)]
    pub call: String,
    /// Name of the company.
    #[serde(default)]
    pub company: String,
    /// Title of the project.
    #[serde(default)]
    pub project: String,
    /// The contact of the call, to which replies go.
    #[serde(default)]
    pub contact: String,
}

impl Concern {
    /// The call, and its contact.
    pub fn of_call(call: &Call, lang: Lang) -> Self {
        let title = call.title.get(&lang).to_owned();
        Self { call: title, contact: call.contact.email.clone(), ..Self::default() }
    }

    /// Nothing but the contact of a call: for mails on an account.
    pub fn contact_of(call: Option<&Call>) -> Self {
        Self { contact: call.map_or_else(String::new, |call| call.contact.email.clone()), ..Self::default() }
    }

    /// The call, and the company and project as the answers name them.
    pub fn of_answers(call: &Call, answers: &Document, lang: Lang) -> Self {
        let name = |path: &str| shorten(clean(TextKind::Line, answers.text(path)).trim(), MAX_NAME_CHARS);
        Self { company: name(&call.company.name), project: name(&call.company.project), ..Self::of_call(call, lang) }
    }

    /// Without names that look like a link. A mail goes to any address that somebody typed, and mail programs would make
    /// a link of such a name that seems to be ours.
    #[must_use]
    pub fn without_links(self) -> Self {
        let plain = |name: String| if looks_like_link(&name) { String::new() } else { name };
        Self { company: plain(self.company), project: plain(self.project), ..self }
    }
}

/// Whether mail programs may make a link of a text: it has an address, or a full stop within a word that a name of a
/// top-level domain could follow.
fn looks_like_link(text: &str) -> bool {
    let host = |word: &str| {
        word.match_indices('.').any(|(at, _)| {
            let (before, after) = (&word[..at], &word[at + 1..]);
            before.ends_with(char::is_alphanumeric) && after.chars().take_while(|c| c.is_alphabetic()).count() >= 2
        })
    };
    text.contains(['@', '/', '\\']) || text.split_whitespace().any(host)
}

/// The letters, each with its own content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    SignIn {
        /// The link. Anyone who has it can sign in once.
        link: String,
    },
    /// Parts of a dossier were shared.
    Invited {
        /// Address of the owner.
        by: String,
        /// Names of the shared parts.
        parts: Vec<String>,
        /// Last valid instant, with its time zone.
        until: String,
        /// The owner has added a note. It is shown only in the portal: in a mail, text that looks like a host name
        /// would become a link that seems to be ours.
        #[serde(default, rename = "word")]
        has_note: bool,
        /// Link to the dossier.
        link: String,
    },
    /// A dossier was assigned to an expert. Only the portal shows which one.
    Assigned {
        /// Link to the dossiers to evaluate.
        link: String,
    },
    /// Copy of the confirmation of a deposit.
    Deposited {
        /// Number of the receipt.
        number: String,
        /// Instant of the deposit, with its time zone.
        at: String,
        /// Digest of the parts.
        digest: String,
        /// Until when it can be deposited again, with its time zone; empty if that is over.
        #[serde(default)]
        closes: String,
        /// Link to the receipt.
        link: String,
    },
    /// A deposit was withdrawn; whoever was told of it is informed.
    Withdrawn {
        /// Number of the receipt.
        number: String,
        /// Instant of the withdrawal, with its time zone.
        at: String,
        /// Until when it can be deposited again, with its time zone; empty if that is over.
        closes: String,
        /// Link to the receipt.
        link: String,
    },
    /// The account of this address was closed.
    AccountClosed {
        /// Instant of the closing, with its time zone.
        at: String,
        /// Number of dossiers that are kept because they were deposited.
        kept: usize,
    },
    /// A passkey changed; the owner of the account must be informed.
    PasskeyChanged {
        change: PasskeyChange,
        /// True if the operator of the installation made the change.
        by_operator: bool,
        /// The owner's name for the passkey.
        name: String,
        /// Instant of the change, with its time zone.
        at: String,
        /// Link to the user's passkeys.
        link: String,
    },
}

/// Kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyChange {
    Added,
    Renamed,
    Removed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_mail_programs_would_make_a_link_of_are_found() {
        for name in [
            "evil.example",
            "www.evil.example",
            "Voir https://evil",
            "a@b",
            "Cliquez sur evil.example/x maintenant",
            "x.fr",
            "société.fr",
        ] {
            assert!(looks_like_link(name), "{name}");
        }
        for name in ["S.A.R.L. Dupont", "Atelier n° 3.5", "L’œuvre. Suite", "Dupont & Fils (IA)", "v2.0", ""] {
            assert!(!looks_like_link(name), "{name}");
        }
    }

    #[test]
    fn mails_that_a_former_release_queued_are_still_sent() {
        let before = [
            json!({ "letter": "sign_in", "to": "a@b.fr", "lang": "fr", "link": "https://x/" }),
            json!({ "letter": "invited", "to": "a@b.fr", "lang": "en", "by": "c@d.fr", "call": "Hyper Open X",
                    "parts": ["B"], "until": "31/07/2024 23:59:59", "link": "https://x/" }),
            json!({ "letter": "assigned", "to": "a@b.fr", "lang": "fr", "call": "Hyper Open X", "link": "https://x/" }),
            json!({ "letter": "deposited", "to": "a@b.fr", "lang": "fr", "number": "2024-000001",
                    "at": "31/07/2024 23:59:59", "digest": "00", "link": "https://x/" }),
        ];
        for payload in before {
            let message: EmailMessage = serde_json::from_value(payload.clone()).unwrap();
            assert_eq!(message.about.call, payload["call"].as_str().unwrap_or_default());
            let again = serde_json::to_value(&message).unwrap();
            assert_eq!((&again["letter"], &again["to"]), (&payload["letter"], &payload["to"]), "{again}");
        }
    }
}
