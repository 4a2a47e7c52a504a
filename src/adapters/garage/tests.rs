//! What is read from answers that real nodes gave (`tests/fixtures/garage`), and plans that contradict themselves.

use super::Plan;

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
