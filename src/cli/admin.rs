//! `guichet admin`: the schema, officers, API tokens and host names of an installation.

mod backup;
mod bounce;
mod cluster_profile;
mod consumption;
mod invoice;
mod keys;
mod move_attachments;
mod move_to_cluster;
mod passkey;
mod site;

use crate::{
    app::App,
    config::Config,
    domain::{access::Role, calendar::show_utc},
    store::Store,
};
use anyhow::Context;
use jiff::SignedDuration;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// What is to be done.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AdminCommand {
    /// Apply pending migrations to the database schema.
    Migrate(InstallationArgs),
    /// Grant the role officer to an address.
    Officer(OfficerArgs),
    /// List, rotate and drop the root keys of tokens.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Verify the chain of receipts: none altered, removed or inserted.
    Chain(InstallationArgs),
    /// Create a backup set: database, attachments and keys.
    Backup(backup::BackupArgs),
    /// Copy the newest backup set to the repository of [backup.restic].
    CopyBackup(backup::CopyArgs),
    /// Restore an installation from a backup set, and verify every receipt and attachment.
    Restore(backup::RestoreArgs),
    /// Restore the newest backup set beside the live installation; report the data loss and the duration.
    Drill(backup::DrillArgs),
    /// Write the usage since the last report, for SlapOS accounting.
    Consumption(consumption::ConsumptionArgs),
    /// Print a draft invoice of one month's usage at the prices of a tariff, as CSV.
    Invoice(invoice::InvoiceArgs),
    /// Move an installation from its single database server to a cluster.
    MoveToCluster(move_to_cluster::MoveArgs),
    /// Copy all attachments into another store, and verify them.
    MoveAttachments(move_attachments::MoveAttachmentsArgs),
    /// Write the configuration files of a database cluster that loses no acknowledged write.
    ClusterProfile(cluster_profile::ClusterProfileArgs),
    /// List and remove passkeys, for people who lost theirs.
    #[command(subcommand)]
    Passkey(passkey::PasskeyCommand),
    /// Manage the host names of calls.
    #[command(subcommand)]
    Site(site::SiteCommand),
    /// Record a report on the delivery of a mail, from the mail server, on standard input.
    Bounce(bounce::BounceArgs),
    /// Create an API token and print it; it is not shown again.
    Token(TokenArgs),
}

#[derive(Clone, Debug, clap::Args)]
pub struct InstallationArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl InstallationArgs {
    fn open(&self) -> anyhow::Result<App> {
        Ok(App::open(Config::read(&self.config)?)?)
    }
}

/// Options of `guichet admin officer`.
#[derive(Clone, Debug, clap::Args)]
pub struct OfficerArgs {
    /// E-mail address of the person.
    email: String,
    #[command(flatten)]
    installation: InstallationArgs,
}

/// Options of `guichet admin token`.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenArgs {
    /// E-mail address of the owner; the account is created if missing.
    email: String,
    /// Label of the token in its owner's list.
    #[arg(long, value_name = "TEXT", value_parser = label)]
    label: String,
    /// Validity in days.
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
pub async fn run(command: AdminCommand) -> anyhow::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        AdminCommand::Migrate(installation) => migrate(&installation).await.map(done),
        AdminCommand::Chain(installation) => chain(&installation).await.map(done),
        AdminCommand::Keys(command) => keys::run(command).await.map(done),
        AdminCommand::Backup(args) => backup::back_up(&args).await.map(done),
        AdminCommand::Bounce(args) => bounce::run(&args).await,
        AdminCommand::CopyBackup(args) => backup::copy(&args).await.map(done),
        AdminCommand::Restore(args) => backup::restore(&args).await.map(done),
        AdminCommand::Drill(args) => backup::drill(&args).await.map(done),
        AdminCommand::Consumption(args) => consumption::run(&args).await.map(done),
        AdminCommand::Invoice(args) => invoice::run(&args).map(done),
        AdminCommand::MoveToCluster(args) => move_to_cluster::run(&args).await.map(done),
        AdminCommand::MoveAttachments(args) => move_attachments::run(&args).await.map(done),
        AdminCommand::ClusterProfile(args) => cluster_profile::run(&args).map(done),
        AdminCommand::Officer(args) => officer(args).await.map(done),
        AdminCommand::Passkey(command) => passkey::run(command).await.map(done),
        AdminCommand::Site(command) => site::run(command).await.map(done),
        AdminCommand::Token(args) => token(args).await.map(done),
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
    let app = installation.open()?;
    let report = app.check_chain().await?;
    app.store.close().await;
    anyhow::ensure!(report.faults.is_empty(), "the chain of receipts is broken: {}", report.faults.join("; "));
    writeln!(io::stdout(), "{} receipts, each as it was issued, none missing.", report.receipts_checked)?;
    Ok(())
}

async fn officer(args: OfficerArgs) -> anyhow::Result<()> {
    let app = args.installation.open()?;
    let account = app.appoint_as(&args.email, Role::Officer).await?;
    app.store.close().await;
    writeln!(io::stdout(), "{} is an officer, from the next sign-in on.", account.email)?;
    Ok(())
}

async fn token(args: TokenArgs) -> anyhow::Result<()> {
    let app = args.installation.open()?;
    let ends = app.clock() + SignedDuration::from_hours(24 * i64::from(args.days));
    let issued = app.issue_token(&args.email, &args.label, ends).await?;
    app.store.close().await;
    let actions: Vec<_> = issued.actions.iter().map(|action| action.slug()).collect();
    // Only the token goes to standard output, so that it can be redirected to a file of mode 0600 without being seen.
    let (email, ends) = (&issued.account.email, show_utc(ends).en);
    writeln!(io::stderr(), "Token of {email} until {ends}, for {}:", actions.join(", "))?;
    writeln!(io::stdout(), "{}", issued.token)?;
    Ok(())
}
