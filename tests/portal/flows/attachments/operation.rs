//! `guichet garage apply`, without a portal: safe to run again, a change of the plan is a change of the layout, and what
//! cannot be done is told.

use crate::harness::garage::{Garage, NODES};
use std::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_applied_once_and_again_and_changed() {
    let mut garage = Garage::start(NODES).await;
    assert_eq!(garage.apply().await.unwrap(), "The nodes are as the plan says.\n");
    let survey = garage.client().survey().await.unwrap();
    let zones: Vec<&str> = survey.nodes.iter().filter_map(|node| node.zone.as_deref()).collect();
    assert_eq!((survey.layout, zones), (1, vec!["zone-1", "zone-2", "zone-3"]), "{survey:#?}");
    assert!(survey.has_quorum() && survey.silent.is_empty(), "{survey:#?}");
    assert_eq!(survey.faults(1, 0), [], "{survey:#?}");

    // A node that is away keeps its place, and is known by where it was.
    garage.kill(2);
    garage.until("its loss to be seen", |survey| survey.nodes.iter().any(|node| !node.up)).await;
    let told = garage.apply().await.unwrap();
    assert_eq!(told, "The nodes are as the plan says.\n");
    let faults = garage.client().survey().await.unwrap().faults(1, 0);
    let words: Vec<String> =
        faults.iter().map(|fault| fault.words().get(&guichet::testing::domain::text::Lang::En).to_owned()).collect();
    assert!(words.iter().any(|words| words.contains("does not answer") && words.contains("zone-3")), "{words:?}");
    garage.run_again(&[2]).await;

    // A fourth comes, and the plan without it again lets it go.
    garage.add().await;
    let told = garage.apply().await.unwrap();
    assert!(told.contains("stores, in zone zone-4") && told.contains("layout 2 is in force"), "{told}");
    garage
        .until("four nodes to store", |survey| survey.nodes.iter().filter(|node| node.zone.is_some()).count() == 4)
        .await;
    let fourth = garage.nodes.pop().unwrap();
    let told = garage.apply().await.unwrap();
    assert!(told.contains("stores no more") && told.contains("layout 3 is in force"), "{told}");
    drop(fourth);
}

#[test]
fn the_recommended_settings_are_printed() {
    let done = Command::new(crate::harness::installation::guichet()).args(["garage", "settings"]).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    for line in ["replication_factor = 3", "data_fsync = true", "metadata_fsync = true", "consistency_mode"] {
        assert!(text.contains(line), "{text}");
    }
}
