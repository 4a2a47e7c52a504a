//! The client of replication-manager: against a stand-in that has its traps, and against the real one, over three real
//! servers, where `REPMAN_BIN` names its binary.

mod command_line;
mod deposits;
mod suite;
mod traps;

use crate::harness::repman::{Real, StandIn, Subject};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_with_the_stand_in() {
    suite::run(Subject::StandIn(Box::new(StandIn::start().await))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs REPMAN_BIN, which names a replication-manager"]
async fn the_client_with_the_real_replication_manager() {
    suite::run(Subject::Real(Box::new(Real::start().await))).await;
}
