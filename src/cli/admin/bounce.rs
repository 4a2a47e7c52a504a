//! `guichet admin bounce`: takes a report on the delivery of a mail from the mail server, on standard input.
//!
//! A mail server makes of a failure of this program another report. So whatever the report is, the command succeeds, except
//! if the database cannot be reached: then the server tries again.

use super::InstallationArgs;
use crate::{
    adapters::delivery_report::{self, MAX_REPORT_BYTES},
    app::{App, service::mail::ReportOutcome},
};
use anyhow::Context;
use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

/// The exit code by which mail servers try again later (`EX_TEMPFAIL` of `sysexits.h`).
const TRY_AGAIN_EXIT_CODE: u8 = 75;

/// Options of `guichet admin bounce`.
#[derive(Clone, Debug, clap::Args)]
pub struct BounceArgs {
    /// Address that the report was sent to, as the mail server knows it [default: as the report says].
    #[arg(long, value_name = "ADDRESS", env = "ORIGINAL_RECIPIENT")]
    recipient: Option<String>,
    #[command(flatten)]
    installation: InstallationArgs,
}

pub(super) async fn run(args: &BounceArgs) -> anyhow::Result<ExitCode> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_REPORT_BYTES).unwrap_or(u64::MAX);
    io::stdin().lock().take(limit + 1).read_to_end(&mut bytes).context("cannot read the report")?;
    if bytes.len() > MAX_REPORT_BYTES {
        return ignored("it is longer than a report");
    }
    let Some(report) = delivery_report::read(&bytes, args.recipient.as_deref()) else {
        return ignored("it is no report on the delivery of a mail");
    };
    let app = match args.installation.open() {
        Ok(app) => app,
        Err(error) => return try_again(&error),
    };
    let outcome = record(&app, &report).await;
    app.store.close().await;
    match outcome {
        Ok(ReportOutcome::Failed(failure)) => {
            say(&format!("The address is marked as failing: {} ({}).", failure.kind.slug(), failure.status))
        }
        Ok(ReportOutcome::Delivered) => say("The mail was delivered."),
        Ok(ReportOutcome::UnknownMail) => ignored("it is about no mail of this portal"),
        Ok(ReportOutcome::Nothing) => ignored("it has no status that counts"),
        Err(error) => try_again(&error),
    }
}

async fn record(app: &App, report: &delivery_report::DeliveryReport) -> anyhow::Result<ReportOutcome> {
    Ok(app.record_delivery_report(report).await?)
}

fn say(text: &str) -> anyhow::Result<ExitCode> {
    writeln!(io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn ignored(why: &str) -> anyhow::Result<ExitCode> {
    say(&format!("The report is ignored: {why}."))
}

fn try_again(error: &anyhow::Error) -> anyhow::Result<ExitCode> {
    writeln!(io::stderr(), "guichet: the report could not be recorded: {error:#}")?;
    Ok(ExitCode::from(TRY_AGAIN_EXIT_CODE))
}
