//! `guichet admin`: the schema, officers, API tokens and host names of an installation.

mod backup;
mod cluster_profile;
mod consumption;
mod invoice;
mod keys;
mod move_attachments;
mod move_to_cluster;
mod passkey;
mod site;

use crate::{app::App, config::Config, domain::access::Role, store::Store};
use anyhow::Context;
use jiff::SignedDuration;
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// What is to be done.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AdminCommand {
    /// Brings the database schema up to date.
    Migrate(InstallationArgs),
    /// Makes an address an officer's.
    Officer(OfficerArgs),
    /// Shows, renews and drops the root keys of tokens.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Checks that no receipt was altered, removed or put in between.
    Chain(InstallationArgs),
    /// Makes a backup set: database, attachments and keys.
    Backup(backup::BackupArgs),
    /// Copies the newest backup set into the repository that [backup.restic] names.
    CopyBackup(backup::CopyArgs),
    /// Makes an installation anew from a backup set, and verifies every receipt and attachment.
    Restore(backup::RestoreArgs),
    /// Restores the newest backup set beside the live installation, and tells what would be lost and how long it took.
    Drill(backup::DrillArgs),
    /// Writes what was used since the last report, for SlapOS to account for.
    Consumption(consumption::ConsumptionArgs),
    /// Prints a month's reports at the prices of a tariff, as CSV: the draft of an invoice.
    Invoice(invoice::InvoiceArgs),
    /// Moves an installation from its single database server to a cluster.
    MoveToCluster(move_to_cluster::MoveArgs),
    /// Copies all attachments into another store, and verifies them.
    MoveAttachments(move_attachments::MoveAttachmentsArgs),
    /// Writes the configuration files of a database cluster that loses nothing.
    ClusterProfile(cluster_profile::ClusterProfileArgs),
    /// Lost passkeys.
    #[command(subcommand)]
    Passkey(passkey::PasskeyCommand),
    /// Host names of calls.
    #[command(subcommand)]
    Site(site::SiteCommand),
    /// Makes an API token and prints it; it is shown this once.
    Token(TokenArgs),
}

/// Which installation.
#[derive(Clone, Debug, clap::Args)]
pub struct InstallationArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Options of `guichet admin officer`.
#[derive(Clone, Debug, clap::Args)]
pub struct OfficerArgs {
    /// Address of the person.
    email: String,
    #[command(flatten)]
    installation: InstallationArgs,
}

/// Options of `guichet admin token`.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenArgs {
    /// Address of the person; an account is made if there is none.
    email: String,
    /// What the token is for, to recognise it later.
    #[arg(long, value_name = "TEXT", value_parser = label)]
    label: String,
    /// Days until it ends.
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    #[command(flatten)]
    installation: InstallationArgs,
}

fn label(text: &str) -> Result<String, String> {
    let fits = (1..=100).contains(&text.chars().count());
    if fits { Ok(text.to_owned()) } else { Err("between 1 and 100 characters".into()) }
}

/// Runs the command.
///
/// # Errors
/// When the configuration is invalid, the database fails, or the address is invalid.
pub async fn run(command: AdminCommand) -> anyhow::Result<()> {
    match command {
        AdminCommand::Migrate(installation) => migrate(&installation).await,
        AdminCommand::Chain(installation) => chain(&installation).await,
        AdminCommand::Keys(command) => keys::run(command).await,
        AdminCommand::Backup(args) => backup::back_up(&args).await,
        AdminCommand::CopyBackup(args) => backup::copy(&args).await,
        AdminCommand::Restore(args) => backup::restore(&args).await,
        AdminCommand::Drill(args) => backup::drill(&args).await,
        AdminCommand::Consumption(args) => consumption::run(&args).await,
        AdminCommand::Invoice(args) => invoice::run(&args),
        AdminCommand::MoveToCluster(args) => move_to_cluster::run(&args).await,
        AdminCommand::MoveAttachments(args) => move_attachments::run(&args).await,
        AdminCommand::ClusterProfile(args) => cluster_profile::run(&args),
        AdminCommand::Officer(args) => officer(args).await,
        AdminCommand::Passkey(command) => passkey::run(command).await,
        AdminCommand::Site(command) => site::run(command).await,
        AdminCommand::Token(args) => token(args).await,
    }
}

async fn migrate(installation: &InstallationArgs) -> anyhow::Result<()> {
    let config = Config::read(&installation.config)?;
    let store = Store::open(&config.database).context("cannot read the password of the database")?;
    store.migrate().await.context("cannot bring the database schema up to date")?;
    store.close().await;
    writeln!(io::stdout(), "The database schema is up to date.")?;
    Ok(())
}

async fn chain(installation: &InstallationArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&installation.config)?)?;
    let report = app.check_chain().await?;
    app.store.close().await;
    anyhow::ensure!(report.faults.is_empty(), "the chain of receipts is broken: {}", report.faults.join("; "));
    writeln!(io::stdout(), "{} receipts, each as it was issued, none missing.", report.receipts)?;
    Ok(())
}

async fn officer(args: OfficerArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&args.installation.config)?)?;
    let account = app.appoint_as(&args.email, Role::Officer).await?;
    app.store.close().await;
    writeln!(io::stdout(), "{} is an officer, from the next sign-in on.", account.email)?;
    Ok(())
}

async fn token(args: TokenArgs) -> anyhow::Result<()> {
    let app = App::open(Config::read(&args.installation.config)?)?;
    let ends = app.clock() + SignedDuration::from_hours(24 * i64::from(args.days));
    let issued = app.issue_token(&args.email, &args.label, ends).await?;
    app.store.close().await;
    let actions: Vec<_> = issued.actions.iter().map(|action| action.slug()).collect();
    // Only the token goes to standard output, so that it can be redirected to a file of mode 0600 without being seen.
    writeln!(io::stderr(), "Token of {} until {ends}, for {}:", issued.account.email, actions.join(", "))?;
    writeln!(io::stdout(), "{}", issued.token)?;
    Ok(())
}
