//! Answers as people read them, without markup.

use super::{date::day, number::parse_hundredths};
use crate::domain::{
    calendar::show_day,
    call::{Call, Choice, Field, FieldKind},
    country,
    document::{Document, Value, row_is_empty},
    money::Cents,
    text::Lang,
};
use std::fmt::Write;

/// The label of an option; its id if the call has no such option any more.
pub fn label<'t>(options: &'t [Choice], id: &'t str, lang: &Lang) -> &'t str {
    options.iter().find(|option| option.id == id).map_or(id, |option| option.label.get(lang))
}

/// One scalar in readable form; an invalid value is shown as typed.
pub fn scalar(kind: FieldKind, options: &[Choice], text: &str, lang: &Lang) -> String {
    match kind {
        FieldKind::Choice => label(options, text, lang).to_owned(),
        FieldKind::YesNo if text == "yes" => lang.tr("Oui", "Yes").to_owned(),
        FieldKind::YesNo if text == "no" => lang.tr("Non", "No").to_owned(),
        FieldKind::Money => parse_hundredths(text).map_or_else(|_| text.to_owned(), |cents| Cents(cents).show(*lang)),
        FieldKind::Date => day(text).map_or_else(|_| text.to_owned(), |day| show_day(day).get(lang).to_owned()),
        FieldKind::Hundredths => match text.trim_end_matches('0').trim_end_matches(['.', ',']) {
            short if text.contains(['.', ',']) => short.replace('.', lang.tr(",", ".")),
            _ => text.to_owned(),
        },
        FieldKind::Country => {
            country::read(text).map_or_else(|| text.to_owned(), |country| country.names().get(lang).to_owned())
        }
        _ => text.to_owned(),
    }
}

/// A document as a text of its own, in the order of the form. Answers to questions that the call does not ask any more
/// stand at the end, under their ids.
pub fn readable(call: &Call, document: &Document, lang: &Lang) -> String {
    let mut text = String::new();
    for section in &call.sections {
        let Some(given) = document.0.get(&section.id) else { continue };
        let answered = section.fields.iter().filter_map(|field| Some((field, given.get(&field.id)?)));
        let answered: Vec<_> = answered.filter(|(_, value)| !value.is_empty()).collect();
        if answered.is_empty() {
            continue;
        }
        heading(&mut text, &format!("{}. {}", section.letter, section.title.get(lang)));
        for (field, value) in answered {
            answer(&mut text, field.label.get(lang), &lines(field, value, lang));
        }
    }
    let known = |section: &str, field: &str| call.field(&format!("{section}.{field}")).is_some();
    let others =
        document.0.iter().flat_map(|(section, given)| given.iter().map(move |(field, value)| (section, field, value)));
    let others: Vec<_> = others.filter(|(section, field, value)| !value.is_empty() && !known(section, field)).collect();
    if !others.is_empty() {
        heading(&mut text, lang.tr("Autres réponses", "Other answers"));
        for (section, field, value) in others {
            answer(&mut text, &format!("{section}.{field}"), &raw(value));
        }
    }
    text
}

fn heading(text: &mut String, title: &str) {
    let gap = if text.is_empty() { "" } else { "\n" };
    // Writing to a string cannot fail.
    writeln!(text, "{gap}{title}\n{}\n", "=".repeat(title.chars().count())).ok();
}

fn answer(text: &mut String, label: &str, lines: &[String]) {
    writeln!(text, "{label}").ok();
    for line in lines.iter().flat_map(|line| line.split('\n')) {
        writeln!(text, "    {}", line.trim_end()).ok();
    }
    text.push('\n');
}

fn lines(field: &Field, value: &Value, lang: &Lang) -> Vec<String> {
    match value {
        Value::Flag(flag) => {
            vec![lang.tr(if *flag { "Déclaré" } else { "Non" }, if *flag { "Declared" } else { "No" }).to_owned()]
        }
        Value::Text(text) => vec![scalar(field.kind, &field.options, text, lang)],
        Value::Choices(chosen) => chosen.iter().map(|id| format!("- {}", label(&field.options, id, lang))).collect(),
        Value::Rows(rows) => rows
            .iter()
            .filter(|row| !row_is_empty(row))
            .map(|row| {
                let cells = field.columns.iter().filter_map(|column| {
                    let cell = row.get(&column.id).filter(|cell| !cell.is_empty())?;
                    Some(format!("{} : {}", column.label.get(lang), scalar(column.kind, &column.options, cell, lang)))
                });
                format!("- {}", cells.collect::<Vec<_>>().join(" ; "))
            })
            .collect(),
    }
}

fn raw(value: &Value) -> Vec<String> {
    match value {
        Value::Flag(flag) => vec![flag.to_string()],
        Value::Text(text) => vec![text.clone()],
        Value::Choices(items) => items.iter().map(|item| format!("- {item}")).collect(),
        Value::Rows(rows) => {
            let row = |row: &crate::domain::document::Row| row.values().cloned().collect::<Vec<_>>().join(" ; ");
            rows.iter().map(|cells| format!("- {}", row(cells))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::CALL;

    #[test]
    fn answers_stand_under_their_questions_and_none_is_left_out() {
        let (section, field) = CALL
            .sections
            .iter()
            .find_map(|section| {
                let field = section.fields.iter().find(|field| field.kind == FieldKind::Text)?;
                Some((section, field))
            })
            .unwrap();
        let mut document = Document::default();
        let answers = document.0.entry(section.id.clone()).or_default();
        answers.insert(field.id.clone(), Value::Text("Cœur souverain".into()));
        answers.insert("former".into(), Value::Text("une\ndeux".into()));
        let text = readable(&CALL, &document, &Lang::Fr);
        assert!(text.starts_with(&format!("{}. {}\n", section.letter, section.title.fr)), "{text}");
        assert!(text.contains(&format!("{}\n    Cœur souverain\n", field.label.fr)), "{text}");
        assert!(text.ends_with(&format!("{}.former\n    une\n    deux\n\n", section.id)), "{text}");
        assert_eq!(readable(&CALL, &Document::default(), &Lang::En), "");
    }

    #[test]
    fn scalars_are_written_as_on_the_pages() {
        let shown = |kind, text| scalar(kind, &[], text, &Lang::Fr);
        assert_eq!(shown(FieldKind::Date, "2024-07-31"), "31 juillet 2024");
        assert_eq!(shown(FieldKind::Hundredths, "6.50"), "6,5");
        assert_eq!(shown(FieldKind::YesNo, "yes"), "Oui");
        assert_eq!(shown(FieldKind::Money, "pas un montant"), "pas un montant");
    }
}
