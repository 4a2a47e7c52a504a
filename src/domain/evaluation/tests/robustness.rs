//! Whatever stands in a document, the evaluation answers, and always the same.

use crate::domain::{
    calendar::Round,
    call::FieldKind,
    document::{Change, Document, Row, Value},
    evaluation::{Extent, evaluate_extent},
    fixture::{CALL, Sample},
    piece::AttachedPiece,
};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};

/// What people and programs put into fields.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "\\PC{0,40}",
        "[-0-9., €\u{a0}]{0,20}",
        "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}",
        proptest::sample::select(vec![
            "", " ", "yes", "no", "none", "linked", "partner", "significant_harm", "FR", "true", "NaN", "1e308", "-0",
            "9999999999999", "-9999999999999,99", "99999999999999999999", "9223372036854775807", "31/02/2024",
            "9999-12-31", "-009999-01-01", "0001-01-01", "29/02/2200", "73282932000074", "35600000049837", "８８",
            "\u{0}", "a@b.c",
        ])
        .prop_map(str::to_owned),
    ]
}

fn value(kind: FieldKind, columns: Vec<String>) -> BoxedStrategy<Value> {
    let row = vec((proptest::sample::select([columns, vec!["row".into(), "intruder".into()]].concat()), text()), 0..6)
        .prop_map(|cells| cells.into_iter().collect::<Row>());
    let any = prop_oneof![
        text().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Flag),
        vec(text(), 0..3).prop_map(Value::Choices),
    ];
    let rows = vec(row, 0..4).prop_map(Value::Rows);
    if kind == FieldKind::Table {
        prop_oneof![4 => rows, 1 => any].boxed()
    } else {
        prop_oneof![1 => rows, 9 => any].boxed()
    }
}

fn answers() -> impl Strategy<Value = Vec<(String, Value)>> {
    let field = (0..CALL.sections.len()).prop_flat_map(|section| {
        let section = &CALL.sections[section];
        (0..section.fields.len()).prop_flat_map(move |field| {
            let field = &section.fields[field];
            let path = format!("{}.{}", section.id, field.id);
            let columns = field.columns.iter().map(|column| column.id.clone()).collect();
            (Just(path), value(field.kind, columns))
        })
    });
    vec(field, 0..40)
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let edges = vec![Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH];
    let seconds = 1_600_000_000_i64..4_200_000_000;
    prop_oneof![
        1 => proptest::sample::select(edges),
        9 => seconds.prop_map(|second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)),
    ]
}

fn evaluated_twice(
    document: &Document,
    now: Timestamp,
    round: &Round,
    pieces: &[AttachedPiece],
) -> Result<(), TestCaseError> {
    for extent in [Extent::Deposit, Extent::Simulator] {
        let evaluated = || evaluate_extent(&CALL, document, extent, now, Some(round), Some(pieces), 2);
        let (once, again) = (evaluated(), evaluated());
        prop_assert_eq!(serde_json::json!(once).to_string(), serde_json::json!(again).to_string());
        prop_assert_eq!(&once.document, &again.document);
        prop_assert!(once.findings.is_sorted_by_key(|finding| finding.severity));
        for finding in &once.findings {
            prop_assert!(!finding.message.incomplete(), "{:?}", finding);
            let field =
                finding.path.starts_with("pieces.") || finding.path.is_empty() || CALL.field(finding.field()).is_some();
            prop_assert!(field, "nothing stands at {}", finding.path);
            prop_assert!(CALL.rule(&finding.rule).is_some() || finding.rule.len() == 1, "no rule {}", finding.rule);
        }
        prop_assert!(
            once.amounts.aid <= once.amounts.aid_by_rate && once.amounts.aid_by_rate <= CALL.funding.cap_cents
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Straight into the document, as a damaged database would hold it.
    #[test]
    fn garbage_is_judged(answers in answers(), now in instant(), round in 0..CALL.rounds.len(), keep in any::<bool>()) {
        let sample = Sample::new();
        let mut document = if keep { sample.document } else { Document::default() };
        for (path, value) in answers {
            if let Some((section, field)) = path.split_once('.') {
                document.0.entry(section.into()).or_default().insert(field.into(), value);
            }
        }
        evaluated_twice(&document, now, &CALL.rounds[round], &sample.pieces)?;
    }

    /// Through the door, as a person or a program would bring it.
    #[test]
    fn what_is_let_in_is_judged_and_read_again(answers in answers(), now in instant()) {
        let sample = Sample::new();
        let mut document = sample.document;
        for (path, value) in answers {
            let change = Change { was: document.get(&path).cloned(), path, value };
            if let Ok(conflicts) = document.merge(&CALL, vec![change]) {
                prop_assert!(conflicts.is_empty());
            }
        }
        evaluated_twice(&document, now, &sample.round, &sample.pieces)?;
        let json = serde_json::json!(document);
        prop_assert_eq!(Document::from_json(&CALL, &json), Ok(document.clone()));
        prop_assert_eq!(serde_json::from_value::<Document>(json).ok(), Some(document));
    }

    /// The order in which answers were typed is not in the result.
    #[test]
    fn the_order_of_typing_does_not_matter(answers in answers()) {
        let evaluate_extent = |answers: &mut dyn Iterator<Item = &(String, Value)>| {
            let mut document = Document::default();
            for (path, value) in answers {
                if document.get(path).is_none() {
                    let _refused = document.set(&CALL, path, value.clone());
                }
            }
            document
        };
        let distinct: std::collections::BTreeMap<_, _> = answers.into_iter().collect();
        let list: Vec<_> = distinct.into_iter().collect();
        prop_assert_eq!(evaluate_extent(&mut list.iter()), evaluate_extent(&mut list.iter().rev()));
    }
}
