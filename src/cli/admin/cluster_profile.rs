//! `guichet admin cluster-profile`: configuration file templates of a database cluster that loses no acknowledged
//! write.

use crate::{
    config::Host,
    store::profile::{CLUSTER_SERVERS, account, after_promotion, my_cnf, replication_manager, slapos_parameters},
};
use anyhow::{Context, ensure};
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Options of `guichet admin cluster-profile`.
#[derive(Clone, Debug, clap::Args)]
pub struct ClusterProfileArgs {
    /// Server of the cluster; repeat for each.
    #[arg(long = "host", value_name = "HOST:PORT", required = true)]
    hosts: Vec<Host>,
    /// Output folder; existing files are not overwritten.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &ClusterProfileArgs) -> anyhow::Result<()> {
    ensure!(
        args.hosts.len() >= CLUSTER_SERVERS,
        "{} servers are too few: with two, the loss of either ends all writes. Name {CLUSTER_SERVERS}",
        args.hosts.len()
    );
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let mut files = vec![
        ("replication-manager.toml".to_owned(), replication_manager(&args.hosts)),
        ("slapos-parameters.json".to_owned(), slapos_parameters()),
    ];
    files.extend(after_promotion(&args.hosts).map(|(name, text)| (name.to_owned(), text)));
    files.push(("repman-account.sql".into(), account().into()));
    for (number, host) in (1..).zip(&args.hosts) {
        files.push((format!("my-{number}.cnf"), format!("# {host}\n{}", my_cnf(number))));
    }
    for (name, text) in files {
        let path = args.out.join(name);
        let mut file = fs::File::create_new(&path).with_context(|| format!("cannot make {}", path.display()))?;
        file.write_all(text.as_bytes())?;
        writeln!(io::stdout(), "{}", path.display())?;
    }
    Ok(())
}
