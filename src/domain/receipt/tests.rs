mod forgery;
mod unreadable;

use super::*;
use crate::domain::fixture::Sample;
use jiff::SignedDuration;
use proptest::{collection::vec, prelude::*};
use ring::signature::{Ed25519KeyPair, KeyPair};
use uuid::Uuid;

/// A receipt that an earlier version issued: every later version must accept it.
const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/receipts/golden.json"));
const GOLDEN_DIGEST: &str = "d7b8ba92c346232a9d898320c036ce59ac03f19f1bca17ad304053f56d85e6b3";

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap_or_else(|error| unreachable!("{error}"))
}

fn published(pair: &Ed25519KeyPair) -> PublicKey {
    let key = pair.public_key().as_ref();
    PublicKey { id: key_id(key), public_key: hex::encode(key) }
}

/// Seals and signs a sample as the portal does.
fn sealed(sample: &Sample, pair: &Ed25519KeyPair, sequence: u64, previous: &str) -> Receipt {
    let dossier = DossierId(Uuid::from_u128(0x0193_5a00_0000_7000_8000_0000_0000_abcd));
    let evaluation = sample.evaluate();
    assert_eq!(evaluation.blocking_count(), 0);
    let manifest = manifest(&ManifestInput {
        portal: "https://guichet.example",
        call: sample.call,
        round: &sample.round,
        dossier,
        version: 1,
        depositor: AccountId(Uuid::from_u128(0x0193_5a00_0000_7000_8000_0000_0000_0001)),
        evaluation: &evaluation,
        pieces: &sample.pieces,
        received_at: sample.now,
    });
    let parts = part_digests(&manifest);
    let key = published(pair);
    let statement = Statement {
        format: FORMAT.into(),
        number: number(sample.now, &sample.call.time_zone(), sequence),
        sequence,
        dossier,
        version: 1,
        instants: Instants::from_statement(sample.now, sample.now + SignedDuration::from_secs(2))
            .unwrap_or(Instants::single(sample.now)),
        digest: digest(&json!(parts)),
        previous: previous.into(),
        key: key.id,
    };
    let signature = hex::encode(pair.sign(statement.canonical().as_bytes()).as_ref());
    Receipt { statement, signature, public_key: key.public_key, parts, manifest }
}

fn receipt() -> Receipt {
    sealed(&Sample::new(), &pair(7), 1, GENESIS)
}

/// The differences, in English.
fn differences(json: &Json) -> Vec<String> {
    let report = verify(json, &[published(&pair(7))]);
    report.checks.into_iter().filter(|check| !check.passed).map(|check| check.message.en).collect()
}

#[test]
fn a_sealed_sample_holds() {
    let receipt = receipt();
    let report = verify(&json!(receipt), &[published(&pair(7))]);
    assert!(report.is_valid() && report.key_known, "{report:?}");
    assert_eq!(receipt.statement.number, "2026-000001");
    let stranger = verify(&json!(receipt), &[]);
    assert!(stranger.is_valid() && !stranger.key_known, "right in itself, its origin is open");
    let names: Vec<&str> = receipt.parts.keys().map(String::as_str).collect();
    for name in [
        "answers.applicant", "answers.budget", "pieces.P7", "pieces.P10", "context", "amounts", "findings",
        "expenses_from",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let context = &receipt.manifest["context"];
    assert_eq!(context["instant_local"], "23/11/2026 11:00:00");
    assert_eq!(context["call_version"], Sample::new().call.version);
    assert!(context["interpretations"].as_array().is_some_and(|readings| readings.contains(&json!("X-4"))));
    assert_eq!(receipt.manifest["answers"]["applicant"]["siret"], "99991234800011");
}

#[test]
fn spaces_and_order_mean_nothing() {
    let receipt = receipt();
    let pretty = serde_json::to_string_pretty(&receipt).unwrap_or_default();
    let Ok(read) = serde_json::from_str::<Json>(&pretty) else { unreachable!("{pretty}") };
    assert!(differences(&read).is_empty());
    let members = |receipt: &Receipt| {
        [
            ("manifest", json!(receipt.manifest)),
            ("parts", json!(receipt.parts)),
            ("statement", json!(receipt.statement)),
        ]
    };
    let turned: Vec<String> = members(&receipt).iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let text = format!(
        "{{\"signature\":\"{}\",{},\"public_key\":\"{}\"}}",
        receipt.signature,
        turned.join(","),
        receipt.public_key
    );
    assert!(serde_json::from_str::<Json>(&text).is_ok_and(|json| differences(&json).is_empty()));
}

#[test]
fn each_receipt_names_the_one_before() {
    let first = receipt();
    let second = sealed(&Sample::new(), &pair(7), 2, &first.statement.digest());
    assert_eq!(second.statement.previous, first.statement.digest());
    assert_eq!(first.statement.digest(), digest(&json!(first.statement)));
    let mut changed = first.statement.clone();
    changed.instants = Instants::single("2026-11-23T09:59:59Z".parse().unwrap_or(changed.received_at()));
    assert_ne!(changed.digest(), second.statement.previous, "a receipt cannot be dated back once another follows");
    assert_eq!(GENESIS.len(), first.statement.digest().len());
}

#[test]
fn a_golden_receipt_still_holds() {
    let Ok(golden) = serde_json::from_str::<Json>(GOLDEN) else { unreachable!("golden.json is not JSON") };
    let report = verify(&golden, &[published(&pair(7))]);
    assert!(report.is_valid() && report.key_known, "{report:?}");
    let Ok(receipt) = serde_json::from_value::<Receipt>(golden) else { unreachable!("golden.json is no receipt") };
    assert_eq!(receipt.statement.digest(), GOLDEN_DIGEST);
    let signature = pair(7).sign(receipt.statement.canonical().as_bytes());
    assert_eq!(hex::encode(signature.as_ref()), receipt.signature, "the same bytes are signed");
}

#[test]
fn canonical_bytes() {
    let Ok(value) =
        serde_json::from_str::<Json>(r#" { "b" : [ 1 , -2, true, null ], "a": {"é":1,"z":2,"":3}, "B": "x" } "#)
    else {
        unreachable!("not JSON")
    };
    assert_eq!(canonical(&value), r#"{"B":"x","a":{"":3,"z":2,"é":1},"b":[1,-2,true,null]}"#);
    let hard = "\u{8}\t\n\u{c}\r\u{0}\u{1f}\"\\/\u{7f}é\u{2028}😀";
    assert_eq!(canonical(&json!(hard)), "\"\\b\\t\\n\\f\\r\\u0000\\u001f\\\"\\\\/\u{7f}é\u{2028}😀\"");
    assert_eq!(digest(&json!({})), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_eq!(key_id(b""), "e3b0c44298fc1c14");
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let member = ("[a-c\"\\\\é\u{1}]{0,3}", inner.clone());
        prop_oneof![
            vec(inner, 0..4).prop_map(Json::from),
            vec(member, 0..4).prop_map(|members| Json::Object(members.into_iter().collect()))
        ]
    })
}

/// The same value with its members in another order and with spaces between them.
fn otherwise(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let members: Vec<String> = map
                .iter()
                .rev()
                .map(|(key, value)| format!("{} : {}", Json::from(key.as_str()), otherwise(value)))
                .collect();
            format!("{{ {} }}", members.join(" ,\n"))
        }
        Json::Array(items) => format!("[ {} ]", items.iter().map(otherwise).collect::<Vec<_>>().join(" , ")),
        scalar => scalar.to_string(),
    }
}

proptest! {
    #[test]
    fn order_and_spaces_are_not_in_the_bytes(value in value()) {
        let Ok(other) = serde_json::from_str::<Json>(&otherwise(&value)) else { unreachable!("{value}") };
        prop_assert_eq!(canonical(&other), canonical(&value));
        prop_assert_eq!(serde_json::from_str::<Json>(&canonical(&value)).ok(), Some(value));
    }

    #[test]
    fn different_values_have_different_bytes(one in value(), other in value()) {
        prop_assert_eq!(canonical(&one) == canonical(&other), one == other);
    }

    #[test]
    fn nothing_makes_verification_panic(value in value(), place in 0_usize..5) {
        let mut json = json!(receipt());
        let name = ["statement", "signature", "public_key", "parts", "manifest"][place];
        json[name] = value;
        prop_assert!(!verify(&json, &[]).is_valid());
    }
}
