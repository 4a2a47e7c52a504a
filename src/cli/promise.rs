//! `guichet promise`: one check of a running installation, based on its responses and not on an open port. SlapOS runs
//! each check as a separate promise. The printed line says what to do.

use super::{answer::read_untrusted, garage::garage};
use crate::{
    adapters::garage::NodeState,
    build::BUILD,
    config::Config,
    domain::{
        json::Limits,
        text::{Lang, terminal::escape_for_terminal},
    },
    edge::report::Report,
    ops::{Alarm, Topic},
};
use anyhow::{Context, bail, ensure};
use nix::sys::statvfs::statvfs;
use serde::Deserialize;
use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

/// Timeout for a response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// At most this many bytes in a response.
const MAX_REPORT_BYTES: usize = 16 * 1024 * 1024;
/// A certificate with fewer days left should have been renewed.
const MIN_CERTIFICATE_DAYS: i64 = 14;
/// Options of `guichet promise`.
#[derive(Clone, Debug, clap::Args)]
pub struct PromiseArgs {
    /// Condition to check.
    #[arg(value_enum)]
    question: PromiseCommand,
    /// Minimum free disk space for data, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    reserve_mib: u64,
    /// Wrong blocks, found by the scrubs of all nodes and repaired, that were looked into already.
    #[arg(long, value_name = "N", default_value_t = 0)]
    known_corrupt_blocks: u64,
    /// Configuration file of a process.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PromiseCommand {
    /// The process responds and runs the installed build.
    Process,
    /// The database has a leader, and a second server confirms writes.
    Database,
    /// Mails are sent.
    Outbox,
    /// There is a recent backup set that passed a restore drill.
    Backup,
    /// All calls are served.
    Calls,
    /// There is enough disk space.
    Disk,
    /// No certificate expires soon.
    Certificates,
    /// The nodes that hold the attachments have their quorum, their copies and enough space.
    Attachments,
    /// The virus scanner answers, and scans what is attached.
    Scan,
}

/// The required part of a process's status.
#[derive(Deserialize)]
struct ServiceStatus {
    build: String,
    alarms: Vec<Alarm>,
    refused_calls: Vec<String>,
}

pub(super) async fn run(args: &PromiseArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let said = match args.question {
        PromiseCommand::Process => process(&config).await,
        PromiseCommand::Database => topic(&config, Topic::Database).await,
        PromiseCommand::Outbox => topic(&config, Topic::Outbox).await,
        PromiseCommand::Backup => topic(&config, Topic::Backup).await,
        PromiseCommand::Calls => topic(&config, Topic::Calls).await,
        PromiseCommand::Disk => disk(&config, args.reserve_mib),
        PromiseCommand::Certificates => certificates(&config).await,
        PromiseCommand::Scan => topic(&config, Topic::Scan).await,
        PromiseCommand::Attachments => attachments(&config, args).await,
    }?;
    writeln!(io::stdout(), "{said}")?;
    Ok(())
}

async fn ask<T: serde::de::DeserializeOwned>(address: String) -> anyhow::Result<T> {
    let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIMEOUT).build()?;
    let answer = client.get(&address).send().await.and_then(reqwest::Response::error_for_status);
    let answer = answer.with_context(|| format!("{address} does not answer: see the log of the program"))?;
    let said = answer.bytes().await.map_err(anyhow::Error::from);
    said.and_then(|said| Ok(read_untrusted(&said, Limits::bytes(MAX_REPORT_BYTES))?))
        .with_context(|| format!("{address} answers with something else: is it ours?"))
}

async fn status(config: &Config) -> anyhow::Result<ServiceStatus> {
    ask(format!("http://{}/status", config.portal.ops_listen)).await
}

async fn process(config: &Config) -> anyhow::Result<String> {
    let ServiceStatus { build, .. } = status(config).await?;
    ensure!(
        build == BUILD,
        "{} runs build {build}, and {BUILD} is installed: it is replaced at the moment, or see `guichet supervise status`",
        config.portal.listen
    );
    Ok(format!("{} runs build {build}", config.portal.listen))
}

async fn topic(config: &Config, topic: Topic) -> anyhow::Result<String> {
    let ServiceStatus { alarms, refused_calls, .. } = status(config).await?;
    let mut found: Vec<&str> =
        alarms.iter().filter(|alarm| alarm.topic == topic).map(|alarm| alarm.text.get(&Lang::En)).collect();
    if topic == Topic::Calls {
        found.extend(refused_calls.iter().map(String::as_str));
    }
    if found.is_empty() { Ok("as it should be".into()) } else { bail!("{}", found.join(" ")) }
}

fn disk(config: &Config, reserve_mib: u64) -> anyhow::Result<String> {
    let mut rooms = Vec::new();
    for folder in [Some(&config.portal.data_dir), config.backup.as_ref().map(|backup| &backup.folder)] {
        let Some(folder) = folder else { continue };
        let found = statvfs(folder).with_context(|| format!("cannot look at {}", folder.display()))?;
        let free = found.blocks_available() * found.fragment_size();
        ensure!(
            free >> 20 > reserve_mib,
            "{} MiB are left for {}, less than {reserve_mib}: make room, or nothing can be deposited soon",
            free >> 20,
            folder.display()
        );
        rooms.push(free >> 30);
    }
    Ok(format!("{} GiB are left", rooms.into_iter().min().unwrap_or_default()))
}

async fn attachments(config: &Config, args: &PromiseArgs) -> anyhow::Result<String> {
    let survey = garage(config)?.survey().await.context("no node tells how attachments are: start them again")?;
    let faults = survey.faults(args.reserve_mib, args.known_corrupt_blocks);
    if !faults.is_empty() {
        let words: Vec<String> = faults.iter().map(|fault| escape_for_terminal(fault.words().get(&Lang::En))).collect();
        bail!("{}", words.join(" "));
    }
    let storing = || survey.nodes.iter().filter(|node| node.zone.is_some());
    let room = storing().filter_map(NodeState::room_mib).min().unwrap_or_default();
    Ok(format!("{} nodes store, every copy is in its place, {} GiB are left", storing().count(), room >> 10))
}

async fn certificates(config: &Config) -> anyhow::Result<String> {
    let edge = config.edge.as_ref().context("the configuration has no [edge]")?;
    let report: Report = ask(format!("http://{}/status.json", edge.ops_listen)).await?;
    let mut least = i64::MAX;
    for certificate in &report.certificates {
        let names = certificate.names.join(", ");
        if let Some(issue) = &certificate.issue {
            bail!("the certificate of {names}: {issue}");
        }
        ensure!(certificate.served, "the certificate of {names} is not served yet: see `guichet edge status`");
        ensure!(
            certificate.days_left >= MIN_CERTIFICATE_DAYS,
            "the certificate of {names} lasts {} days",
            certificate.days_left
        );
        least = least.min(certificate.days_left);
    }
    ensure!(!report.certificates.is_empty(), "there is no certificate: browsers are refused");
    Ok(format!("{} certificates, served, for {least} days at least", report.certificates.len()))
}
