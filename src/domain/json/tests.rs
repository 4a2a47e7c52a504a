use super::*;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const LIMITS: Limits = Limits::bytes(1_000_000);

fn fault(text: &str) -> String {
    from_str::<Json>(text, LIMITS).map_or_else(|error| error.to_string(), |value| format!("read: {value}"))
}

/// What the reader in Rust and the one in JavaScript are held to: see `tests/portal/browser/offline.rs`.
const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/json/strict.tsv"));

#[test]
fn a9_a_member_that_stands_twice_is_refused_with_its_place() {
    let twice = fault(r#"{"applicant":{"siret":"1","siret":"2"}}"#);
    assert!(twice.starts_with("applicant.siret: this member stands twice (line and column 1, "), "{twice}");
    assert!(fault(r#"{"rows":[{"a":1},{"a":1,"\u0061":2}]}"#).starts_with("rows[1].a: this member stands twice"));
    assert!(fault("{\"\":1,\n\"\":2}").contains("line and column 2, "));
    assert_eq!(fault(r#"{"a":{"b":1},"c":{"b":1}}"#), r#"read: {"a":{"b":1},"c":{"b":1}}"#);
}

#[test]
fn a9_bounds_and_bytes() {
    assert!(fault(&format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH))).starts_with("read"));
    assert!(fault(&format!("{}1{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1))).contains("32 levels"));
    assert!(fault(&"[".repeat(100_000)).contains("32 levels"));
    assert!(fault("\u{feff}{}").contains("not UTF-8"));
    assert!(from_slice::<Json>(b"\"\xff\"", LIMITS).is_err_and(|error| error.fault == JsonFault::NotUtf8));
    assert!(from_slice::<Json>(b"[1,2,3]", Limits::bytes(6)).is_err_and(|error| error.fault == JsonFault::TooLong(6)));
    assert!(fault("{} x").contains("trailing characters") && fault("{}{}").contains("trailing characters"));
    assert!(fault("").contains("EOF"));
}

#[test]
fn a9_no_number_is_rounded_unseen() {
    for text in [
        "18446744073709551615",
        "-9223372036854775808",
        "125000.50",
        "1e3",
        "0.1",
        "-0",
        "0.000",
        "100000000000000000000.0",
        "0.30000000000000004",
        "-1.50e+2",
        "0e5",
    ] {
        assert!(fault(text).starts_with("read"), "{text}: {}", fault(text));
    }
    for text in
        ["18446744073709551616", "0.1234567890123456789", "123456789012345678901234", "1e-400", "9007199254740993.0"]
    {
        assert!(fault(text).contains("would be rounded"), "{text}: {}", fault(text));
    }
    assert!(fault("{\n \"a\": 0.1234567890123456789}").ends_with("(line and column 2, 7)"));
    assert!(fault(r#""0.12345678901234567 \" 12345678901234567890123""#).starts_with("read"), "text is not a number");
}

#[test]
fn a_fault_of_shape_keeps_its_path() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Sample {
        rows: Vec<u32>,
    }
    let error = from_str::<Sample>(r#"{"rows":[1,"x"]}"#, LIMITS).map(|_| ()).unwrap_err();
    assert!(error.to_string().starts_with("rows[1]: invalid type"), "{error}");
    assert!(error.path == "rows[1]" && error.line == 1 && error.column > 0);
}

#[test]
fn the_table_that_javascript_is_held_to() {
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some((verdict, text)) = line.split_once('\t') else { unreachable!("{line}") };
        let text = text.replace("<TAB>", "\t");
        assert_eq!(from_str::<Json>(&text, LIMITS).is_ok(), verdict == "read", "{line}: {}", fault(&text));
    }
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            proptest::collection::btree_map(".{0,3}", inner, 0..5)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// Writes a value with the last member of its `nth` object that has one written twice; what is left of `nth` comes back.
fn doubled(value: &Json, nth: &mut usize) -> String {
    match value {
        Json::Array(items) => {
            format!("[{}]", items.iter().map(|item| doubled(item, nth)).collect::<Vec<_>>().join(","))
        }
        Json::Object(map) => {
            let mine = !map.is_empty() && {
                *nth = nth.wrapping_sub(1);
                *nth == usize::MAX
            };
            let mut members: Vec<String> =
                map.iter().map(|(name, inner)| format!("{}:{}", json!(name), doubled(inner, nth))).collect();
            if let Some((name, _)) = map.iter().next_back().filter(|_| mine) {
                members.insert(0, format!("{}:0", json!(name)));
            }
            format!("{{{}}}", members.join(","))
        }
        scalar => scalar.to_string(),
    }
}

proptest! {
    #[test]
    fn documents_without_a_twice_are_read_as_ever(value in value()) {
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        prop_assert_eq!(from_str::<Json>(&text, LIMITS).ok(), Some(value));
    }

    #[test]
    fn any_member_written_twice_is_refused(value in value(), nth in 0_usize..6) {
        let mut left = nth;
        let text = doubled(&value, &mut left);
        let read = from_str::<Json>(&text, LIMITS);
        if left > nth {
            prop_assert!(read.is_err_and(|error| error.fault == JsonFault::Twice), "{}", text);
        } else {
            prop_assert!(read.is_ok(), "{}", text);
        }
    }

    /// Whatever is no JSON for serde_json is none for us, and the other way round but for what is refused on purpose.
    #[test]
    fn bytes_are_judged_as_serde_json_does(text in "[\\[\\]{}\",:0-9a-z\\\\ .eE+-]{0,24}") {
        let theirs = serde_json::from_str::<Json>(&text);
        match from_str::<Json>(&text, LIMITS) {
            Ok(read) => prop_assert_eq!(theirs.ok(), Some(read)),
            Err(error) => prop_assert!(theirs.is_err() || !matches!(error.fault, JsonFault::Broken(_) | JsonFault::CutShort(_) | JsonFault::Shape(..)), "{}", error),
        }
    }
}
