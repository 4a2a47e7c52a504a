//! The demonstration's mailbox: the mails that would have been sent.

use crate::{
    app::{App, AppError, service::mail},
    domain::{calendar::short_instant, text::Lang},
    web::{
        error::Failure,
        extract::Path,
        frame::{HandlerResult, PageContext, PageRequest, PageResult, render},
    },
};
use askama::Template;
use axum::{
    Json,
    http::{HeaderMap, header},
    response::{Html, IntoResponse},
};
use jiff::Timestamp;
use serde::Serialize;

async fn rows(app: &App, lang: Lang) -> Result<Vec<MailRow>, Failure> {
    let folder = app.mail_folder().filter(|_| app.config.portal.demonstration).ok_or(AppError::NotFound)?;
    let zone = app.calls.first().ok_or(AppError::NotFound)?.time_zone();
    let mails = mail::list_folder(folder).await.map_err(AppError::Disk)?;
    Ok(mails
        .into_iter()
        .map(|(id, letter)| MailRow {
            id,
            to: letter.to,
            subject: letter.subject,
            at: letter.at.parse::<Timestamp>().map_or(letter.at, |at| short_instant(at, &zone, lang)),
            body: letter.body,
        })
        .collect())
}

/// The mails, latest first; as JSON for programs that test the demonstration.
pub async fn list(PageRequest { app, ctx, here }: PageRequest, headers: HeaderMap) -> HandlerResult {
    let mails = rows(&app, ctx.lang).await?;
    if headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json") {
        return Ok(Json(mails).into_response());
    }
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here, |s| MailsPage { s, mails: &mails }.render())?).into_response())
}

/// One mail.
pub async fn show(PageRequest { app, ctx, here }: PageRequest, Path(id): Path<String>) -> PageResult {
    let mails = rows(&app, ctx.lang).await?;
    let mail = mails.iter().find(|mail| mail.id == id).ok_or(AppError::NotFound)?;
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here, |s| MailPage { s, mail }.render())?))
}

/// One mail in the demonstration's mailbox.
#[derive(Serialize)]
pub struct MailRow {
    /// Id in the mailbox.
    pub id: String,
    pub to: String,
    pub subject: String,
    /// Time, as shown.
    pub at: String,
    pub body: String,
}

#[derive(Template)]
#[template(path = "pages/operator/mails.html")]
pub struct MailsPage<'a> {
    pub s: &'a PageContext<'a>,
    pub mails: &'a [MailRow],
}

#[derive(Template)]
#[template(path = "pages/operator/mail.html")]
pub struct MailPage<'a> {
    pub s: &'a PageContext<'a>,
    pub mail: &'a MailRow,
}

impl MailPage<'_> {
    /// The text, with its links apart.
    fn parts(&self) -> Vec<MessagePart<'_>> {
        links(&self.mail.body)
    }
}

/// A part of a mail.
enum MessagePart<'a> {
    Text(&'a str),
    Link(&'a str),
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
