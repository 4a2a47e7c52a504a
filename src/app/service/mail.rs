//! Mail sent by the portal, its transport, and the reports on its delivery.

mod compose;
mod failing;
mod letter;
mod message;
mod tag;

pub use failing::{FailingAddresses, ReportOutcome};
pub(in crate::app) use failing::{mark_failing, mark_recovered};
pub use letter::{Concern, EmailMessage, Letter, PasskeyChange};

use crate::app::App;
use crate::{config::Mail, domain::delivery::DeliveryFailure};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, transport::smtp::authentication::Credentials};
use serde::{Deserialize, Serialize};
use std::{error::Error, path::Path, time::Duration};
use uuid::Uuid;

/// Maximum time without a response from the mail server.
const SMTP_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// A mail as written to the demonstration's folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenderedMail {
    pub to: String,
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// The same as HTML.
    #[serde(default)]
    pub html: String,
    /// Its Message-ID, with angle brackets.
    #[serde(default)]
    pub message_id: String,
    /// Where replies go.
    #[serde(default)]
    pub reply_to: String,
    /// When it was sent, RFC 3339.
    pub at: String,
}

/// Why a mail could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Invalid address.
    #[error("an address cannot be used")]
    Address(#[from] lettre::address::AddressError),
    /// The content could not be rendered.
    #[error("the content could not be made")]
    Content(#[from] askama::Error),
    /// The message could not be built.
    #[error("the message could not be made")]
    Message(#[from] lettre::error::Error),
    /// The mail server refused the mail or is unreachable.
    #[error("the mail server did not take it")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// The mail folder failed.
    #[error("the mail folder failed")]
    Folder(#[from] std::io::Error),
}

impl MailError {
    /// The failure of the recipient that the mail server reports; `None` if the recipient is not to blame.
    pub(super) fn recipient_failure(&self) -> Option<DeliveryFailure> {
        let Self::Smtp(error) = self else { return None };
        let code = u16::from(error.status()?);
        DeliveryFailure::of_reply(code, &error.source().map_or_else(String::new, ToString::to_string))
    }

    /// The error with its causes, for the row of the job. A server's reply may repeat the recipient's address, which
    /// belongs neither there nor in the log.
    pub(super) fn without_address(&self, to: &str) -> String {
        let mut all = vec![self.to_string()];
        let mut cause = self.source();
        while let Some(error) = cause {
            all.push(error.to_string());
            cause = error.source();
        }
        all.join(": ").replace(to, "…")
    }
}

/// Sends a mail, or writes it to a folder for the demonstration. Sending the same job twice overwrites its file.
pub(super) async fn send(app: &App, job: Uuid, message: &EmailMessage) -> Result<(), MailError> {
    let content = compose::compose(message, &app.config.portal.public_url)?;
    let at = app.clock();
    match &app.config.mail {
        Mail::Folder { folder, .. } => {
            let mail = RenderedMail {
                to: message.to.clone(),
                subject: content.subject,
                body: content.text,
                html: content.html,
                message_id: tag::message_id(&app.keys, job, app.config.public_host()),
                reply_to: message.about.contact.clone(),
                at: at.to_string(),
            };
            write_to_folder(folder, job, &mail).await
        }
        Mail::Smtp { from, url, password_file, .. } => {
            let message = message::build(app, job, message, content, from, at)?;
            let mut server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?;
            if let (Some(file), Some((user, _))) = (password_file, user_of(url)) {
                let password = tokio::fs::read_to_string(file).await?;
                server = server.credentials(Credentials::new(user.to_owned(), password.trim_end().to_owned()));
            }
            server.timeout(Some(SMTP_IDLE_TIMEOUT)).build().send(message).await?;
            Ok(())
        }
    }
}

fn user_of(url: &str) -> Option<(&str, &str)> {
    url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'))
}

async fn write_to_folder(folder: &Path, job: Uuid, written: &RenderedMail) -> Result<(), MailError> {
    let (aside, place) = (folder.join(format!(".{job}")), folder.join(format!("{job}.json")));
    tokio::fs::write(&aside, serde_json::json!(written).to_string()).await?;
    tokio::fs::rename(aside, place).await?;
    Ok(())
}

/// Returns the mails in a folder, the latest first.
pub async fn list_folder(folder: &Path) -> std::io::Result<Vec<(String, RenderedMail)>> {
    let mut letters = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let Some(id) = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| !stem.starts_with('.')) else {
            continue;
        };
        if let Ok(written) = serde_json::from_slice(&tokio::fs::read(&path).await?) {
            letters.push((id.to_owned(), written));
        }
    }
    letters.sort_by(|one, other| other.0.cmp(&one.0));
    Ok(letters)
}
