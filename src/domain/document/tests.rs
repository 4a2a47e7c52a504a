use super::*;
use crate::domain::fixture::{CALL, Sample};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

const TITLE: &str = "project.title";
const ACRONYM: &str = "project.acronym";

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn change(path: &str, was: Option<Value>, value: Value) -> Change {
    Change { path: path.into(), was, value }
}

fn with(answers: &[(&str, &str)]) -> Document {
    let mut document = Document::default();
    for (path, answer) in answers {
        assert_eq!(document.set(&CALL, path, text(answer)), Ok(()));
    }
    document
}

fn merged(document: &mut Document, changes: Vec<Change>) -> Vec<Conflict> {
    document.merge(&CALL, changes).unwrap_or_else(|error| unreachable!("{error}"))
}

#[test]
fn two_tabs_on_different_fields_are_both_kept() {
    let mut document = with(&[(TITLE, "Un"), (ACRONYM, "U")]);
    let first = merged(&mut document, vec![change(TITLE, Some(text("Un")), text("Deux"))]);
    let second = merged(&mut document, vec![change(ACRONYM, Some(text("U")), text("D"))]);
    assert!(first.is_empty() && second.is_empty());
    assert_eq!((document.text(TITLE), document.text(ACRONYM)), ("Deux", "D"));
}

#[test]
fn documents_differ_by_what_was_changed_added_or_removed() {
    let (before, after) =
        (with(&[(TITLE, "Un"), (ACRONYM, "U")]), with(&[(TITLE, "Deux"), ("project.location", "Lyon")]));
    let all = [ACRONYM, "project.location", TITLE].map(str::to_owned);
    assert_eq!(before.differences(&after), BTreeSet::from(all.clone()));
    assert_eq!(after.differences(&before), BTreeSet::from(all));
    assert!(before.differences(&before.clone()).is_empty());
}

#[test]
fn the_same_field_twice_is_a_conflict_and_nothing_is_lost() {
    let mut document = with(&[(TITLE, "Un")]);
    merged(&mut document, vec![change(TITLE, Some(text("Un")), text("Deux"))]);
    let late = vec![change(TITLE, Some(text("Un")), text("Trois")), change(ACRONYM, None, text("T"))];
    let conflicts = merged(&mut document, late);
    assert_eq!(conflicts.len(), 1);
    assert_eq!((&conflicts[0].theirs, &conflicts[0].yours), (&text("Deux"), &text("Trois")));
    assert_eq!((document.text(TITLE), document.text(ACRONYM)), ("Deux", "T"), "the other field is written");
}

#[test]
fn the_same_answer_from_two_sides_is_no_conflict() {
    let mut document = with(&[(TITLE, "Deux")]);
    assert!(merged(&mut document, vec![change(TITLE, Some(text("Un")), text("Deux"))]).is_empty());
    assert!(merged(&mut document, vec![change(TITLE, None, text("Deux\u{0}"))]).is_empty(), "after cleaning");
    let empty = merged(&mut Document::default(), vec![change(TITLE, Some(text("Un")), text(""))]);
    assert!(empty.is_empty(), "both emptied it");
    let mut bricks = Sample::new().document;
    let choices = |ids: &[&str]| Value::Choices(ids.iter().map(|id| (*id).to_owned()).collect());
    let other_order = choices(&["sozu", "repman", "slapos", "sozu"]);
    assert!(merged(&mut bricks, vec![change("project.bricks", None, other_order)]).is_empty());
}

#[test]
fn emptying_a_field_that_another_tab_changed_is_a_conflict() {
    let mut document = with(&[(TITLE, "Deux")]);
    assert_eq!(merged(&mut document, vec![change(TITLE, Some(text("Un")), text(""))]).len(), 1);
    assert_eq!(document.text(TITLE), "Deux");
    assert!(merged(&mut document, vec![change(TITLE, Some(text("Deux")), text(" "))]).is_empty());
    assert_eq!(document, Document::default(), "an empty answer leaves no trace");
}

#[test]
fn one_impossible_change_writes_nothing() {
    let mut document = with(&[(TITLE, "Un")]);
    for (path, value, fault) in [
        ("project.titel", text("x"), DocumentError::UnknownField("project.titel".into())),
        ("projet.title", text("x"), DocumentError::UnknownField("projet.title".into())),
        ("title", text("x"), DocumentError::UnknownField("title".into())),
        ("project.title.x", text("x"), DocumentError::UnknownField("project.title.x".into())),
        (TITLE, Value::Flag(true), DocumentError::WrongShape(TITLE.into())),
        (TITLE, Value::Choices(vec!["x".into()]), DocumentError::WrongShape(TITLE.into())),
        ("budget.persons", text("x"), DocumentError::WrongShape("budget.persons".into())),
        ("aid.accurate", Value::Rows(vec![Row::new()]), DocumentError::WrongShape("aid.accurate".into())),
        (
            "budget.persons",
            Value::Rows(vec![Row::from([("salary".into(), "1".into())])]),
            DocumentError::UnknownColumn("budget.persons.salary".into()),
        ),
    ] {
        let changes = vec![change(ACRONYM, None, text("U")), change(path, None, value.clone())];
        let result = document.merge(&CALL, changes).map(|conflicts| conflicts.len());
        assert_eq!(result, Err(fault.clone()), "{path}");
        assert_eq!(document, with(&[(TITLE, "Un")]), "{path}");
        assert_eq!(document.set(&CALL, path, value), Err(fault), "{path}");
    }
}

#[test]
fn hard_limits_hold_and_are_not_crossed_by_cutting() {
    let mut document = Document::default();
    let long = "é".repeat(HARD_LIMIT_CHARS);
    assert_eq!(document.set(&CALL, TITLE, text(&long)), Ok(()));
    assert_eq!(document.text(TITLE).chars().count(), HARD_LIMIT_CHARS);
    let longer = document.set(&CALL, TITLE, text(&format!("{long}é")));
    assert_eq!(longer, Err(DocumentError::TooLong(TITLE.into())));
    let row = |cell: &str| Row::from([("profile".to_owned(), cell.to_owned())]);
    let table = "budget.persons";
    assert_eq!(document.set(&CALL, table, Value::Rows(vec![row("x"); HARD_LIMIT_ROWS])), Ok(()));
    let too_many = Value::Rows(vec![row("x"); HARD_LIMIT_ROWS + 1]);
    let too_long = Value::Rows(vec![row(&format!("{long}é"))]);
    for value in [too_many, too_long] {
        assert_eq!(document.set(&CALL, table, value), Err(DocumentError::TooLong(table.into())));
    }
    assert_eq!(document.rows(table).count(), HARD_LIMIT_ROWS);
    let bricks = Value::Choices(vec!["x".repeat(201)]);
    assert_eq!(document.set(&CALL, "project.bricks", bricks), Err(DocumentError::TooLong("project.bricks".into())));
}

#[test]
fn texts_are_composed_and_their_lines_end_alike() {
    let document = with(&[("project.risks", "e\u{301}te\u{301}\r\nhiver\rprintemps\u{0}\u{7f}\u{85}\tfin")]);
    assert_eq!(document.text("project.risks"), "été\nhiver\nprintemps\n\tfin", "U+0085 ends a line");
    let apart = with(&[("project.risks", "e\u{0}\u{301}")]);
    assert_eq!(apart.text("project.risks"), "é", "what stood between them is gone");
    let mut table = Document::default();
    let cell =
        Value::Rows(vec![Row::from([("profile".into(), "A\u{30a}\r\n".into()), ("months".into(), String::new())])]);
    assert_eq!(table.set(&CALL, "budget.persons", cell), Ok(()));
    let rows: Vec<_> = table.rows("budget.persons").collect();
    assert_eq!(rows, [(0, &Row::from([("profile".into(), "Å ".into())]))]);
}

#[test]
fn answers_take_the_shape_of_their_field() {
    let mut document = Document::default();
    for (path, value, kept) in [
        ("applicant.startup", Value::Flag(true), Some(text("yes"))),
        ("applicant.startup", Value::Flag(false), Some(text("no"))),
        ("aid.accurate", text("on"), Some(Value::Flag(true))),
        ("aid.accurate", text("peut-être"), None),
        ("project.bricks", text(""), None),
        ("budget.persons", Value::Choices(Vec::new()), None),
    ] {
        assert_eq!(document.set(&CALL, path, value), Ok(()), "{path}");
        assert_eq!(document.get(path), kept.as_ref(), "{path}");
    }
    let gap = [("profile", "A"), ("", ""), ("profile", "B"), ("", ""), ("", "")];
    let rows = gap.iter().map(|(column, cell)| {
        if column.is_empty() { Row::new() } else { Row::from([((*column).to_owned(), (*cell).to_owned())]) }
    });
    assert_eq!(document.set(&CALL, "budget.persons", Value::Rows(rows.collect())), Ok(()));
    let places: Vec<usize> = document.rows("budget.persons").map(|(index, _)| index).collect();
    assert_eq!(places, [0, 2], "an empty row inside keeps its place, those at the end go");
}

#[test]
fn a_grid_has_its_rows_in_order() {
    let mut document = Document::default();
    let rows = ["biodiversity", "climate-mitigation"]
        .map(|id| Row::from([("row".into(), id.into()), ("dnsh".into(), "no_harm".into())]));
    assert_eq!(document.set(&CALL, "impact.grid", Value::Rows(rows.to_vec())), Ok(()));
    let Some(Value::Rows(kept)) = document.get("impact.grid") else { unreachable!("no grid") };
    let ids: Vec<_> = kept.iter().filter_map(|row| row.get("row").cloned()).collect();
    assert_eq!(
        ids,
        ["climate-mitigation", "climate-adaptation", "water", "circular-economy", "pollution", "biodiversity"]
    );
    assert_eq!(document.rows("impact.grid").map(|(index, _)| index).collect::<Vec<_>>(), [0, 5]);
}

#[test]
fn documents_from_outside_are_read_whole_or_refused_with_every_fault() {
    let json = json!({ "project": { "trl_end": 7, "bricks": ["sozu"], "title": null }, "aid": { "asked": 1250.5, "accurate": true } });
    let read = Document::from_json(&CALL, &json);
    let expected =
        json!({ "project": { "trl_end": "7", "bricks": ["sozu"] }, "aid": { "asked": "1250.5", "accurate": true } });
    assert_eq!(read.map(|document| json!(document)), Ok(expected));
    let bad = json!({ "project": { "title": { "fr": "x" }, "nope": 1 }, "sme": 3, "budget": { "persons": [{ "months": [1] }] } });
    let faults = Document::from_json(&CALL, &bad).err().unwrap_or_default();
    let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "budget.persons has another kind of answer",
            "the form has no field project.nope",
            "project.title has another kind of answer",
            "sme has another kind of answer",
        ]
    );
    assert_eq!(Document::from_json(&CALL, &json!([])).err().map(|faults| faults.len()), Some(1));
}

#[test]
fn a_merged_document_is_judged_like_one_typed_at_once() {
    let sample = Sample::new();
    let mut document = sample.document.clone();
    let was = document.get("aid.asked").cloned();
    let conflicts = merged(
        &mut document,
        vec![change("aid.asked", was, text("90 000")), change("project.end", Some(text("autre")), text("01/01/2030"))],
    );
    assert_eq!(conflicts.len(), 1);
    let merged = Sample { document, ..sample.clone() }.evaluate();
    let typed = sample.text("aid.asked", "90 000").evaluate();
    assert_eq!((merged.document, merged.findings), (typed.document, typed.findings));
}

/// Some fields of every type.
const PATHS: [&str; 5] = [TITLE, ACRONYM, "project.bricks", "aid.accurate", "budget.persons"];

fn answer() -> impl Strategy<Value = (usize, Value)> {
    (0..PATHS.len(), "[ab\u{301}\r\n]{0,3}", any::<bool>()).prop_map(|(index, text, flag)| {
        let value = match index {
            2 => Value::Choices(vec![text]),
            3 => Value::Flag(flag),
            4 => Value::Rows(vec![Row::from([("profile".into(), text)])]),
            _ => Value::Text(text),
        };
        (index, value)
    })
}

fn document(answers: &[(usize, Value)]) -> Document {
    let mut document = Document::default();
    for (index, value) in answers {
        assert_eq!(document.set(&CALL, PATHS[*index], value.clone()), Ok(()));
    }
    document
}

fn changes(from: &Document, answers: &[(usize, Value)]) -> Vec<Change> {
    let last: BTreeMap<usize, Value> = answers.iter().cloned().collect();
    last.into_iter().map(|(index, value)| change(PATHS[index], from.get(PATHS[index]).cloned(), value)).collect()
}

proptest! {
    /// Two tabs started from the same document. Every field has the value that one of them wrote, or the previous one;
    /// a field changed by only one of them has that value; a conflict is reported for the others, unless they agree.
    #[test]
    fn three_way(base in vec(answer(), 0..5), mine in vec(answer(), 0..5), theirs in vec(answer(), 0..5)) {
        let base = document(&base);
        let (mine, theirs) = (changes(&base, &mine), changes(&base, &theirs));
        let alone = |changes: &[Change]| {
            let mut alone = base.clone();
            assert!(merged(&mut alone, changes.to_vec()).is_empty(), "a change of what stands is never a conflict");
            alone
        };
        let (only_mine, only_theirs) = (alone(&mine), alone(&theirs));
        let mut both = only_theirs.clone();
        let conflicts = merged(&mut both, mine.clone());
        for path in PATHS {
            let (stood, ours, others, now) = (base.get(path), only_mine.get(path), only_theirs.get(path), both.get(path));
            let told = conflicts.iter().any(|conflict| conflict.path == path);
            if others == stood || ours == others {
                prop_assert!(!told, "{}", path);
            }
            prop_assert_eq!(now, if ours == stood || told { others } else { ours }, "{}", path);
            let touched = mine.iter().any(|change| change.path == path);
            prop_assert_eq!(told, touched && others != stood && ours != others, "{}", path);
        }
        let mut again = both.clone();
        merged(&mut again, mine);
        prop_assert_eq!(again, both, "sending the same changes again changes nothing");
    }

    #[test]
    fn what_is_kept_is_kept_as_it_is(text in prop_oneof![".{0,60}", "[e\u{0}\u{301}\u{327}\r\n ]{0,12}"]) {
        let once = with(&[("project.risks", &text)]);
        let again = Document::from_json(&CALL, &json!(once));
        prop_assert_eq!(again, Ok(once));
    }
}

/// A value stored before a character was removed on input is read as it is, and changed without a conflict.
#[test]
fn b5_a_draft_of_before_is_no_conflict() {
    let before = Value::Text("Exe\u{200b}mple".into());
    let mut document = Document::default();
    document.0.entry("applicant".into()).or_default().insert("name".into(), before.clone());
    let json = serde_json::json!(document);
    assert_eq!(serde_json::from_value::<Document>(json).ok(), Some(document.clone()), "reading changes nothing");
    for was in [before, Value::Text("Exemple".into())] {
        let mut draft = document.clone();
        let change = Change { path: "applicant.name".into(), was: Some(was), value: Value::Text("Autre".into()) };
        assert!(draft.merge(&CALL, vec![change]).is_ok_and(|conflicts| conflicts.is_empty()));
        assert_eq!(draft.text("applicant.name"), "Autre");
    }
    let blank = with(&[("applicant.name", "\u{3164}\u{2800}")]);
    assert_eq!(blank.get("applicant.name"), None, "what is only invisible is empty");
}

/// The form offers a default answer; a program that fills an empty draft need not know about it.
#[test]
fn b7_what_is_offered_is_nobodys_answer() {
    let change = |was: Option<&str>| Change {
        path: "project.country".into(),
        was: was.map(|was| Value::Text(was.into())),
        value: Value::Text("DE".into()),
    };
    let mut begun = Document::new(&CALL);
    assert_eq!(begun.text("project.country"), "France");
    assert!(begun.merge(&CALL, vec![change(None)]).is_ok_and(|conflicts| conflicts.is_empty()));
    assert_eq!(begun.text("project.country"), "DE");
    let mut typed = with(&[("project.country", "Belgique")]);
    assert!(typed.merge(&CALL, vec![change(None)]).is_ok_and(|conflicts| conflicts.len() == 1));
}
