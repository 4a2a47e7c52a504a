//! Reading what replication-manager writes, which differs between its versions: no field has to be there, none has to be
//! of the expected kind, and Go's nullable values come as objects.

use jiff::Timestamp;
use serde_json::Value;

/// A field as text: a string, a number, or `{"String": …, "Valid": true}`.
pub fn text(object: &Value, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(fields) if fields.get("Valid")? == true => fields.get("String")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// A field as a number: a number, digits, or `{"Int64": …, "Valid": true}`.
pub fn integer(object: &Value, key: &str) -> Option<i64> {
    match object.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.trim().parse().ok(),
        Value::Object(fields) if fields.get("Valid")? == true => fields.get("Int64")?.as_i64(),
        _ => None,
    }
}

/// A field as yes or no: a truth value, or one of the servers' own words.
pub fn flag(object: &Value, key: &str) -> Option<bool> {
    match object.get(key)? {
        Value::Bool(yes) => Some(*yes),
        _ => match text(object, key)?.to_ascii_lowercase().as_str() {
            "on" | "yes" | "true" | "1" => Some(true),
            "off" | "no" | "false" | "0" => Some(false),
            _ => None,
        },
    }
}

/// The elements of a list, or the values of a map; nothing if it is null or absent.
pub fn elements(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().filter(|one| one.is_object()).collect(),
        Some(Value::Object(map)) => map.values().filter(|one| one.is_object()).collect(),
        _ => Vec::new(),
    }
}

/// A position, `domain-server-sequence` each, separated by commas.
pub fn position(object: &Value, key: &str) -> Option<String> {
    if let Some(text) = text(object, key) {
        return Some(text).filter(|text| !text.is_empty());
    }
    let one = |gtid: &&Value| {
        let part = |key| integer(gtid, key);
        Some(format!("{}-{}-{}", part("domainId")?, part("serverId")?, part("seqNo")?))
    };
    let all: Vec<String> = object.get(key)?.as_array()?.iter().filter_map(|gtid| one(&gtid)).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// An instant in seconds; zero is none.
pub fn seconds(object: &Value, key: &str) -> Option<Timestamp> {
    integer(object, key).filter(|seconds| *seconds > 0).and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// An instant in words; Go's zero instant is none.
pub fn instant(object: &Value, key: &str) -> Option<Timestamp> {
    text(object, key)?.parse().ok().filter(|instant: &Timestamp| instant.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use super::{elements, flag, instant, integer, position, seconds, text};
    use serde_json::json;

    #[test]
    fn values_are_read_in_every_dress() {
        let object = json!({
            "plain": "Slave", "number": 3306, "null": null,
            "some": {"String": "Yes", "Valid": true}, "none": {"String": "", "Valid": false},
            "lag": {"Int64": 0, "Valid": true}, "no_lag": {"Int64": 0, "Valid": false},
            "on": "ON", "off": "OFF", "odd": "maybe", "yes": true,
        });
        assert_eq!(text(&object, "plain").as_deref(), Some("Slave"));
        assert_eq!(text(&object, "number").as_deref(), Some("3306"));
        assert_eq!(text(&object, "some").as_deref(), Some("Yes"));
        assert_eq!((text(&object, "none"), text(&object, "null"), text(&object, "absent")), (None, None, None));
        assert_eq!((integer(&object, "lag"), integer(&object, "no_lag")), (Some(0), None));
        assert_eq!(integer(&object, "number"), Some(3306));
        let flags = ["on", "off", "yes", "some", "odd", "none"].map(|key| flag(&object, key));
        assert_eq!(flags, [Some(true), Some(false), Some(true), Some(true), None, None]);
        assert_eq!((text(&json!([]), "a"), integer(&json!(null), "a"), flag(&json!(7), "a")), (None, None, None));
    }

    #[test]
    fn positions_lists_and_instants() {
        let object = json!({
            "gtid": [{"domainId": 1, "serverId": 2, "seqNo": 77}, {"domainId": 0, "serverId": 1, "seqNo": 3}],
            "empty": [], "null": null, "text": "1-2-3", "list": [{"a": 1}, 2], "map": {"7": {"a": 1}},
            "at": 1_700_000_000, "never": 0, "word": "2026-11-23T10:00:00+01:00", "zero": "0001-01-01T00:00:00Z",
        });
        assert_eq!(position(&object, "gtid").as_deref(), Some("1-2-77,0-1-3"));
        assert_eq!(position(&object, "text").as_deref(), Some("1-2-3"));
        assert_eq!((position(&object, "empty"), position(&object, "null")), (None, None));
        assert_eq!(elements(object.get("list")).len(), 1);
        assert_eq!((elements(object.get("map")).len(), elements(object.get("null")).len()), (1, 0));
        assert_eq!(seconds(&object, "at").map(|at| at.as_second()), Some(1_700_000_000));
        assert_eq!((seconds(&object, "never"), instant(&object, "zero")), (None, None));
        assert!(instant(&object, "word").is_some());
    }
}
