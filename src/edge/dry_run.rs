//! What the edge would do with a configuration, without doing it.

use crate::{
    auth,
    config::Config,
    edge::{
        answers::CustomAnswers,
        certificates::Certificates,
        controller::{safety_limits, within_timeout},
        desired::{Inputs, build_spec},
        inventory,
        plan::Step,
        reconciler::Reconciler,
        render::epoch_of,
        report::SyncStatus,
        sozu::Sozu,
    },
    store::Store,
};
use anyhow::Context;
use std::{collections::BTreeSet, sync::Arc};

/// What a reconciliation would do now.
#[derive(Debug)]
pub struct DryRun {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Objects that would be rejected and issues of their sources, with the reason.
    pub issues: Vec<(String, String)>,
}

/// Reads Sōzu, the certificates and the database, and computes the plan without executing it. The configuration may be
/// another than the running edge's.
///
/// # Errors
/// When the configuration has no `[edge]`, or Sōzu or the database do not answer.
pub async fn dry_run(config: &Config) -> anyhow::Result<DryRun> {
    let edge = config.edge.clone().context("the configuration has no [edge] section")?;
    let store = Store::open(&config.database).context("cannot read the password of the database")?;
    let inventory =
        within_timeout(inventory::read_once(&store)).await.context("the processes and sites cannot be read")?;
    let sozu = Sozu::start(&edge.sozu_socket, &edge.state_dir)?;
    sozu.set_command_guard(Arc::new(|| false));
    let epoch = epoch_of(&sozu.observe().await?);
    let workers = sozu.workers().await?.len();
    let mut certificates = Certificates::start(&edge)?;
    let mut all_issues: BTreeSet<(String, String)> = certificates.issues().into_iter().collect();
    let spec = build_spec(Inputs {
        config,
        edge: &edge,
        challenges: None,
        inventory: &inventory,
        marker: &auth::edge_secret(&config.portal.data_dir, config.portal.keys_seed_file.as_deref())?,
        workers: u32::try_from(workers).unwrap_or(1).max(1),
        epoch,
        certificates: certificates.current(),
        answers: CustomAnswers::default().current(edge.answers_dir.as_deref()),
    });
    let (steps, issues) = Reconciler::new(sozu, safety_limits(&edge)).dry_run(&spec).await?;
    let rejected = issues.into_iter().filter(|issue| issue.status == SyncStatus::Rejected);
    all_issues.extend(rejected.map(|issue| (issue.object.to_string(), issue.reason)));
    Ok(DryRun { steps, issues: all_issues.into_iter().collect() })
}
