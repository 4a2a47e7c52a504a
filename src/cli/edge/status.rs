//! `guichet edge status`: the status of the running edge, as a table or as JSON.

use crate::{
    cli::answer::read_untrusted,
    config::Config,
    domain::json::Limits,
    edge::report::{Report, Role},
};
use anyhow::Context;
use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

/// Longest time that the edge may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Largest report that is read.
const MAX_REPORT_BYTES: usize = 16 * 1024 * 1024;

/// Options of `guichet edge status`.
#[derive(Clone, Debug, clap::Args)]
pub struct StatusArgs {
    /// Print the complete status as JSON.
    #[arg(long)]
    json: bool,
    /// Configuration file of the edge.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) async fn run(args: StatusArgs) -> anyhow::Result<ExitCode> {
    let edge = Config::read(&args.config)?.edge.context("the configuration has no [edge] section")?;
    let report = match fetch_report(edge.ops_listen).await {
        Ok(report) => report,
        Err(error) => {
            writeln!(
                io::stderr(),
                "guichet: no edge answers on {} ({error:#}): is `guichet edge --config {}` running?",
                edge.ops_listen,
                args.config.display()
            )?;
            return Ok(ExitCode::from(2));
        }
    };
    let mut out = io::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        print(&report, &mut out)?;
    }
    Ok(if well(&report) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn fetch_report(address: std::net::SocketAddr) -> anyhow::Result<Report> {
    let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIMEOUT).build()?;
    let answer = client.get(format!("http://{address}/status.json")).send().await?.error_for_status()?;
    Ok(read_untrusted(&answer.bytes().await?, Limits::bytes(MAX_REPORT_BYTES))?)
}

fn well(report: &Report) -> bool {
    report.converged && report.alarms.is_empty() && report.issues.is_empty()
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let role = match &report.role {
        Role::Unknown => "lease unknown".into(),
        Role::Leader { epoch } => format!("is the active controller, epoch {epoch}"),
        Role::Observer { leader, .. } => format!("observes; the active controller is {leader}"),
    };
    let state = match (report.converged, well(report)) {
        _ if matches!(report.role, Role::Observer { .. }) => "another edge is the active controller",
        (true, true) => "all is well",
        (true, false) => "serves, and needs attention",
        (false, _) => "NOT converged",
    };
    let sozu = &report.sozu;
    let running = sozu.workers.iter().filter(|worker| worker.state == "running").count();
    writeln!(out, "{}: {state}", report.sozu_name)?;
    writeln!(out, "Sōzu {} (process {}), {running} workers running; this edge {role}", sozu.version, sozu.main_pid)?;
    if !report.database {
        writeln!(out, "the database is unavailable: nothing is removed")?;
    }
    for alarm in &report.alarms {
        writeln!(out, "! {alarm}")?;
    }
    for issue in &report.issues {
        writeln!(out, "! {}: {}", issue.object, issue.reason)?;
    }
    processes(report, out)?;
    certificates(report, out)?;
    writeln!(out, "\n{} hosts: {}", report.sites.len(), shortened(report))?;
    for listener in &report.listeners {
        let bound = if listener.active { "bound" } else { "NOT bound" };
        writeln!(out, "{} on {}: {bound}", listener.protocol, listener.address)?;
    }
    if let Some(plan) = &report.last_plan {
        let verified = if plan.verified { "verified" } else { "NOT verified" };
        let (ms, tenths) = (plan.took_us / 1000, plan.took_us % 1000 / 100);
        writeln!(out, "last plan: {} step(s) in {ms}.{tenths} ms, {verified}, at {}", plan.length, plan.at)?;
    }
    for drift in &report.drift {
        writeln!(out, "drift repaired at {}: {}", drift.at, drift.what)?;
    }
    Ok(())
}

fn processes(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{:<16} {:<10} {:<22} {:>10} {:>7} {:>7} {:>7} {:>7}",
        "PROCESS", "STATE", "ADDRESS", "REQUESTS", "PER S", "ERRORS", "P50 MS", "P99 MS"
    )?;
    for p in &report.processes {
        let state = if p.serving { p.state.clone() } else { format!("{} (out)", p.state) };
        writeln!(
            out,
            "{:<16} {state:<10} {:<22} {:>10} {:>7.1} {:>7} {:>7} {:>7}",
            p.name, p.address, p.requests, p.requests_per_second, p.errors, p.p50_ms, p.p99_ms
        )?;
    }
    Ok(())
}

fn certificates(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{:<40} {:>9} {:<8} SOURCE", "CERTIFICATE", "DAYS LEFT", "SERVED")?;
    for c in &report.certificates {
        let names = match &c.names[..] {
            [first, rest @ ..] if !rest.is_empty() => format!("{first} +{}", rest.len()),
            names => names.concat(),
        };
        let served = if c.served { "by all" } else { "NOT YET" };
        writeln!(out, "{names:<40} {:>9} {served:<8} {}", c.days_left, c.source)?;
    }
    Ok(())
}

fn shortened(report: &Report) -> String {
    let first: Vec<&str> = report.sites.iter().take(8).map(|site| site.host.as_str()).collect();
    let more = if report.sites.len() > first.len() { ", …" } else { "" };
    format!("{}{more}", first.join(", "))
}
