//! Reads reports on the delivery of a mail (delivery status notifications, RFC 3464) as mail servers write them.
//!
//! The parts and header fields are read tolerantly, since servers differ; what follows from them is strict: an action that
//! the standard names, with a status code of the class that belongs to it.

use crate::domain::delivery::StatusCode;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};

/// Maximum size of a report, in bytes. A report that returns one of our mails has a tenth of it.
pub const MAX_REPORT_BYTES: usize = 1024 * 1024;
/// Maximum number of recipients in a report that are looked at; our mails have one.
const MAX_RECIPIENTS: usize = 20;
/// Header fields of a report in which a server puts the address that the report is for.
const RECIPIENT_FIELDS: [&str; 4] = ["To", "X-Original-To", "Delivered-To", "Envelope-To"];
/// Header fields of a report that may refer to the mail.
const REFERENCE_FIELDS: [&str; 2] = ["In-Reply-To", "References"];

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Addresses and Message-IDs by which the mail may be found, as they stand in the report. Anybody can write them.
    pub references: Vec<String>,
    /// The status of the recipient: a failure, a delay (class 4), or a success; `None` if the report has none that counts.
    pub status: Option<StatusCode>,
}

/// Reads a report that a mail server passed for an address, if it says for which. `None` if the bytes are no such report.
pub fn read(bytes: &[u8], recipient: Option<&str>) -> Option<DeliveryReport> {
    let message = MessageParser::new().parse(bytes)?;
    let mut parts = message.parts.iter();
    let status_part = parts.find(|part| part.is_content_type("message", "delivery-status"))?;
    let mut references: Vec<String> = recipient.map(str::to_owned).into_iter().collect();
    for name in RECIPIENT_FIELDS {
        references.extend(values(&message, name).flat_map(addresses));
    }
    references.extend(message.parts.iter().filter_map(returned_id));
    for name in REFERENCE_FIELDS {
        references.extend(values(&message, name).flat_map(addresses));
    }
    let text = String::from_utf8_lossy(status_part.contents()).replace("\r\n", "\n");
    // The first group of fields is about the message; each other one is about a recipient.
    let groups = text.split("\n\n").map(str::trim).filter(|group| !group.is_empty());
    let statuses: Vec<StatusCode> = groups.take(MAX_RECIPIENTS + 1).filter_map(recipient_status).collect();
    let failed = statuses.iter().find(|status| status.failure().is_some());
    Some(DeliveryReport { references, status: failed.or(statuses.first()).copied() })
}

/// The status in a group of fields about a recipient.
fn recipient_status(group: &str) -> Option<StatusCode> {
    let group = format!("{group}\n\n");
    let fields = MessageParser::new().parse_headers(group.as_bytes())?;
    let value = |name| values(&fields, name).next().map(str::to_owned);
    let action = value("Action")?.to_ascii_lowercase();
    let status: StatusCode = value("Status")?.parse().ok()?;
    let failed = status.failure().is_some();
    let counts = match action.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default() {
        "failed" | "delayed" => failed,
        "delivered" => !failed,
        _ => false,
    };
    counts.then_some(status)
}

/// The Message-ID of the mail that a part of the report returns, whole or as its header.
fn returned_id(part: &MessagePart<'_>) -> Option<String> {
    let id = |message: &Message<'_>| message.message_id().map(str::to_owned);
    match part.message() {
        Some(message) => id(message),
        None if part.is_content_type("text", "rfc822-headers") || part.is_content_type("message", "rfc822-headers") => {
            let header = [part.contents(), b"\n\n"].concat();
            MessageParser::new().parse_headers(&header).as_ref().and_then(id)
        }
        None => None,
    }
}

/// The raw values of a header field.
fn values<'m>(message: &'m Message<'_>, name: &'static str) -> impl Iterator<Item = &'m str> {
    let all = message.parts.first().into_iter().flat_map(|_| message.headers_raw());
    all.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// What has an `@` in a value of a header field.
fn addresses(value: &str) -> impl Iterator<Item = String> {
    let words = value.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')'));
    words.filter(|word| word.contains('@')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "0190a5c0000070008000000000000009.0123456789abcdef";

    /// A report as Postfix writes it, with some fields replaced.
    fn report(fields: &str, returned: &str) -> String {
        format!(
            "Return-Path: <>\r\nX-Original-To: b+{TAG}@aap.example\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\n\
             Subject: Undelivered Mail Returned to Sender\r\nTo: b+{TAG}@aap.example\r\nAuto-Submitted: auto-replied\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"B\"\r\n\r\n\
             This is a MIME-encapsulated message.\r\n\r\n--B\r\nContent-Description: Notification\r\n\
             Content-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry to have to inform you\r\n\r\n--B\r\n\
             Content-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example\r\nArrival-Date: Mon, 30 Nov 2026 10:00:00 +0100 (CET)\r\n\r\n{fields}\r\n\r\n\
             --B\r\n{returned}\r\n--B--\r\n"
        )
    }

    fn status(fields: &str) -> Option<String> {
        let report = read(report(fields, "").as_bytes(), None).expect("a report");
        report.status.map(|status| status.to_string())
    }

    #[test]
    fn the_status_of_the_recipient_is_read() {
        for (fields, expected) in [
            (
                "Final-Recipient: rfc822; ada@exemple.fr\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n <ada@exemple.fr>: unknown",
                Some("5.1.1"),
            ),
            (
                "final-recipient: rfc822;ada@exemple.fr\r\naction: FAILED (bounced)\r\nstatus: 5.2.1 (disabled)",
                Some("5.2.1"),
            ),
            ("Action: delayed\r\nStatus: 4.4.1\r\nWill-Retry-Until: later", Some("4.4.1")),
            ("Action: delivered\r\nStatus: 2.0.0", Some("2.0.0")),
            ("Action: failed\r\nStatus: 2.0.0", None),
            ("Action: delivered\r\nStatus: 5.0.0", None),
            ("Action: relayed\r\nStatus: 2.0.0", None),
            ("Action: failed", None),
            ("Status: 5.1.1", None),
            ("Action: failed\r\nStatus: unknown", None),
            ("Action: delivered\r\nStatus: 2.0.0\r\n\r\nAction: failed\r\nStatus: 5.1.1", Some("5.1.1")),
        ] {
            assert_eq!(status(fields).as_deref(), expected, "{fields}");
        }
    }

    #[test]
    fn the_mail_is_found_by_the_address_of_the_report_and_by_what_it_returns() {
        let whole = format!(
            "Content-Type: message/rfc822\r\n\r\nMessage-ID: <{TAG}@aap.example>\r\nSubject: x\r\n\r\nbody\r\n"
        );
        let header =
            format!("Content-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-ID: <{TAG}@aap.example>\r\n");
        let failed = "Action: failed\r\nStatus: 5.1.1";
        for returned in [&whole, &header] {
            // A server that strips the address of the report.
            let text = report(failed, returned).replace(&format!("b+{TAG}@"), "postmaster@");
            let found = read(text.as_bytes(), None).unwrap();
            assert!(found.references.iter().any(|one| one == &format!("{TAG}@aap.example")), "{found:?}");
        }
        let found = read(report(failed, "").as_bytes(), Some("b+x@aap.example")).unwrap();
        assert_eq!(found.references[0], "b+x@aap.example");
        assert!(found.references.contains(&format!("b+{TAG}@aap.example")), "{found:?}");
        let unix = report(failed, &header).replace("\r\n", "\n");
        assert_eq!(read(unix.as_bytes(), None).unwrap().status.unwrap().to_string(), "5.1.1");
    }

    #[test]
    fn other_bytes_are_no_report_and_nothing_panics() {
        for other in [
            "",
            "\0",
            "Subject: absent\r\n\r\nI am on holiday until Monday.",
            "Content-Type: multipart/report; boundary=B\r\n\r\n--B",
        ] {
            assert_eq!(read(other.as_bytes(), None), None, "{other:?}");
        }
        let good = report("Action: failed\r\nStatus: 5.1.1", "");
        for end in (0..good.len()).step_by(7) {
            let _read = read(&good.as_bytes()[..end], None);
            let mut changed = good.clone().into_bytes();
            changed[end] = changed[end].wrapping_add(131);
            let _read = read(&changed, None);
        }
    }
}
