//! `guichet token`: narrows an API token and shows its contents, without the portal and without network.

use super::access::end_of;
use crate::{
    auth::attenuate::{self, Attenuation, describe},
    domain::{
        access::{Action, Part},
        ids::DossierId,
    },
};
use anyhow::{Context, ensure};
use jiff::Timestamp;
use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is wanted of a token.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum TokenCommand {
    /// Attenuate a token: add restrictions, which later holders can extend but not remove.
    Attenuate(AttenuateArgs),
    /// Print the contents of a token; only the portal can tell whether it is valid.
    Show(TokenFile),
}

/// Where the token is.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenFile {
    /// File with the token [default: standard input].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// Options of `attenuate`.
#[derive(Clone, Debug, clap::Args)]
pub struct AttenuateArgs {
    #[command(flatten)]
    token: TokenFile,
    /// Restrict to this dossier.
    #[arg(long, value_name = "ID")]
    dossier: Option<DossierId>,
    /// Restrict to this piece; repeatable.
    #[arg(long = "piece", value_name = "CODE")]
    pieces: Vec<String>,
    /// Restrict to this section of the form; repeatable.
    #[arg(long = "section", value_name = "NAME")]
    sections: Vec<String>,
    /// Restrict to this action, such as draft:write; repeatable.
    #[arg(long = "action", value_name = "ACTION", value_parser = action)]
    actions: Vec<Action>,
    /// Last valid day, YYYY-MM-DD, in the machine's time zone.
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
}

fn action(text: &str) -> Result<Action, String> {
    text.parse().map_err(|()| "not an action; see `guichet access matrix`".into())
}

/// Runs the command.
pub fn run(command: &TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Attenuate(args) => attenuate(args)?,
        TokenCommand::Show(file) => write!(io::stdout(), "{}", describe(&read(file.token_file.as_deref())?)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: Option<&Path>) -> anyhow::Result<String> {
    let mut text = String::new();
    match file {
        Some(path) => {
            text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        }
        None => {
            io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        }
    }
    let text = text.trim().to_owned();
    ensure!(!text.is_empty(), "there is no token");
    Ok(text)
}

fn attenuate(args: &AttenuateArgs) -> anyhow::Result<()> {
    let part = |kind: &str, name: &String| -> anyhow::Result<Part> {
        format!("{kind}:{name}").parse().map_err(|()| anyhow::anyhow!("{name} is no name of a {kind}"))
    };
    let pieces = args.pieces.iter().map(|code| part("piece", code));
    let sections = args.sections.iter().map(|name| part("section", name));
    let attenuation = Attenuation {
        dossier: args.dossier,
        parts: pieces.chain(sections).collect::<anyhow::Result<_>>()?,
        actions: args.actions.clone(),
        until: args.until.as_deref().map(end_of).transpose()?,
    };
    ensure!(
        attenuation.until.is_none_or(|until| until > Timestamp::now()),
        "--until has passed: nobody could use this token"
    );
    ensure!(!attenuation.is_empty(), "say what narrows it: --dossier, --piece, --section, --action or --until");
    writeln!(io::stdout(), "{}", attenuate::attenuate(&read(args.token.token_file.as_deref())?, &attenuation)?)?;
    Ok(())
}
