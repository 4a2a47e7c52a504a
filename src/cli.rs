//! The commands: each parses its options, calls the module that does the work, and prints the result.

mod access;
mod admin;
mod answer;
mod check_call;
pub mod color;
mod completions;
mod database;
mod definitions;
mod demo;
mod deposit;
mod digest;
mod doctor;
mod edge;
mod garage;
pub mod limited;
mod man;
mod parent;
mod promise;
mod rollout;
mod serve;
mod supervise;
mod token;
mod verify;

use crate::domain::text::Lang;
use clap::{Parser, Subcommand};
use std::{io, process::ExitCode};

/// The portal of public calls for projects, from the eligibility check to a deposit with a signed receipt.
#[derive(Debug, Parser)]
#[command(name = "guichet", version, styles = color::HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run one portal process, behind Sōzu.
    Serve(serve::ServeArgs),
    /// Run the controller that configures Sōzu for the portal's processes.
    Edge(edge::EdgeArgs),
    /// Restart the portal's processes one by one, without losing requests.
    Rollout(rollout::RolloutArgs),
    /// Supervise the programs of a node, and replace them without losing requests.
    // `keep` was its name in the first releases; their supervisors, plans and scripts call it so.
    #[command(alias = "keep")]
    Supervise(supervise::SuperviseArgs),
    /// Check one condition of a running installation; exit code 1 if it does not hold.
    Promise(promise::PromiseArgs),
    /// Run a complete private installation in one folder.
    Demo(demo::DemoArgs),
    /// Deposit a dossier from a folder of files; safe to repeat.
    Deposit(deposit::DepositArgs),
    /// Verify a receipt offline.
    Verify(verify::VerifyArgs),
    /// Diagnose an installation.
    Doctor(doctor::DoctorArgs),
    /// Show the database servers; request a switchover or a backup from replication-manager.
    #[command(subcommand)]
    Database(database::DatabaseCommand),
    /// Set up and repair the Garage cluster of attachments.
    #[command(subcommand)]
    Garage(garage::GarageCommand),
    /// Manage roles, and explain access decisions.
    #[command(subcommand)]
    Access(access::AccessCommand),
    /// Attenuate and inspect API tokens, offline.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Administer an installation.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Keep third-party call definitions up to date with what their owners publish.
    Definitions(definitions::DefinitionsArgs),
    /// Validate the definition of a call.
    CheckCall(check_call::CheckCallArgs),
    /// Print the completions of a shell, such as `guichet completions bash`.
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands into a folder.
    Man(man::ManArgs),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever prevents the command from running. The result of a check is in the exit code.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let done = |()| ExitCode::SUCCESS;
        match self.command {
            Command::Serve(args) => serve::run(args).await.map(done),
            Command::Edge(args) => edge::run(args).await,
            Command::Rollout(args) => rollout::run(args).await.map(done),
            Command::Supervise(args) => supervise::run(args).await,
            Command::Promise(args) => promise::run(&args).await.map(done),
            Command::Demo(args) => demo::run(args).await.map(done),
            Command::Deposit(args) => deposit::run(args).await,
            Command::Verify(args) => verify::run(&args),
            Command::Doctor(args) => doctor::run(args).await,
            Command::Database(command) => database::run(command).await,
            Command::Garage(command) => garage::run(command).await.map(done),
            Command::Access(command) => access::run(command).await,
            Command::Token(command) => token::run(&command),
            Command::Admin(command) => admin::run(command).await,
            Command::Definitions(args) => definitions::run(&args).await.map(done),
            Command::CheckCall(args) => check_call::run(&args),
            Command::Completions(args) => completions::run(&args).map(done),
            Command::Man(args) => man::run(&args).map(done),
        }
    }

    /// The exit code of a failure: 2 for commands that use 1 as a result.
    #[must_use]
    pub fn failure(&self) -> ExitCode {
        match self.command {
            Command::Deposit(_)
            | Command::Verify(_)
            | Command::Edge(_)
            | Command::Supervise(_)
            | Command::Database(_)
            | Command::Access(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// The log filter unless `RUST_LOG` sets another.
    pub fn log_level(&self) -> tracing::Level {
        match self.command {
            Command::Serve(_)
            | Command::Edge(_)
            | Command::Supervise(_)
            | Command::Demo(_)
            | Command::Definitions(_) => tracing::Level::INFO,
            _ => tracing::Level::WARN,
        }
    }
}

/// Whether the error is a closed output pipe, which is not a failure.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(broken)
}

fn lang(text: &str) -> Result<Lang, String> {
    text.parse().map_err(|()| "fr or en".into())
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use crate::domain::access::Role;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_where_they_are_documented() {
        for line in [
            "guichet serve --config a.toml --with-parent",
            "guichet deposit folder --url https://a.example --token-file t --ca ca.pem --lang en --yes",
            "guichet verify r.json folder --keys k.json --lang en",
            "guichet doctor --config a.toml",
            "guichet doctor database --config a.toml",
            "guichet doctor --config a.toml --json",
            "guichet completions bash",
            "guichet man --dir man1",
            "guichet admin cluster-profile --host a:1 --host b:1 --host c:1 --out d",
            "guichet admin migrate --config a.toml",
            "guichet edge --config a.toml --with-parent",
            "guichet edge status --config a.toml --json",
            "guichet edge plan --config a.toml",
            "guichet edge plan --dry-run --config a.toml",
            "guichet rollout --config a.toml --only serve-1",
            "guichet supervise --plan a.toml",
            "guichet keep --plan a.toml",
            "guichet keep status --plan a.toml",
            "guichet admin site add aap.example --call a --config a.toml",
            "guichet admin site list --config a.toml",
            "guichet admin officer a@b.fr --config a.toml",
            "guichet admin bounce --recipient b+x@a.example --config a.toml",
            "guichet admin token a@b.fr --label ci --days 30 --config a.toml",
            "guichet database status --config a.toml",
            "guichet database switchover --to db2:3306 --config a.toml",
            "guichet database backup --of db2:3306 --config a.toml",
            "guichet admin backup --to b --config a.toml",
            "guichet admin drill --from b --config a.toml",
            "guichet admin restore --from b --set 20261126T060000000Z --config a.toml",
            "guichet admin move-to-cluster --config a.toml --to b.toml --again",
            "guichet garage apply --plan garage.toml",
            "guichet garage scrub --config a.toml",
            "guichet garage refill --config a.toml",
            "guichet garage settings",
            "guichet promise attachments --reserve-mib 512 --known-corrupt-blocks 3 --config a.toml",
            "guichet access matrix",
            "guichet access explain a@b.fr draft:read 0190a5c0-0000-7000-8000-000000000009/section:budget --config a.toml",
            "guichet access give a@b.fr --role auditor --until 2026-12-31 --config a.toml",
            "guichet access take a@b.fr --role auditor --config a.toml",
            "guichet token attenuate --token-file t --dossier 0190a5c0-0000-7000-8000-000000000009 --piece P9 --until 2026-12-31",
            "guichet token show",
            "guichet check-call calls/a.toml",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
    }

    /// What `guichet --help` and the like print.
    fn help(line: &str) -> String {
        Cli::try_parse_from(line.split(' ')).unwrap_err().to_string()
    }

    #[test]
    fn the_roles_are_named_where_one_is_asked_for() {
        for line in ["guichet access give --help", "guichet access take --help"] {
            let help = help(line);
            for role in Role::ALL {
                assert!(help.contains(role.slug()), "{line} lacks {}: {help}", role.slug());
            }
        }
        let error = help("guichet access give a@b.fr --role king --config a.toml");
        assert!(error.contains("king") && error.contains("senior_officer"), "{error}");
        let error = help("guichet access explain a@b.fr draft:eat call --config a.toml");
        assert!(error.contains("draft:read"), "{error}");
    }

    #[test]
    fn a_dry_run_is_what_a_plan_is() {
        assert!(!help("guichet edge plan --help").contains("dry-run"));
    }

    #[test]
    fn texts_of_help_have_no_colours_of_their_own() {
        assert!(!help("guichet --help").contains('\u{1b}'), "they are added on a terminal");
    }
}
