//! No change of a receipt goes undetected.

use super::*;

/// Every position of a small receipt, every seventh of a large one; each character becomes a neighbour and, for a
/// letter, its other case.
#[test]
fn any_character_that_changes_shows() {
    for (sample, stride) in [(Sample::small(), 1), (Sample::new(), 7)] {
        let original = json!(sealed(&sample, &pair(7), 1, GENESIS));
        let text = original.to_string();
        let mut same = 0;
        for (place, character) in text.char_indices().step_by(stride) {
            let mut others = vec![char::from_u32(u32::from(character) ^ 1).unwrap_or('?')];
            if character.is_ascii_alphabetic() {
                others.push(char::from(character as u8 ^ 0x20));
            }
            for other in others {
                let changed = format!("{}{other}{}", &text[..place], &text[place + character.len_utf8()..]);
                let Ok(json) = serde_json::from_str::<Json>(&changed) else { continue };
                if json == original {
                    same += 1;
                    continue;
                }
                assert!(
                    !verify(&json, &[]).is_valid(),
                    "{character} → {other} at {place}: …{}",
                    &text[..place].chars().rev().take(40).collect::<String>().chars().rev().collect::<String>()
                );
            }
        }
        assert_eq!(same, 0, "no character of a compact receipt is without meaning");
    }
}

#[test]
fn a_changed_part_is_named_and_no_other() {
    let receipt = receipt();
    for name in receipt.parts.keys() {
        let mut forged = receipt.clone();
        let place = match name.split_once('.') {
            Some((outer, inner)) => &mut forged.manifest[outer][inner],
            None => &mut forged.manifest[name],
        };
        *place = json!({ "forged": true });
        let found = differences(&json!(forged));
        assert!(found.contains(&format!("“{name}” differs from what was sealed.")), "{name}: {found:?}");
        assert_eq!(found.iter().filter(|text| text.starts_with('“')).count(), 1, "{name}: {found:?}");
        // With the digest of the part corrected, the digest of the whole is wrong; with that corrected too, the
        // signature is.
        forged.parts = part_digests(&forged.manifest);
        let whole = differences(&json!(forged));
        assert!(whole.iter().any(|text| text.starts_with("The digest of the whole is not")), "{name}: {whole:?}");
        forged.statement.digest = digest(&json!(forged.parts));
        let last = differences(&json!(forged));
        assert!(last.iter().any(|text| text.starts_with("The signature does not match")), "{name}: {last:?}");
    }
}

#[test]
fn parts_taken_away_or_added_are_named() {
    let receipt = receipt();
    let mut less = receipt.clone();
    let answers = less.manifest["answers"].as_object_mut();
    assert!(answers.and_then(|answers| answers.remove("health")).is_some());
    assert_eq!(differences(&json!(less)), ["“answers.health” was sealed but is missing from this file."]);
    for (outer, name) in [("answers", "answers.extra"), ("pieces", "pieces.extra")] {
        let mut more = receipt.clone();
        more.manifest[outer]["extra"] = json!({});
        assert_eq!(differences(&json!(more)), [format!("“{name}” was not in what was sealed.")]);
    }
    let mut top = receipt;
    top.manifest["remark"] = json!("selected");
    assert_eq!(differences(&json!(top)), ["“remark” was not in what was sealed."]);
}

/// A forger could keep the sealed section under a member with the name of the part, and change what is shown.
#[test]
fn no_member_can_stand_in_for_a_part() {
    for (outer, inner) in [("answers", "budget"), ("pieces", "P7")] {
        let mut forged = receipt();
        let sealed = forged.manifest[outer][inner].take();
        forged.manifest[outer][inner] = json!({ "persons": [] });
        forged.manifest[format!("{outer}.{inner}")] = sealed;
        let found = differences(&json!(forged));
        assert!(found.contains(&format!("“{outer}.{inner}” differs from what was sealed.")), "{found:?}");
        assert!(found.contains(&format!("“/{outer}.{inner}” was not in what was sealed.")), "{found:?}");
    }
}

#[test]
fn what_is_signed_is_what_stands_in_the_file() {
    let json = json!(receipt());
    let id = json["statement"]["dossier"].as_str().unwrap_or_default().to_uppercase();
    let signature = json["signature"].as_str().unwrap_or_default().to_uppercase();
    let key = json["public_key"].as_str().unwrap_or_default().to_uppercase();
    for (pointer, other) in [
        ("/statement/dossier", id.as_str()),
        ("/statement/received_at", "2026-11-23T11:00:00+01:00"),
        ("/statement/received_at", "2026-11-23t10:00:00z"),
        ("/statement/received_at", "2026-11-23T09:59:59Z"),
        ("/statement/sealed_at", "2026-11-23T10:00:01Z"),
        ("/statement/sealed_at", "2026-11-23T09:59:59Z"),
        ("/signature", signature.as_str()),
        ("/public_key", key.as_str()),
        ("/statement/format", "guichet-receipt/1"),
        ("/statement/format", "guichet-receipt/3"),
        ("/statement/number", "2026-000002"),
        ("/statement/previous", &GENESIS.replace('0', "1")),
        ("/signature", ""),
        ("/public_key", "00"),
    ] {
        let mut changed = json.clone();
        if let Some(place) = changed.pointer_mut(pointer) {
            *place = Json::from(other);
        }
        assert_ne!(changed, json, "{pointer}");
        assert!(!differences(&changed).is_empty(), "{pointer} as {other}");
    }
}

#[test]
fn what_is_no_receipt_is_said_to_be_none() {
    let whole = json!(receipt());
    for name in ["statement", "signature", "public_key", "parts", "manifest"] {
        let mut part = whole.clone();
        assert!(part.as_object_mut().and_then(|members| members.remove(name)).is_some());
        let found = differences(&part);
        assert!(found.len() == 1 && found[0].contains(name), "{found:?}");
    }
    let mut more = whole;
    more["comment"] = json!("x");
    assert_eq!(differences(&more).len(), 1);
    for other in [json!(null), json!([]), json!("receipt"), json!({ "statement": {} })] {
        assert_eq!(differences(&other).len(), 1);
    }
}

#[test]
fn another_key_is_refused_when_the_portals_are_known() {
    let (ours, theirs) = (pair(7), pair(8));
    let forged = json!(sealed(&Sample::new(), &theirs, 1, GENESIS));
    let report = verify(&forged, &[published(&ours)]);
    let wrong: Vec<_> = report.checks.iter().filter(|check| !check.passed).collect();
    assert!(!report.key_known && wrong.len() == 1, "{report:?}");
    assert!(wrong[0].message.en.contains("did not issue"));
    assert!(verify(&forged, &[published(&ours), published(&theirs)]).is_valid(), "keys follow one another");
    let mut borrowed = forged;
    borrowed["public_key"] = json!(published(&ours).public_key);
    borrowed["statement"]["key"] = json!(published(&ours).id);
    assert!(!verify(&borrowed, &[published(&ours)]).is_valid());
}
