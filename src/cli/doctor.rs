//! `guichet doctor`: reports what is wrong with an installation, in sentences, each with its remedy. It changes
//! nothing.

mod cluster;
mod database;
mod disk;
mod network;
mod scan;

use crate::{
    adapters::inspect::pdf_text,
    app::load_calls,
    cli::color,
    config::{Config, ConfigError},
    domain::text::terminal::escape_for_terminal,
};
use serde::Serialize;
use std::{io::Write, path::PathBuf, process::ExitCode};

/// The form of the report as JSON. It changes when a member is removed or means something else; new members may come.
const JSON_FORMAT: &str = "guichet-doctor/1";

/// Options of `guichet doctor`.
#[derive(Clone, Debug, clap::Args)]
pub struct DoctorArgs {
    /// Check only this part.
    part: Option<DoctorTopic>,
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
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
            text_of_files(&mut sheet);
        }
    }
    let out = &mut color::stdout();
    if args.json {
        sheet.print_json(out)?
    } else {
        sheet.print(out)?
    }
    Ok(if sheet.count(Mark::Problem) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// Whether the text of deposited files is searched.
fn text_of_files(sheet: &mut Sheet) {
    match pdf_text::find_program() {
        Some(program) => sheet.fine(format!("The text of deposited files is read by {}.", program.display())),
        None => sheet.attention(
            "pdftotext is not installed: the text of deposited files is not searched.",
            "Install it (Debian: poppler-utils), on every machine or on one of them.",
        ),
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Ok,
    Attention,
    Problem,
}

#[derive(Serialize)]
struct ReportLine {
    #[serde(rename = "result")]
    mark: Mark,
    text: String,
    remedy: Option<String>,
}

/// The report as JSON.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    problems: usize,
    attention: usize,
    checks: &'a [ReportLine],
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

    fn count(&self, mark: Mark) -> usize {
        self.lines.iter().filter(|line| line.mark == mark).count()
    }

    fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for ReportLine { mark, text, remedy } in &self.lines {
            let (word, style) = match mark {
                Mark::Ok => ("ok       ", color::GOOD),
                Mark::Attention => ("attention", color::CARE),
                Mark::Problem => ("problem  ", color::BAD),
            };
            let lines: Vec<String> = text.trim_end().lines().map(escape_for_terminal).collect();
            writeln!(out, "{style}{word}{style:#}  {}", lines.join("\n           "))?;
            if let Some(remedy) = remedy {
                writeln!(out, "           → {}", escape_for_terminal(remedy))?;
            }
        }
        let (problems, attention) = (self.count(Mark::Problem), self.count(Mark::Attention));
        writeln!(out, "Problems: {problems}. Points of attention: {attention}.")?;
        Ok(())
    }

    fn print_json(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let report = Report {
            format: JSON_FORMAT,
            problems: self.count(Mark::Problem),
            attention: self.count(Mark::Attention),
            checks: &self.lines,
        };
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
        Ok(())
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
            anstream::adapter::strip_str(&String::from_utf8(told).unwrap()).to_string()
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
        assert!(configuration(&DoctorArgs { part: None, config, json: false }, &mut sheet).is_none());
        let mut text = Vec::new();
        sheet.print(&mut anstream::StripStream::new(&mut text)).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("problem    Configuration: ") && text.contains("surprise"), "{text}");
        assert!(text.ends_with("Problems: 1. Points of attention: 0.\n"), "{text}");
    }

    #[test]
    fn the_report_as_json_keeps_its_form() {
        let mut sheet = Sheet::default();
        sheet.fine("All \u{1b}[2Kwell.");
        sheet.attention("Full soon.", "Make room.");
        sheet.problem("Full.", "Make room.");
        let mut text = Vec::new();
        sheet.print_json(&mut text).unwrap();
        assert!(!text.contains(&0x1b), "control characters stay escaped");
        let expected = serde_json::json!({
            "format": "guichet-doctor/1", "problems": 1, "attention": 1,
            "checks": [
                { "result": "ok", "text": "All \u{1b}[2Kwell.", "remedy": null },
                { "result": "attention", "text": "Full soon.", "remedy": "Make room." },
                { "result": "problem", "text": "Full.", "remedy": "Make room." },
            ],
        });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&text).unwrap(), expected);
    }
}
