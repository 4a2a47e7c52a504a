//! `guichet access`: roles, and the reason for a permission or refusal.

use super::lang;
use crate::{
    app::App,
    auth::matrix,
    config::Config,
    domain::{
        access::{Action, Amr, Part, Role},
        answers,
        calendar::show_utc,
        ids::DossierId,
        text::Lang,
    },
};
use anyhow::{Context, bail};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::{Timestamp, tz::TimeZone};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    str::FromStr,
};

/// What is wanted of the rights.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AccessCommand {
    /// Print the access matrix of the policy.
    Matrix,
    /// Explain whether an account may perform an action, by which rule, or who could; exit code 1 if it may not.
    Explain(ExplainArgs),
    /// List the roles of an account.
    Roles(PersonArgs),
    /// Grant a role to an account; its sessions end.
    Give(GiveArgs),
    /// Revoke a role from an account; its sessions end.
    Take(TakeArgs),
    /// Suspend an account.
    Suspend(PersonArgs),
    /// Reactivate a suspended account.
    Readmit(PersonArgs),
}

/// Somebody of an installation.
#[derive(Clone, Debug, clap::Args)]
pub struct PersonArgs {
    /// E-mail address of the account.
    email: String,
    /// Configuration file of the portal.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Options of `explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArgs {
    /// E-mail address of the account.
    email: String,
    /// Action, as in `guichet access matrix`.
    #[arg(value_parser = actions())]
    action: Action,
    /// Target: `call`, or the id of a dossier, optionally with `/section:budget`, `/piece:P9`, `/whole` or `/deposit`.
    target: String,
    /// Authentication method.
    #[arg(long, default_value = "passkey", value_parser = methods())]
    amr: Amr,
    /// Language: fr or en.
    #[arg(long, default_value = "fr", value_parser = lang)]
    lang: Lang,
    /// Configuration file of the portal.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Options of `give`.
#[derive(Clone, Debug, clap::Args)]
pub struct GiveArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Role to grant.
    #[arg(long, value_parser = roles_by_name())]
    role: Role,
    /// Last day, YYYY-MM-DD, in the machine's time zone [default: permanent].
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
}

/// Options of `take`.
#[derive(Clone, Debug, clap::Args)]
pub struct TakeArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Role to revoke.
    #[arg(long, value_parser = roles_by_name())]
    role: Role,
}

/// Parses one of the named values; the help text lists them with what each means.
fn one_of<T>(names: Vec<PossibleValue>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = ()> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>().map_err(|()| "no such name"))
}

fn roles_by_name() -> impl TypedValueParser<Value = Role> {
    let names = Role::ALL.iter().map(|role| PossibleValue::new(role.slug()).help(role_summary(*role)));
    one_of(names.collect())
}

fn actions() -> impl TypedValueParser<Value = Action> {
    one_of(Action::ALL.iter().map(|action| PossibleValue::new(action.slug())).collect())
}

fn methods() -> impl TypedValueParser<Value = Amr> {
    one_of(Amr::ALL.iter().map(|method| PossibleValue::new(method.slug())).collect())
}

/// What a person in a role does.
fn role_summary(role: Role) -> &'static str {
    match role {
        Role::Applicant => "fills in and deposits applications; the role of everybody who has no other",
        Role::Officer => "examines deposits, and gives them to experts",
        Role::SeniorOfficer => "an officer who also publishes decisions",
        Role::Expert => "evaluates the deposits that an officer gave",
        Role::Jury => "ranks admissible deposits",
        Role::Funder => "reads decisions and the register of aid",
        Role::Finance => "makes payments",
        Role::BrickOwner => "helps selected projects with a brick",
        Role::Auditor => "reads deposits and the journal",
        Role::Operator => "operates the service, without access to its contents",
        Role::Dpo => "answers requests about personal data",
    }
}

/// Runs the command.
pub async fn run(command: AccessCommand) -> anyhow::Result<ExitCode> {
    match command {
        AccessCommand::Matrix => say(&matrix::matrix()?),
        AccessCommand::Explain(args) => explain(&args).await,
        AccessCommand::Roles(person) => roles(&person).await,
        AccessCommand::Give(args) => give(&args).await,
        AccessCommand::Take(args) => take(&args).await,
        AccessCommand::Suspend(person) => suspend(&person, true).await,
        AccessCommand::Readmit(person) => suspend(&person, false).await,
    }
}

fn say(text: &str) -> anyhow::Result<ExitCode> {
    write!(io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn open(config: &std::path::Path) -> anyhow::Result<App> {
    Ok(App::open(Config::read(config)?)?)
}

/// The end of a day in the local time zone.
pub(super) fn end_of(day: &str) -> anyhow::Result<Timestamp> {
    let day = answers::day(day).map_err(|_| anyhow::anyhow!("{day} is not a day, YYYY-MM-DD"))?;
    Ok(day.at(23, 59, 59, 0).to_zoned_datetime(TimeZone::system())?.timestamp())
}

/// Parses a dossier and the part of it.
fn target(text: &str) -> anyhow::Result<Option<(DossierId, Part)>> {
    if text == "call" {
        return Ok(None);
    }
    let (id, part) = text.split_once('/').unwrap_or((text, "whole"));
    let id = id.parse().with_context(|| format!("{id} is neither `call` nor the id of a dossier"))?;
    match part.parse() {
        Ok(part) => Ok(Some((id, part))),
        Err(()) => bail!("{part} is no part: overview, whole, deposit, section:NAME or piece:CODE"),
    }
}

async fn explain(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let app = open(&args.config)?;
    let asked = app.explain(&args.email, args.action, target(&args.target)?, args.amr).await;
    app.store.close().await;
    let found = asked.context("there is no such account or dossier")?;
    let mut text = String::new();
    let line = |text: &mut String, words: &str| text.push_str(&format!("{words}\n"));
    let lang = args.lang;
    let verdict = if found.allowed { lang.tr("oui", "yes") } else { lang.tr("non", "no") };
    line(&mut text, &format!("{verdict} – {} ({})", found.rule.description().get(&lang), found.rule.id));
    if let Some(block) = found.block {
        line(
            &mut text,
            &format!("  {} {block}", lang.tr("refusé par le bloc du jeton", "refused by the token's block")),
        );
    }
    if !found.allowed {
        line(&mut text, lang.tr("Ce qui le permettrait :", "What would allow it:"));
        for rule in &found.allowing {
            line(&mut text, &format!("  - {} ({})", rule.description().get(&lang), rule.id));
        }
    }
    say(&text)?;
    Ok(if found.allowed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn roles(person: &PersonArgs) -> anyhow::Result<ExitCode> {
    let app = open(&person.config)?;
    let found = app.roles_of(&person.email).await;
    app.store.close().await;
    let (account, given) = found.context("there is no such account")?;
    let now: Vec<&str> = account.roles.iter().map(Role::slug).collect();
    let mut text = format!("{}: {}\n", account.email, now.join(", "));
    if account.suspended {
        text.push_str("  suspended\n");
    }
    for role in given {
        let until = role.ends_at.map_or_else(|| "for good".into(), |ends| format!("until {}", show_utc(ends).en));
        text.push_str(&format!("  {} given {}, {until}\n", role.role.slug(), show_utc(role.given_at).en));
    }
    say(&text)
}

async fn give(args: &GiveArgs) -> anyhow::Result<ExitCode> {
    let ends = args.until.as_deref().map(end_of).transpose()?;
    let app = open(&args.person.config)?;
    let given = app.give_role(&args.person.email, args.role, ends).await;
    app.store.close().await;
    let account = given?;
    if let Some(ends) = ends.filter(|ends| *ends < Timestamp::now()) {
        let (role, ends) = (args.role.slug(), show_utc(ends).en);
        return say(&format!("{} was {role} until {ends} only: that day has passed.\n", account.email));
    }
    let until = ends.map_or_else(String::new, |ends| format!(" until {}", show_utc(ends).en));
    say(&format!("{} is {}{until}, from the next sign-in on.\n", account.email, args.role.slug()))
}

async fn take(args: &TakeArgs) -> anyhow::Result<ExitCode> {
    let app = open(&args.person.config)?;
    let taken = app.take_role(&args.person.email, args.role).await;
    app.store.close().await;
    let (email, role) = (&args.person.email, args.role.slug());
    if taken.context("there is no such account")? {
        say(&format!("{email} is no longer {role}.\n"))
    } else {
        say(&format!("{email} was not {role}.\n"))
    }
}

async fn suspend(person: &PersonArgs, suspended: bool) -> anyhow::Result<ExitCode> {
    let app = open(&person.config)?;
    let done = app.suspend(&person.email, suspended).await;
    app.store.close().await;
    done.context("there is no such account")?;
    say(&format!("{} is {}.\n", person.email, if suspended { "suspended" } else { "let in again" }))
}
