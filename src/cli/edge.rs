//! `guichet edge`: the role that configures Sōzu.

use crate::{cli::parent::asked_to_stop, config::Config, edge};
use anyhow::Context;
use std::path::PathBuf;

/// Options of `guichet edge`.
#[derive(Clone, Debug, clap::Args)]
pub struct EdgeArgs {
    /// Configuration file, with an [edge] section.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Ends with the process that started it.
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

/// Keeps Sōzu configured until asked to stop.
///
/// # Errors
/// When the configuration cannot be used or signals cannot be listened to.
pub async fn run(args: EdgeArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let stop = async {
        let stopped = asked_to_stop(args.with_parent).await.context("cannot listen to signals");
        if let Err(error) = stopped {
            tracing::error!("{error:#}");
        }
    };
    edge::run(config, stop).await
}
