//! The demonstration's mailbox: the mails that would have been sent.

use super::{here, render};
use crate::web::extract::Path;
use crate::{
    app::{App, AppError, Ctx, service::mail},
    domain::calendar::show_instant,
    web::{
        error::Failure,
        view::{self, MailRow},
    },
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;

async fn rows(app: &App) -> Result<Vec<MailRow>, Failure> {
    let folder = app.mail_folder().filter(|_| app.config.portal.demonstration).ok_or(AppError::NotFound)?;
    let zone = app.calls.first().ok_or(AppError::NotFound)?.time_zone();
    let letters = mail::filed(folder).await.map_err(AppError::Disk)?;
    Ok(letters
        .into_iter()
        .map(|(id, letter)| MailRow {
            id,
            to: letter.to,
            subject: letter.subject,
            at: letter.at.parse::<Timestamp>().map_or(letter.at, |at| show_instant(at, &zone)),
            body: letter.body,
        })
        .collect())
}

/// The mails, latest first; as JSON for programs that test the demonstration.
pub async fn list(State(app): State<App>, ctx: Ctx, uri: Uri, headers: HeaderMap) -> Result<Response, Failure> {
    let mails = rows(&app).await?;
    if headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json") {
        let plain: Vec<_> = mails
            .iter()
            .map(|mail| serde_json::json!({ "id": mail.id, "to": mail.to, "subject": mail.subject, "at": mail.at, "body": mail.body }))
            .collect();
        return Ok(Json(plain).into_response());
    }
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::mails(shell, &mails))?).into_response())
}

pub async fn show(State(app): State<App>, ctx: Ctx, Path(id): Path<String>, uri: Uri) -> Result<Html<String>, Failure> {
    let mails = rows(&app).await?;
    let mail = mails.iter().find(|mail| mail.id == id).ok_or(AppError::NotFound)?;
    let call = app.call_of_host(&ctx)?;
    Ok(Html(render(&app, &ctx, call, &here(&uri), |shell| view::mail(shell, mail))?))
}
