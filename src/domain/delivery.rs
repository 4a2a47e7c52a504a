//! What mail servers say about the delivery of a mail: status codes (RFC 3463), replies (RFC 5321) and the failures that
//! follow for an address.

use super::slugs::slugs;
use std::{fmt, str::FromStr};

slugs! {
    /// How long a failure lasts.
    #[derive(PartialOrd, Ord)]
    pub enum FailureKind {
        /// It may end by itself, such as a full mailbox: class 4.
        Temporary = "temporary",
        /// It ends only if somebody changes something: class 5.
        Permanent = "permanent",
    }
}

/// An enhanced status code (RFC 3463), `class.subject.detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCode {
    class: u8,
    subject: u16,
    detail: u16,
}

/// The subjects that concern the recipient: its address, and its mailbox.
const RECIPIENT_SUBJECTS: [u16; 2] = [1, 2];
/// Further subjects that count in a report: undefined, and network and routing.
const REPORTED_SUBJECTS: [u16; 2] = [0, 4];
/// Details of the subject 1 that concern the sender's address (RFC 3463, 3.2).
const SENDER_DETAILS: [u16; 2] = [7, 8];
/// Replies that refuse a recipient, from servers that give no enhanced code (RFC 5321, 4.2.3).
const RECIPIENT_REPLIES: [u16; 3] = [550, 551, 553];
/// What stands for an enhanced code that was not given (RFC 3463, 3.1: other undefined status).
const UNDEFINED: StatusCode = StatusCode { class: 5, subject: 0, detail: 0 };

impl StatusCode {
    /// The kind of failure; `None` for a success.
    pub fn failure(self) -> Option<FailureKind> {
        match self.class {
            4 => Some(FailureKind::Temporary),
            5 => Some(FailureKind::Permanent),
            _ => None,
        }
    }

    fn concerns_recipient(self) -> bool {
        RECIPIENT_SUBJECTS.contains(&self.subject) && !(self.subject == 1 && SENDER_DETAILS.contains(&self.detail))
    }
}

impl FromStr for StatusCode {
    type Err = ();
    /// Reads a code at the beginning of a text. What follows it, such as a comment, is ignored.
    fn from_str(text: &str) -> Result<Self, ()> {
        let code = text.trim_start().split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        let mut parts = code.split('.');
        let mut part = |max: u16| -> Result<u16, ()> {
            let digits = parts.next().filter(|digits| (1..=3).contains(&digits.len())).ok_or(())?;
            digits.parse::<u16>().ok().filter(|number| *number <= max).ok_or(())
        };
        let (class, subject, detail) = (part(9)?, part(999)?, part(999)?);
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5)).ok_or(())?;
        if parts.next().is_some() { Err(()) } else { Ok(Self { class, subject, detail }) }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// A failure to deliver to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryFailure {
    pub kind: FailureKind,
    pub status: StatusCode,
}

impl DeliveryFailure {
    /// The failure that a status code stands for.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        status.failure().map(|kind| Self { kind, status })
    }

    /// The failure of a recipient that a report on the delivery tells: also one that names no subject, and a network of
    /// the recipient that cannot be reached. `None` if it concerns us, such as a policy against our server.
    pub fn of_report(status: StatusCode) -> Option<Self> {
        let counts = status.concerns_recipient() || REPORTED_SUBJECTS.contains(&status.subject);
        Self::of_status(status).filter(|_| counts)
    }

    /// The failure of a recipient that a mail server's reply to a mail reports. `None` if the reply concerns anything
    /// else, such as our own address, our authentication or the server itself: then the mail is worth another attempt.
    pub fn of_reply(code: u16, text: &str) -> Option<Self> {
        match text.parse::<StatusCode>() {
            Ok(status) if u16::from(status.class) != code / 100 => None,
            // Greylisting, which ends by itself within minutes, commonly says 4.2.0.
            Ok(status) if status.class == 4 && status.detail == 0 => None,
            Ok(status) if status.concerns_recipient() => Self::of_status(status),
            Ok(_) => None,
            Err(()) if RECIPIENT_REPLIES.contains(&code) => Self::of_status(UNDEFINED),
            Err(()) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_read_strictly_and_what_follows_is_ignored() {
        for (text, code) in [
            ("5.1.1", "5.1.1"),
            (" 4.2.2 (mailbox full)", "4.2.2"),
            ("2.0.0; queued", "2.0.0"),
            ("5.1.1 <ada@exemple.fr>: no such user", "5.1.1"),
        ] {
            assert_eq!(text.parse::<StatusCode>().map(|code| code.to_string()).as_deref(), Ok(code), "{text}");
        }
        for text in ["", "5", "5.1", "5.1.1.1", "6.1.1", "5.1.9999", "5..1", "no such user 5.1.1", "3.0.0"] {
            assert!(text.parse::<StatusCode>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_reply_marks_the_recipient_only_when_it_is_about_the_recipient() {
        let kind = |code, text| DeliveryFailure::of_reply(code, text).map(|failure| failure.kind);
        assert_eq!(kind(550, "5.1.1 no such user"), Some(FailureKind::Permanent));
        assert_eq!(kind(550, "no such user"), Some(FailureKind::Permanent));
        assert_eq!(kind(452, "4.2.2 mailbox full"), Some(FailureKind::Temporary));
        for (code, text) in [
            (550, "5.7.1 relaying denied"),
            (550, "5.1.8 your address is unknown"),
            (535, "5.7.8 authentication failed"),
            (554, "no thanks"),
            (452, "out of memory"),
            (451, "4.7.1 greylisted"),
            (450, "4.2.0 greylisted"),
            (421, "4.3.2 closing"),
            (450, "5.1.1 of two minds"),
        ] {
            assert_eq!(kind(code, text), None, "{code} {text}");
        }
    }
}
