//! `guichet admin move-attachments`: copies all attachments from one store into another one, while the portal serves.

use super::InstallationArgs;
use crate::{
    blob::{Blobs, transfer},
    config::{Config, StoreUrl},
    store::{Freshness, Store, piece},
};
use anyhow::{Context, ensure};
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// Attachments looked up per query.
const ATTACHMENTS_PER_BATCH: u32 = 500;

/// Options of `guichet admin move-attachments`.
#[derive(Clone, Debug, clap::Args)]
pub struct MoveAttachmentsArgs {
    /// Store to copy from: file:/folder, or s3://bucket?endpoint=…
    #[arg(value_name = "FROM")]
    from: StoreUrl,
    /// Store to copy to; nothing is removed from the first one.
    #[arg(value_name = "TO")]
    to: StoreUrl,
    /// File with the key of the first store [default: that of the configuration]
    #[arg(long, value_name = "FILE")]
    from_key_file: Option<PathBuf>,
    /// File with the key of the second store [default: that of the configuration]
    #[arg(long, value_name = "FILE")]
    to_key_file: Option<PathBuf>,
    #[command(flatten)]
    installation: InstallationArgs,
}

pub(super) async fn run(args: &MoveAttachmentsArgs) -> anyhow::Result<()> {
    ensure!(args.from != args.to, "both are the same store");
    if let StoreUrl::Folder(folder) = &args.from {
        ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    }
    let config = Config::read(&args.installation.config)?;
    let key = config.attachments.as_ref().and_then(|attachments| attachments.key_file.as_ref());
    let open = |url: &StoreUrl, file: &Option<PathBuf>| {
        // Without a cache, what is read back comes from the store.
        let blobs = Blobs::at(url, file.as_ref().or(key).map(PathBuf::as_path), &config.portal.data_dir, 0);
        blobs.with_context(|| format!("cannot use {url}"))
    };
    let (from, to) = (open(&args.from, &args.from_key_file)?, open(&args.to, &args.to_key_file)?);
    let done = transfer(&from, &to, true).await?;
    let (mut copied, mut present, mut unreadable) = (done.copied, done.present, done.unreadable);
    let store = Store::open(&config.database)?;
    let (mut after, mut referenced, mut missing) = (String::new(), 0_u64, Vec::new());
    loop {
        let digests = {
            let mut db = store.read(Freshness::OwnWrites).await?;
            piece::digests(&mut db, &after, ATTACHMENTS_PER_BATCH).await?
        };
        let Some(last) = digests.last() else { break };
        after.clone_from(last);
        for sha256 in digests {
            referenced += 1;
            // It may have been attached since the first store was listed, to either of them.
            if !present.contains(&sha256) && to.find(&sha256).await?.is_none() {
                match from.find(&sha256).await?.is_some() && transfer::one(&from, &to, &sha256, true).await? {
                    true => {
                        copied += 1;
                        unreadable.remove(&sha256);
                        present.insert(sha256);
                    }
                    false => missing.push(sha256),
                }
            }
        }
    }
    store.close().await;
    let mut out = io::stdout();
    for sha256 in &missing {
        let why = if unreadable.contains(sha256) { "its bytes are others" } else { "it is in neither store" };
        writeln!(out, "! {sha256}: {why}")?;
    }
    let listed = present.len() + unreadable.len();
    let already = (present.len() as u64).saturating_sub(copied);
    let (lost, wrong) = (missing.len(), unreadable.len());
    writeln!(
        out,
        "{listed} listed, {copied} copied, {already} already there; {referenced} referenced by rows, {lost} missing, {wrong} wrong"
    )?;
    ensure!(lost == 0, "{lost} attachments that rows refer to are not in {}", args.to);
    Ok(())
}
