//! `guichet admin passkey`: handling of lost passkeys.

use super::InstallationArgs;
use crate::{
    app::AppError,
    domain::{calendar::show_utc, text::terminal::escape_for_terminal},
};
use std::io::{self, Write};
use uuid::Uuid;

/// What is to be done.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PasskeyCommand {
    /// List the passkeys of an account.
    List {
        /// E-mail address of the account.
        email: String,
        #[command(flatten)]
        installation: InstallationArgs,
    },
    /// Remove passkeys of an account and end its sessions; the owner is notified by mail.
    ///
    /// Verify the person's identity first: anyone with access to the mailbox can then add a passkey.
    Remove {
        /// E-mail address of the account.
        email: String,
        /// Passkey to remove, as listed.
        #[arg(long, value_name = "ID", required_unless_present = "all")]
        id: Option<Uuid>,
        /// Remove all passkeys.
        #[arg(long, conflicts_with = "id")]
        all: bool,
        #[command(flatten)]
        installation: InstallationArgs,
    },
}

pub(super) async fn run(command: PasskeyCommand) -> anyhow::Result<()> {
    match command {
        PasskeyCommand::List { email, installation } => list(&email, &installation).await,
        PasskeyCommand::Remove { email, id, all: _, installation } => remove(&email, id, &installation).await,
    }
}

async fn list(email: &str, installation: &InstallationArgs) -> anyhow::Result<()> {
    let app = installation.open()?;
    let found = app.passkeys_of(email).await;
    app.store.close().await;
    let (account, keys) = found.map_err(|error| nobody(error, email, "there is no account for"))?;
    let mut out = io::stdout();
    if keys.is_empty() {
        writeln!(out, "{} has no passkey.", account.email)?;
    }
    for key in keys {
        let used = key.last_used.map_or_else(|| "never".to_owned(), |at| show_utc(at).en);
        writeln!(
            out,
            "{}  added {}  last used {used}  {}",
            key.id,
            show_utc(key.created).en,
            escape_for_terminal(&key.name)
        )?;
    }
    Ok(())
}

async fn remove(email: &str, one: Option<Uuid>, installation: &InstallationArgs) -> anyhow::Result<()> {
    let app = installation.open()?;
    let removed = app.remove_lost_passkeys(email, one).await;
    app.store.close().await;
    for key in removed.map_err(|error| nobody(error, email, "there is no such passkey of"))? {
        writeln!(io::stdout(), "{} ({}) is removed.", key.id, escape_for_terminal(&key.name))?;
    }
    writeln!(io::stdout(), "{email} is signed out everywhere, and is told by mail.")?;
    Ok(())
}

fn nobody(error: AppError, email: &str, words: &'static str) -> anyhow::Error {
    match error {
        AppError::NotFound => anyhow::anyhow!("{words} {email}"),
        error => anyhow::Error::from(error).context(format!("cannot look up {email}")),
    }
}
