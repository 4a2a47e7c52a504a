//! Errors, and the mailbox of the demonstration.

use super::{MailRow, shell::Shell};
use crate::domain::text::Text;
use askama::Template;

type Rendering = Result<String, askama::Error>;

#[derive(Template)]
#[template(path = "view/error.html")]
struct ErrorPage<'a> {
    s: &'a Shell<'a>,
    status: u16,
    title: &'a Text,
    message: &'a Text,
    remedy: &'a Text,
    typed: Option<&'a TypedForm>,
}

/// A failed form, to be reviewed and sent again.
pub struct TypedForm {
    /// Its target address.
    pub action: String,
    /// Names and values, in order, without the form token.
    pub fields: Vec<(String, String)>,
}

/// The error page: title, message and remedy; with the contents of the form, where it may be sent again.
pub fn error(s: &Shell<'_>, status: u16, [title, message, remedy]: [&Text; 3], typed: Option<&TypedForm>) -> Rendering {
    ErrorPage { s, status, title, message, remedy, typed }.render()
}

#[derive(Template)]
#[template(path = "view/mails.html")]
struct Mails<'a> {
    s: &'a Shell<'a>,
    mails: &'a [MailRow],
}

/// The mailbox of the demonstration.
pub fn mails(s: &Shell<'_>, mails: &[MailRow]) -> Rendering {
    Mails { s, mails }.render()
}

/// A part of a mail.
enum MessagePart<'a> {
    Text(&'a str),
    Link(&'a str),
}

#[derive(Template)]
#[template(path = "view/mail.html")]
struct MailPage<'a> {
    s: &'a Shell<'a>,
    mail: &'a MailRow,
    body: Vec<MessagePart<'a>>,
}

/// One mail, with active links.
pub fn mail(s: &Shell<'_>, mail: &MailRow) -> Rendering {
    MailPage { s, mail, body: links(&mail.body) }.render()
}

/// Splits a text at its web addresses.
fn links(text: &str) -> Vec<MessagePart<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"»".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        pieces.extend([MessagePart::Text(before), MessagePart::Link(address)]);
        rest = &from[address.len()..];
    }
    pieces.push(MessagePart::Text(rest));
    pieces
}
