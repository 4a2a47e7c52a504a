//! The pages that work without the portal follow what the portal does.

use crate::harness::installation::source;
use std::collections::BTreeSet;

/// The page that narrows tokens refuses the checks that this portal refuses.
#[test]
fn the_page_that_narrows_knows_what_the_policy_concludes() {
    let page = std::fs::read_to_string(source("src/web/assets/offline/biscuit.js")).unwrap();
    let list = page.split("const CONCLUDED = ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    let listed: BTreeSet<String> = serde_json::from_str(list).unwrap();
    assert_eq!(listed, guichet::testing::auth::CONCLUDED.iter().cloned().collect());
}
