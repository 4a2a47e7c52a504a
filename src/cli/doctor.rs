//! `guichet doctor`: reports what is wrong with an installation, in sentences, each with its remedy. It changes
//! nothing.

mod cluster;
mod database;
mod disk;
mod network;
mod scan;

use crate::{
    app::load_calls,
    config::{Config, ConfigError},
    domain::text::terminal::escape_for_terminal,
};
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Options of `guichet doctor`.
#[derive(Clone, Debug, clap::Args)]
pub struct DoctorArgs {
    /// Check only this part.
    part: Option<DoctorTopic>,
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// A part of an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DoctorTopic {
    /// The database: every setting of every server of a cluster.
    Database,
}

/// Examines the installation; exit code 1 when there is a problem.
pub async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut sheet = Sheet::default();
    if let Some(config) = configuration(&args, &mut sheet) {
        let whole = args.part.is_none();
        if whole {
            calls(&config, &mut sheet);
            legal_pages(&config.missing_legal_data(), &mut sheet);
            disk::examine(&config, &mut sheet);
        }
        database::examine(&config, &mut sheet).await;
        if whole {
            network::examine(&config, &mut sheet).await;
            scan::examine(&config, &mut sheet).await;
        }
    }
    sheet.print(&mut io::stdout().lock())
}

fn configuration(args: &DoctorArgs, sheet: &mut Sheet) -> Option<Config> {
    let path = args.config.display();
    let config = match Config::read(&args.config) {
        Ok(config) => config,
        Err(ConfigError::Faults { faults, .. }) => {
            for fault in faults {
                sheet.problem(format!("Configuration: {fault}."), format!("Correct {path}."));
            }
            return None;
        }
        Err(error) => {
            sheet.problem(format!("Configuration: {}", reason(&error.into())), format!("Correct {path}."));
            return None;
        }
    };
    sheet.fine(format!("The configuration {path} can be read."));
    if config.portal.test_hooks {
        sheet.problem(
            "TEST HOOKS ARE ON: any request can set the clock that deadlines are held against.",
            "Remove portal.test_hooks, unless this installation exists to be tested.",
        );
    } else if config.portal.demonstration {
        sheet.attention(
            "This is a demonstration: its pages say so, and everyone can read the mails it sends.",
            "Remove portal.demonstration before a real call opens.",
        );
    }
    Some(config)
}

fn calls(config: &Config, sheet: &mut Sheet) {
    match load_calls(config) {
        Ok(calls) => {
            for call in calls.calls {
                sheet.fine(format!(
                    "The call {} (version {}) loads, with {} rounds.",
                    call.id,
                    call.version,
                    call.rounds.len()
                ));
            }
        }
        Err(error) => sheet.problem(
            format!("The calls do not load: {}", reason(&error.into())),
            "Correct the definition; `guichet check-call FILE` lists all its faults.",
        ),
    }
}

/// What the legal pages of a portal in production lack. A demonstration has invented data.
fn legal_pages(missing: &[&str], sheet: &mut Sheet) {
    if missing.is_empty() {
        sheet.fine("The legal pages have all that the law wants of them.");
    } else {
        sheet.attention(
            format!("The legal pages lack what the law wants of them, or have placeholders: {}.", missing.join(", ")),
            "Give these keys their values; `docs/runbooks/operators.md` says what each is.",
        );
    }
}

/// An error with its causes, without those that its own text already contains.
fn reason(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| {
        if text.contains(&cause) {
            text
        } else if text.is_empty() {
            cause
        } else {
            format!("{text}: {cause}")
        }
    })
}

/// The result of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Ok,
    Attention,
    Problem,
}

struct ReportLine {
    mark: Mark,
    text: String,
    remedy: Option<String>,
}

/// The results.
#[derive(Default)]
pub struct Sheet {
    lines: Vec<ReportLine>,
}

impl Sheet {
    /// Reports that something is in order.
    pub fn fine(&mut self, text: impl Into<String>) {
        self.lines.push(ReportLine { mark: Mark::Ok, text: text.into(), remedy: None });
    }

    /// Reports something that should be known or done, although the portal works.
    pub fn attention(&mut self, text: impl Into<String>, remedy: impl Into<String>) {
        self.lines.push(ReportLine { mark: Mark::Attention, text: text.into(), remedy: Some(remedy.into()) });
    }

    /// Reports something that prevents the portal from working, or from keeping its guarantees.
    pub fn problem(&mut self, text: impl Into<String>, remedy: impl Into<String>) {
        self.lines.push(ReportLine { mark: Mark::Problem, text: text.into(), remedy: Some(remedy.into()) });
    }

    fn print(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        for ReportLine { mark, text, remedy } in &self.lines {
            let word = match mark {
                Mark::Ok => "ok       ",
                Mark::Attention => "attention",
                Mark::Problem => "problem  ",
            };
            let lines: Vec<String> = text.trim_end().lines().map(escape_for_terminal).collect();
            writeln!(out, "{word}  {}", lines.join("\n           "))?;
            if let Some(remedy) = remedy {
                writeln!(out, "           → {}", escape_for_terminal(remedy))?;
            }
        }
        let count = |mark| self.lines.iter().filter(|line| line.mark == mark).count();
        let problems = count(Mark::Problem);
        writeln!(out, "Problems: {problems}. Points of attention: {}.", count(Mark::Attention))?;
        Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::publisher::Publisher;

    #[test]
    fn a_portal_without_legal_data_is_told_which_keys_lack() {
        let told = |publisher: &Publisher| {
            let (mut sheet, mut told) = (Sheet::default(), Vec::new());
            legal_pages(&publisher.missing(), &mut sheet);
            sheet.print(&mut told).unwrap();
            String::from_utf8(told).unwrap()
        };
        let none = told(&Publisher::default());
        assert!(none.starts_with("attention") && none.contains(": publisher.name, publisher.address, "), "{none}");
        assert!(told(&Publisher::invented()).contains("publisher.host.name"), "invented data are no data");
        assert!(told(&Publisher::complete()).starts_with("ok "));
    }

    #[tokio::test]
    async fn a_configuration_that_cannot_be_read_is_a_problem_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("guichet.toml");
        std::fs::write(&config, "[portal]\nsurprise = 1\n").unwrap();
        let mut sheet = Sheet::default();
        assert!(configuration(&DoctorArgs { part: None, config }, &mut sheet).is_none());
        let mut text = Vec::new();
        sheet.print(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("problem    Configuration: ") && text.contains("surprise"), "{text}");
        assert!(text.ends_with("Problems: 1. Points of attention: 0.\n"), "{text}");
    }
}
