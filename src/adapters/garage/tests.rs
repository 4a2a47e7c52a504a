//! What is read from answers that real nodes gave (`tests/fixtures/garage`), and plans that contradict themselves.

use super::{Fault, GarageError, Plan, Survey, wire};
use serde::de::DeserializeOwned;

fn recorded<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/garage/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Three nodes, of which the third is away, and the first found a wrong block and says so; the second says nothing.
fn survey() -> Survey {
    let workers: wire::Answers<Vec<wire::Worker>> = recorded("workers");
    let silent = GarageError::Slow { node: "127.0.2.2:3903".into(), what: "ListWorkers" };
    let workers = workers.success.into_iter().map(Ok).chain([Err(silent)]).collect();
    Survey::compile(recorded("status"), &recorded("health"), workers)
}

#[test]
fn a_node_that_is_away_is_known_by_its_place() {
    let survey = survey();
    assert!(survey.has_quorum() && survey.parts == 256 && survey.parts_complete == 0, "{survey:#?}");
    let zones: Vec<_> = survey.nodes.iter().map(|node| (node.zone.as_deref().unwrap(), node.up)).collect();
    assert_eq!(zones, [("z1", true), ("z2", true), ("z3", false)]);
    let [first, second, third] = survey.nodes.as_slice() else { panic!("{survey:#?}") };
    assert_eq!(first.scrubbed.as_ref().unwrap().corrupt_blocks, 1);
    assert_eq!((first.failed, second.failed, third.failed), (Some(0), None, None));
    assert!(first.room_mib().is_some_and(|mib| mib > 1024) && first.queue.is_some());
    assert!(third.name().ends_with("(127.0.2.3:3901, zone z3)"), "{}", third.name());
    let faults = survey.faults(1024, 0);
    let [Fault::Away(away), Fault::Silent(silent), Fault::Corrupt { blocks: 1, .. }] = faults.as_slice() else {
        panic!("{faults:#?}")
    };
    assert!(away.contains("zone z3") && silent.contains("127.0.2.2:3903"));
    assert_eq!(survey.faults(1024, 1).len(), 2, "what is known is not told again");
    let little = survey.faults(u64::MAX, 1);
    assert!(little.iter().any(|fault| matches!(fault, Fault::LittleRoom { .. })), "{little:#?}");
}

#[test]
fn the_loss_of_the_quorum_comes_first_and_no_store_is_all() {
    let mut survey = survey();
    survey.parts_with_quorum = 12;
    let first = survey.faults(0, 9).remove(0);
    assert_eq!(first, Fault::NoQuorum { parts: 244, of: 256 });
    assert!(first.is_outage());
    survey.layout = 0;
    assert_eq!(survey.faults(0, 9), [Fault::Unmade]);
}

fn plan(text: &str) -> Plan {
    toml::from_str(&format!("key_file = '/k'\nadmin_token_file = '/t'\n{text}")).unwrap()
}

fn node(number: u8, more: &str) -> String {
    format!("[[nodes]]\nadmin = 'http://[::1]:390{number}'\nrpc = '[::1]:380{number}'\n{more}\n")
}

#[test]
fn contradictions_of_a_plan_are_all_told() {
    let good = "zone = 'a'\ncapacity_mib = 1024";
    let text = format!("bucket = 'guichet'\n{}{}{}", node(1, good), node(2, good), node(3, good));
    assert_eq!(plan(&text).faults(), Vec::<String>::new());
    let text = format!("bucket = 'G'\n{}{}", node(1, "zone = ''\ncapacity_mib = 0"), node(1, good));
    assert_eq!(plan(&text).faults().len(), 4, "{:?}", plan(&text).faults());
    assert_eq!(plan("bucket = 'guichet'\nnodes = []").faults().len(), 1);
}
