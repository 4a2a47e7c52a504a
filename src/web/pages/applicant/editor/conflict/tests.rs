use super::*;
use crate::domain::call::load;
use serde_json::json;

const CALL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/calls/hyper-open-x.toml"));

fn call() -> Call {
    load("hyper-open-x.toml", CALL).unwrap()
}

fn text(path: &str, value: serde_json::Value, lang: Lang) -> String {
    version_text(call().field(path).unwrap(), &serde_json::from_value(value).unwrap(), &lang)
}

#[test]
fn the_cells_of_a_row_stand_in_the_order_of_the_call_by_their_columns() {
    let rows = json!([{ "monthly_cost": "5 000", "months": "3", "profile": "Dev" }, {}, { "months": "2" }]);
    let told = text("budget.persons", rows, Lang::Fr);
    assert_eq!(
        told, "Profil\u{a0}: Dev · Mois\u{a0}: 3 · Coût mensuel chargé\u{a0}: 5 000\nMois\u{a0}: 2",
        "as typed, and a cell that is missing moves no other"
    );
    let grid = text("impact.grid", json!([{ "row": "water", "impact": "neutral" }]), Lang::En);
    assert_eq!(grid, "Water and marine resources · Impact: Neutral");
    assert_eq!(text("budget.persons", json!([{}]), Lang::En), "(empty)");
}

#[test]
fn an_answer_that_was_chosen_is_told_by_its_label() {
    let call = call();
    let all = call.sections.iter().flat_map(|section| section.fields.iter().map(move |field| (section, field)));
    let (section, field) = all.clone().find(|(_, field)| field.kind == FieldKind::Choices).unwrap();
    let (one, other) = (&field.options[0], &field.options[1]);
    let path = format!("{}.{}", section.id, field.id);
    let told = text(&path, json!([one.id, other.id]), Lang::Fr);
    assert_eq!(told, format!("{}\n{}", one.label.fr, other.label.fr));
    let (section, field) = all.clone().find(|(_, field)| field.kind == FieldKind::YesNo).unwrap();
    assert_eq!(text(&format!("{}.{}", section.id, field.id), json!("no"), Lang::Fr), "Non");
    let (section, field) = all.clone().find(|(_, field)| field.kind == FieldKind::Date).unwrap();
    assert_eq!(text(&format!("{}.{}", section.id, field.id), json!("2026-07-31"), Lang::Fr), "31 juillet 2026");
}

#[test]
fn the_author_and_the_hour_of_the_stored_version_are_told() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (evening, night, morning) =
        (at("2026-11-30T20:03:00Z"), at("2026-11-30T22:59:00Z"), at("2026-11-30T23:10:00Z"));
    let told = |author, now| origin_text(&StoredChange { at: evening, author }, &zone, now);
    let you = told(AnswerAuthor::Reader, night);
    assert_eq!(you.fr, "par vous, dans une autre fenêtre ou sur un autre appareil, à 21\u{a0}h\u{a0}03");
    assert_eq!(you.en, "by you, in another window or on another device, at 21:03");
    let guest = told(AnswerAuthor::Guest("compta@cabinet.fr".into()), morning);
    assert_eq!(
        guest.fr, "par compta@cabinet.fr, le 30 novembre 2026 à 21\u{a0}h\u{a0}03",
        "in Paris it is the next day"
    );
    assert_eq!(told(AnswerAuthor::Owner, night).en, "by the owner of the application, at 21:03");
    assert_eq!(told(AnswerAuthor::SomebodyElse, night).fr, "par quelqu’un d’autre, à 21\u{a0}h\u{a0}03");
}

#[test]
fn the_script_gets_both_values_and_the_origin_which_may_be_unknown() {
    let values =
        Conflict { path: "project.title".into(), theirs: Value::Text("A".into()), yours: Value::Text("B".into()) };
    let conflict = AnswerConflict { values, stored: None };
    let (call, now) = (call(), Timestamp::UNIX_EPOCH);
    let json = serde_json::to_value(ConflictJson::new(&call, &conflict, now, Lang::Fr)).unwrap();
    assert_eq!(json, json!({ "path": "project.title", "theirs": "A", "yours": "B", "origin": "" }));
    let clash = Clash::new(&call, &conflict, now, Lang::Fr).unwrap();
    assert_eq!((clash.stored.as_str(), clash.typed.as_str(), clash.origin.as_str()), ("A", "B", ""));
}
