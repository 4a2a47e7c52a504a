//! Mail sent by the portal, and its transport.

use crate::app::App;
use crate::{
    config::Mail,
    domain::text::{Lang, Text},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::header::ContentType,
    transport::smtp::authentication::Credentials,
};
use serde::{Deserialize, Serialize};
use std::{path::Path, time::Duration};
use uuid::Uuid;

/// Maximum time without a response from the mail server.
const SMTP_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// A mail to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum EmailMessage {
    SignIn {
        to: String,
        lang: Lang,
        /// The link. Anyone who has it can sign in once.
        link: String,
    },
    /// Parts of a dossier were shared.
    Invited {
        to: String,
        lang: Lang,
        /// Address of the owner.
        by: String,
        /// Title of the call.
        call: String,
        /// Names of the shared parts.
        parts: Vec<String>,
        /// Last valid instant, in the call's time zone.
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
        to: String,
        lang: Lang,
        /// Title of the call.
        call: String,
        /// Link to the dossiers to evaluate.
        link: String,
    },
    /// Copy of the confirmation of a deposit.
    Deposited {
        to: String,
        lang: Lang,
        /// Number of the receipt.
        number: String,
        /// Instant of the deposit, in the call's time zone.
        at: String,
        /// Digest of the parts.
        digest: String,
        /// Link to the receipt.
        link: String,
    },
    /// The account of this address was closed.
    AccountClosed {
        to: String,
        lang: Lang,
        /// Instant of the closing, with its time zone.
        at: String,
        /// Number of dossiers that are kept because they were deposited.
        kept: usize,
        /// Address for questions.
        contact: String,
    },
    /// A passkey changed; the owner of the account must be informed.
    PasskeyChanged {
        to: String,
        lang: Lang,
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

/// A mail as sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RenderedMail {
    pub to: String,
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When it was sent, RFC 3339.
    pub at: String,
}

/// Why a mail could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Invalid address.
    #[error("an address cannot be used")]
    Address(#[from] lettre::address::AddressError),
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

impl EmailMessage {
    /// Subject and body of a mail.
    #[must_use]
    pub fn write(&self, at: jiff::Timestamp) -> RenderedMail {
        let (to, lang, subject, body) = match self {
            Self::SignIn { to, lang, link } => (
                to,
                lang,
                Text::new("Votre lien de connexion", "Your sign-in link"),
                Text::new(
                    format!(
                        "Bonjour,\n\nPour vous connecter, ouvrez ce lien puis confirmez :\n\n{link}\n\nIl vaut 15 minutes et ne sert qu’une fois. Si vous n’avez rien demandé, ignorez ce message.\n"
                    ),
                    format!(
                        "Hello,\n\nTo sign in, open this link and confirm:\n\n{link}\n\nIt is valid for 15 minutes and works once. If you asked for nothing, ignore this message.\n"
                    ),
                ),
            ),
            Self::Invited { to, lang, by, call, parts, until, has_note, link } => {
                let list: String = parts.iter().map(|part| format!("  - {part}\n")).collect();
                let has_note = |told: &str| if *has_note { format!("\n{told}\n") } else { String::new() };
                (
                    to,
                    lang,
                    Text::new(
                        format!("{by} vous confie une partie d’un dossier"),
                        format!("{by} gives you a part of an application"),
                    ),
                    Text::new(
                        format!(
                            "Bonjour,\n\n{by} vous confie, jusqu’au {until}, dans un dossier de l’appel {call} :\n\n{list}{}\nConnectez-vous avec cette adresse-ci pour y travailler : {link}\n\nVous n’aurez accès à rien d’autre, et ce que vous ferez portera votre nom. Si vous ne connaissez pas cette personne, ignorez ce message.\n",
                            has_note("Un mot vous attend dans le dossier.")
                        ),
                        format!(
                            "Hello,\n\n{by} gives you, until {until}, in an application to the call {call}:\n\n{list}{}\nSign in with this very address to work on it: {link}\n\nYou will have access to nothing else, and what you do will carry your name. If you do not know this person, ignore this message.\n",
                            has_note("A note is waiting for you in the application.")
                        ),
                    ),
                )
            }
            Self::Assigned { to, lang, call, link } => (
                to,
                lang,
                Text::new("Un dossier à évaluer vous est confié", "You are given an application to evaluate"),
                Text::new(
                    format!(
                        "Bonjour,\n\nUn dossier de l’appel {call} vous est confié pour évaluation.\n\nConnectez-vous avec cette adresse-ci : {link}\n\nAvant de le lire, vous verrez de quelle entreprise il s’agit et déclarerez si vous avez avec elle un lien qui vous empêche de l’évaluer.\n"
                    ),
                    format!(
                        "Hello,\n\nYou are given an application to the call {call} to evaluate.\n\nSign in with this very address: {link}\n\nBefore reading it, you will see which company it is and declare whether anything ties you to it that keeps you from evaluating it.\n"
                    ),
                ),
            ),
            Self::Deposited { to, lang, number, at, digest, link } => (
                to,
                lang,
                Text::new(
                    format!("Dossier déposé – reçu n° {number}"),
                    format!("Dossier deposited – receipt no. {number}"),
                ),
                Text::new(
                    format!(
                        "Bonjour,\n\nVotre dossier a été déposé le {at} (heure du règlement de l’appel).\nReçu n° {number}\nEmpreinte : {digest}\n\nLe reçu, à conserver, est ici : {link}\nCe message n’en est qu’une copie : le dépôt ne dépend pas de sa réception.\n"
                    ),
                    format!(
                        "Hello,\n\nYour application was deposited on {at} (time zone of the call).\nReceipt no. {number}\nDigest: {digest}\n\nThe receipt, to be kept, is here: {link}\nThis message is only a copy: the deposit does not depend on its arrival.\n"
                    ),
                ),
            ),
            Self::AccountClosed { to, lang, at, kept, contact } => {
                let (subject, body) = account_closed(at, *kept, contact);
                (to, lang, subject, body)
            }
            Self::PasskeyChanged { to, lang, change, by_operator, name, at, link } => {
                let (subject, body) = passkey_changed(*change, *by_operator, name, at, link);
                (to, lang, subject, body)
            }
        };
        RenderedMail {
            to: to.clone(),
            subject: subject.get(lang).to_owned(),
            body: body.get(lang).to_owned(),
            at: at.to_string(),
        }
    }
}

fn account_closed(at: &str, kept: usize, contact: &str) -> (Text, Text) {
    let still = match kept {
        0 => Text::new("", ""),
        _ => Text::new(
            "Ce que vous avez déposé est conservé, avec ses reçus, aussi longtemps que l’appel y est tenu.\n",
            "What you deposited is kept, with its receipts, as long as the call is bound to keep it.\n",
        ),
    };
    let body = Text::new(
        format!(
            "Bonjour,\n\nVotre compte a été fermé le {at}. Vos brouillons, vos clés d’accès, vos jetons et les accès confiés ou reçus sont supprimés.\n{}\nVous reconnecter avec cette adresse ouvrirait un compte neuf et vide.\nSi ce n’était pas vous, écrivez aussitôt à {contact}.\n",
            still.fr
        ),
        format!(
            "Hello,\n\nYour account was closed on {at}. Your drafts, your passkeys, your tokens and the access given or received are deleted.\n{}\nSigning in again with this address would open a new and empty account.\nIf it was not you, write to {contact} at once.\n",
            still.en
        ),
    );
    (Text::new("Votre compte est fermé", "Your account is closed"), body)
}

fn passkey_changed(change: PasskeyChange, by_operator: bool, name: &str, at: &str, link: &str) -> (Text, Text) {
    let subject = match change {
        PasskeyChange::Added => Text::new("Une clé d’accès a été ajoutée", "A passkey was added"),
        PasskeyChange::Renamed => Text::new("Une clé d’accès a été renommée", "A passkey was renamed"),
        PasskeyChange::Removed => Text::new("Une clé d’accès a été supprimée", "A passkey was removed"),
    };
    let who = if by_operator { Text::new(" par l’exploitant", " by the operator") } else { Text::new("", "") };
    let (fr, en) = (&Lang::Fr, &Lang::En);
    let body = Text::new(
        format!(
            "Bonjour,\n\n{}{} de votre compte le {at} : « {name} ».\n\nSi c’était vous, il n’y a rien à faire.\nSi ce n’était pas vous : ouvrez {link}, supprimez les clés que vous ne connaissez pas, déconnectez-vous, et prévenez l’exploitant du portail.\n",
            subject.get(fr),
            who.get(fr)
        ),
        format!(
            "Hello,\n\n{}{} on your account on {at}: “{name}”.\n\nIf it was you, there is nothing to do.\nIf it was not you: open {link}, remove the passkeys that you do not know, sign out, and tell the operator of the portal.\n",
            subject.get(en),
            who.get(en)
        ),
    );
    (subject, body)
}

/// Sends a mail, or writes it to a folder for the demonstration. Sending the same job twice overwrites its file.
pub(in crate::app) async fn send(app: &App, job: Uuid, message: &EmailMessage) -> Result<(), MailError> {
    let written = message.write(app.clock());
    match &app.config.mail {
        Mail::Folder { folder, .. } => write_to_folder(folder, job, &written).await,
        Mail::Smtp { from, url, password_file, .. } => {
            let message = Message::builder()
                .from(from.parse()?)
                .to(written.to.parse()?)
                .subject(written.subject)
                .message_id(Some(format!("<{job}@{}>", app.config.authority())))
                .header(ContentType::TEXT_PLAIN)
                .body(written.body)?;
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
