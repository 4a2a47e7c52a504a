//! `guichet admin site`: host names of calls.

use super::InstallationArgs;
use crate::{
    app::load_calls,
    config::Config,
    domain::host::is_host_name,
    store::{Freshness, Store, site},
};
use anyhow::{Context, ensure};
use std::io::{self, Write};

/// What is to be done.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum SiteCommand {
    /// Add a host name to a call; every edge serves it within a second.
    Add {
        /// Host name in lower case, without port.
        host: String,
        /// Id of the call.
        #[arg(long, value_name = "ID")]
        call: String,
        #[command(flatten)]
        installation: InstallationArgs,
    },
    /// Remove a host name.
    Remove {
        /// Host name.
        host: String,
        #[command(flatten)]
        installation: InstallationArgs,
    },
    /// List the host names of calls.
    List(InstallationArgs),
}

pub(super) async fn run(command: SiteCommand) -> anyhow::Result<()> {
    match command {
        SiteCommand::Add { host, call, installation } => {
            let (config, store) = open(&installation)?;
            ensure!(
                is_host_name(&host),
                "{host:?} is not a plain lower-case host name, without port or path, nor an address"
            );
            let calls = load_calls(&config)?.calls;
            let known: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
            ensure!(known.contains(&call.as_str()), "there is no call {call:?}; there are: {}", known.join(", "));
            let mut own =
                config.edge.iter().flat_map(|edge| edge.hosts.iter().map(String::as_str)).chain([config.public_host()]);
            ensure!(!own.any(|own| own.eq_ignore_ascii_case(&host)), "{host} is the portal's own host");
            let mut db = store.write().await?;
            site::put(&mut db, &host, &call, site::HostSource::Operator).await?;
            writeln!(io::stdout(), "{host} shows {call}. It needs a certificate: see `guichet edge status`.")?;
        }
        SiteCommand::Remove { host, installation } => {
            let (_, store) = open(&installation)?;
            let mut db = store.write().await?;
            ensure!(site::remove(&mut db, &host).await?, "{host} is not a host name of a call");
            writeln!(io::stdout(), "{host} is no more.")?;
        }
        SiteCommand::List(installation) => {
            let (_, store) = open(&installation)?;
            let mut db = store.read(Freshness::OwnWrites).await?;
            for site in site::all(&mut db).await? {
                writeln!(io::stdout(), "{:<40} {:<24} {}", site.host, site.call_id, site.source)?;
            }
        }
    }
    Ok(())
}

fn open(installation: &InstallationArgs) -> anyhow::Result<(Config, Store)> {
    let config = Config::read(&installation.config)?;
    let store = Store::open(&config.database).context("cannot read the password of the database")?;
    Ok((config, store))
}
