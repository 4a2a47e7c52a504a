//! `guichet definitions`: keeps local copies of the definitions of guest calls in sync with what their owners publish.
//!
//! A definition that cannot be fetched or is invalid is reported, and the previous one stays. A changed definition is
//! written to its file, and the supervisor of the portal's processes then replaces them.

use crate::{
    adapters::definition::Definitions,
    cli::parent::asked_to_stop,
    config::{Config, GuestCall},
    domain::call,
    private_file::replace_private,
};
use anyhow::{Context, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Interval between two fetches of a definition.
const FETCH_INTERVAL: Duration = Duration::from_secs(300);
/// Interval after a failed fetch.
const RETRY_INTERVAL: Duration = Duration::from_secs(20);

/// Options of `guichet definitions`.
#[derive(Clone, Debug, clap::Args)]
pub struct DefinitionsArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Fetch the definitions once and exit.
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(args: &DefinitionsArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let portal = &config.portal;
    let definitions = Definitions::new(&portal.definition_networks, portal.definition_ca_file.as_deref())?;
    let follow = async {
        loop {
            let mut failed = false;
            for guest in &portal.guest_calls {
                failed |= !turn(&definitions, guest).await;
            }
            if args.once {
                if failed {
                    bail!("not all definitions could be had");
                }
                return Ok(());
            }
            tokio::time::sleep(if failed { RETRY_INTERVAL } else { FETCH_INTERVAL }).await;
        }
    };
    tokio::select! {
        done = follow => done,
        asked = asked_to_stop(false) => asked.context("cannot listen to signals"),
    }
}

/// Fetches one definition; returns false on failure, and writes the reason beside the file.
async fn turn(definitions: &Definitions, guest: &GuestCall) -> bool {
    let Some(url) = &guest.url else { return true };
    let fault = guest.fault_file();
    match update(definitions, url, &guest.file).await {
        Ok(changed) => {
            if changed {
                tracing::info!(file = %guest.file.display(), "definition.changed");
            }
            fs::remove_file(fault).ok();
            true
        }
        Err(error) => {
            let reason = format!("{url}: {error:#}").replace('\n', "; ");
            if fs::read_to_string(&fault).ok().as_deref() != Some(reason.as_str()) {
                tracing::warn!(reason, "definition.refused");
                // Reported again next time if it cannot be written.
                replace_private(&fault, reason.as_bytes()).ok();
            }
            false
        }
    }
}

async fn update(definitions: &Definitions, url: &str, file: &Path) -> anyhow::Result<bool> {
    let text = definitions.fetch(url).await?;
    if fs::read_to_string(file).is_ok_and(|known| known == text) {
        return Ok(false);
    }
    call::load(url, &text)?;
    replace_private(file, text.as_bytes()).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(true)
}
