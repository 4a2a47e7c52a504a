//! An answer that cannot be read is told, and nothing that would rest on it.

use crate::domain::{call::FieldKind, document::Value, fixture::Sample};
use std::collections::BTreeSet;

const NO_NUMBER: &str = "environ 8 000 k€";

/// What is found, by rule and path.
fn found(sample: &Sample) -> BTreeSet<(String, String)> {
    sample.evaluate().findings.into_iter().map(|finding| (finding.rule, finding.path)).collect()
}

fn counts(kind: FieldKind) -> bool {
    kind.is_number() || kind == FieldKind::Date
}

/// Every number and every day of a sample in turn, unreadable, with its path.
fn spoilt(sample: &Sample) -> Vec<(String, Sample)> {
    let mut all = Vec::new();
    for section in &sample.call.sections {
        for field in &section.fields {
            let path = format!("{}.{}", section.id, field.id);
            match sample.document.get(&path) {
                Some(Value::Rows(rows)) => {
                    for column in field.columns.iter().filter(|column| counts(column.kind)) {
                        all.extend((0..rows.len()).map(|index| {
                            let place = format!("{path}[{index}].{}", column.id);
                            (place, sample.clone().cell(&path, index, &column.id, NO_NUMBER))
                        }));
                    }
                }
                Some(Value::Text(_)) if counts(field.kind) => {
                    all.push((path.clone(), sample.clone().text(&path, NO_NUMBER)));
                }
                _ => {}
            }
        }
    }
    all
}

#[test]
fn only_the_unreadable_value_is_told() {
    let link: &[(&str, &str)] = &[
        ("name", "Mère"),
        ("siren", "732 829 320"),
        ("kind", "linked"),
        ("share", "100"),
        ("staff", "240"),
        ("turnover", "40 000 000"),
        ("balance", "30 000 000"),
    ];
    for sample in [
        Sample::new(),
        Sample::small(),
        Sample::new().budget("104 166,66", "0", "124 999,99").text("aid.asked", "99 999,99"),
        Sample::new().budget("100 000", "30 000", "150 000"),
        Sample::new().cell("deminimis.aids", 0, "amount", "200 000,01"),
        Sample::new().text("sme.staff_n", "250").text("sme.staff_n1", "249"),
        Sample::new().text("health.retained", "-600 000"),
        Sample::new().rows("sme.links", &[link, link]),
    ] {
        let before = found(&sample);
        let cases = spoilt(&sample);
        assert!(cases.len() > 3, "{} answers", cases.len());
        for (place, spoilt) in cases {
            let after = found(&spoilt);
            assert!(after.iter().any(|(_, path)| *path == place), "{place} is not told");
            let more: Vec<_> = after.difference(&before).filter(|(_, path)| *path != place).collect();
            assert!(more.is_empty(), "{place}: {more:?}");
        }
    }
}

/// Seen with `8 000 € HT`: the base was said to be short of what is needed, and giving up was proposed.
#[test]
fn a_total_with_an_unreadable_part_is_not_judged() {
    let sample = Sample::new().budget("104 166,66", "0", "124 999,99").text("aid.asked", "99 999,99");
    assert!(found(&sample).iter().any(|(rule, _)| rule == "ELI-1"));
    let sample = sample.cell("budget.persons", 0, "monthly_cost", NO_NUMBER);
    let rules: Vec<String> = sample.evaluate().findings.into_iter().map(|finding| finding.path).collect();
    assert_eq!(rules, ["budget.persons[0].monthly_cost"]);
    let read = Sample::new().budget("100 000 € HT", "0", "120 000 €HT").text("aid.asked", "80 000 EUR HT");
    assert!(!found(&read).iter().any(|(_, path)| path.contains("budget.persons[") || path == "aid.asked"));
}

/// Rows beyond the most that a table has are counted, and what cannot be read in them makes the total as untrue.
#[test]
fn rows_that_are_too_many_are_not_counted_as_nothing() {
    let row: &[(&str, &str)] = &[("profile", "Équipe"), ("months", "1"), ("monthly_cost", "1 000")];
    let last: &[(&str, &str)] = &[("profile", "Équipe"), ("months", "1"), ("monthly_cost", NO_NUMBER)];
    let mut rows = vec![row; 60];
    rows.push(last);
    let sample = Sample::new().rows("budget.persons", &rows);
    assert!(!found(&sample).iter().any(|(rule, _)| rule == "ELI-1" || rule == "FIN-6"), "{:?}", found(&sample));
}
