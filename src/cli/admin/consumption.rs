//! `guichet admin consumption`: resource usage since the last report, for SlapOS accounting.
//!
//! slapgrid runs every program of `etc/report` with the output file as last argument, validates the file against its
//! partition_consumption.xsd, and sends it to the master.

use super::InstallationArgs;
use crate::{
    blob::Blobs,
    config::Config,
    private_file::replace_private,
    store::{Freshness, Store, embedded::Stat, usage},
};
use anyhow::Context;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write, os::unix::fs::MetadataExt, path::PathBuf};

/// The totals reported so far.
const TOTALS_FILE: &str = "consumption.json";
/// Every reported period, one per line: the input of invoices.
pub(super) const PERIODS_FILE: &str = "consumption.jsonl";

/// Options of `guichet admin consumption`.
#[derive(Clone, Debug, clap::Args)]
pub struct ConsumptionArgs {
    /// File to write.
    #[arg(long = "to", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    installation: InstallationArgs,
}

/// The counted quantities: deposits and dossiers by call, storage in bytes, CPU time in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    pub dossiers: BTreeMap<String, i64>,
    #[serde(default)]
    pub deposits: BTreeMap<String, i64>,
    #[serde(default)]
    pub storage_bytes: i64,
    #[serde(default)]
    pub cpu_ms: i64,
}

/// A reported period.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Period {
    pub from: Option<Timestamp>,
    pub to: Timestamp,
    pub used: Counts,
}

/// The state stored between two reports.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Last {
    at: Option<Timestamp>,
    totals: Counts,
    /// CPU time by process, with its start time.
    processes: BTreeMap<String, i64>,
}

pub(super) async fn run(args: &ConsumptionArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.installation.config)?;
    let data = &config.portal.data_dir;
    let last: Last =
        fs::read(data.join(TOTALS_FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let store = Store::open(&config.database)?;
    let mut totals = Counts::default();
    {
        let mut db = store.read(Freshness::OwnWrites).await?;
        for call in usage::by_call(&mut db).await? {
            totals.dossiers.insert(call.call_id.clone(), call.dossiers);
            totals.deposits.insert(call.call_id, call.deposits);
        }
        totals.storage_bytes = usage::bytes(&mut db).await?;
    }
    store.close().await;
    let blobs = Blobs::open(config.attachments.as_ref(), data)?;
    let mut all = blobs.list();
    while let Some(stored) = all.try_next().await? {
        totals.storage_bytes += i64::try_from(stored.bytes)?;
    }
    let processes = processes();
    let spent = |(process, ms): (&String, &i64)| ms - last.processes.get(process).copied().unwrap_or_default();
    let since = |now: &BTreeMap<String, i64>, before: &BTreeMap<String, i64>| {
        now.iter().map(|(call, n)| (call.clone(), n - before.get(call).copied().unwrap_or_default())).collect()
    };
    let used = Counts {
        dossiers: since(&totals.dossiers, &last.totals.dossiers),
        deposits: since(&totals.deposits, &last.totals.deposits),
        // Storage is occupied, not consumed.
        storage_bytes: totals.storage_bytes,
        cpu_ms: processes.iter().map(spent).sum(),
    };
    let now = Timestamp::now();
    fs::write(&args.file, xml(&used)?).with_context(|| format!("cannot write {}", args.file.display()))?;
    let period = Period { from: last.at, to: now, used };
    let mut journal = fs::File::options().create(true).append(true).open(data.join(PERIODS_FILE))?;
    writeln!(journal, "{}", serde_json::to_string(&period)?)?;
    journal.sync_all()?;
    let last = serde_json::to_vec(&Last { at: Some(now), totals, processes })?;
    Ok(replace_private(&data.join(TOTALS_FILE), &last)?)
}

/// CPU time of this user's processes by number and start, in milliseconds. In a partition, the user is the partition's.
fn processes() -> BTreeMap<String, i64> {
    let own = nix::unistd::geteuid().as_raw();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.metadata().is_ok_and(|found| found.uid() == own));
    let pids = ours.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let used = pids.filter_map(|pid| Some((pid, Stat::of(pid)?)));
    // A clock tick is 10 ms on every Linux that SlapOS runs on.
    used.map(|(pid, stat)| (format!("{pid}/{}", stat.started), i64::try_from(stat.cpu * 10).unwrap_or(i64::MAX)))
        .collect()
}

/// In the format of slapgrid's schema; quantities in the units given in the titles.
fn xml(used: &Counts) -> anyhow::Result<String> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<consumption>\n");
    let mut add = |resource: &str, title: &str, reference: &str, quantity: i64, divisor: i64| {
        let (whole, rest) = (quantity / divisor, quantity % divisor * 1_000_000 / divisor);
        writeln!(
            text,
            "<movement><resource>service_module/{resource}</resource><title>{title}</title>\
             <reference>{reference}</reference><quantity>{whole}.{rest:06}</quantity><price>0.0</price><VAT/></movement>"
        )
    };
    for (call, quantity) in &used.dossiers {
        add("guichet_dossier", "Dossiers begun", call, *quantity, 1)?;
    }
    for (call, quantity) in &used.deposits {
        add("guichet_deposit", "Deposits acknowledged", call, *quantity, 1)?;
    }
    add("guichet_storage", "Storage held, GiB", "guichet", used.storage_bytes, 1 << 30)?;
    add("guichet_cpu", "CPU time, hours", "guichet", used.cpu_ms, 3_600_000)?;
    text.push_str("</consumption>\n");
    Ok(text)
}
