//! The message of a mail as mail servers take it: header fields, two parts with the same content, envelope.

use super::{MailError, compose::Content, letter::EmailMessage, tag};
use crate::app::App;
use jiff::Timestamp;
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

/// Builds the message of a job. The transport folds and encodes its header fields; a value with a line break cannot add
/// one.
pub(super) fn build(
    app: &App,
    job: Uuid,
    message: &EmailMessage,
    content: Content,
    from: &str,
    at: Timestamp,
) -> Result<Message, MailError> {
    let (from, to): (Mailbox, Mailbox) = (from.parse()?, message.to.parse()?);
    let sender = match app.config.mail.bounces() {
        Some((name, domain)) => format!("{name}+{}@{domain}", tag::write(&app.keys, job)).parse()?,
        None => from.email.clone(),
    };
    let envelope = Envelope::new(Some(sender), vec![to.email.clone()])?;
    let mut builder = Message::builder()
        .from(from)
        .to(to)
        .subject(content.subject)
        .date(UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default()))
        .message_id(Some(tag::message_id(&app.keys, job, app.config.public_host())))
        .raw_header(field("Content-Language", message.lang.tag()))
        .raw_header(field("Auto-Submitted", "auto-generated"))
        .raw_header(field("X-Auto-Response-Suppress", "All"))
        .envelope(envelope);
    if let Ok(contact) = message.about.contact.parse::<Address>() {
        builder = builder.reply_to(Mailbox::new(None, contact));
    }
    Ok(builder.multipart(MultiPart::alternative_plain_html(content.text, content.html))?)
}

fn field(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
