//! Two versions of one answer, for the reader to choose from. `assets/app/conflict.js` shows the same in a page with script:
//! the values as typed, the cells of a table by the names of their columns, in the order of the call.

use crate::{
    app::{AnswerAuthor, AnswerConflict, StoredChange},
    domain::{
        answers::readable::{label, scalar},
        calendar::{show_instant, show_time},
        call::{Call, Choice, Column, Field, FieldKind},
        document::{Conflict, Row, Value, row_is_empty},
        text::{Lang, Text},
    },
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// Both versions of an answer, as a page without script shows them.
pub struct Clash<'a> {
    pub path: &'a str,
    pub label: &'a str,
    pub stored: String,
    pub typed: String,
    /// Who stored the other version, and when; empty if it is not recorded.
    pub origin: String,
}

impl<'a> Clash<'a> {
    /// `None` if the call has no such field.
    pub fn new(call: &'a Call, conflict: &'a AnswerConflict, now: Timestamp, lang: Lang) -> Option<Self> {
        let Conflict { path, theirs, yours } = &conflict.values;
        let field = call.field(path)?;
        Some(Self {
            path,
            label: field.label.get(&lang),
            stored: version_text(field, theirs, &lang),
            typed: version_text(field, yours, &lang),
            origin: origin(conflict, &call.time_zone(), now, lang),
        })
    }
}

/// The same for the script, which shows both versions itself.
#[derive(Serialize)]
pub struct ConflictJson<'a> {
    #[serde(flatten)]
    values: &'a Conflict,
    /// Who stored the other version, and when; empty if it is not recorded.
    origin: String,
}

impl<'a> ConflictJson<'a> {
    pub fn new(call: &Call, conflict: &'a AnswerConflict, now: Timestamp, lang: Lang) -> Self {
        Self { values: &conflict.values, origin: origin(conflict, &call.time_zone(), now, lang) }
    }
}

fn origin(conflict: &AnswerConflict, zone: &TimeZone, now: Timestamp, lang: Lang) -> String {
    let said = conflict.stored.as_ref().map(|stored| origin_text(stored, zone, now));
    said.map_or_else(String::new, |text| text.get(&lang).to_owned())
}

/// Who made a change and when: the time of day, or the whole instant if it was on another day.
fn origin_text(stored: &StoredChange, zone: &TimeZone, now: Timestamp) -> Text {
    let who = match &stored.author {
        AnswerAuthor::Reader => Text::new(
            "par vous, dans une autre fenêtre ou sur un autre appareil",
            "by you, in another window or on another device",
        ),
        AnswerAuthor::Owner => Text::new("par le porteur du dossier", "by the owner of the application"),
        AnswerAuthor::Guest(email) => Text::new(format!("par {email}"), format!("by {email}")),
        AnswerAuthor::SomebodyElse => Text::new("par quelqu’un d’autre", "by somebody else"),
    };
    let day = |at: Timestamp| zone.to_datetime(at).date();
    let (fr, en, when) = match day(stored.at) == day(now) {
        true => ("à", "at", show_time(stored.at, zone)),
        false => ("le", "on", show_instant(stored.at, zone)),
    };
    Text::new(format!("{}, {fr} {}", who.fr, when.fr), format!("{}, {en} {}", who.en, when.en))
}

/// A value as typed: two versions that differ never look the same.
fn version_text(field: &Field, value: &Value, lang: &Lang) -> String {
    match value {
        _ if value.is_empty() => lang.tr("(vide)", "(empty)").to_owned(),
        Value::Flag(_) => lang.tr("✓ Déclaré", "✓ Declared").to_owned(),
        Value::Text(text) => typed(field.kind, &field.options, text, lang),
        Value::Choices(chosen) => {
            chosen.iter().map(|id| label(&field.options, id, lang)).collect::<Vec<_>>().join("\n")
        }
        Value::Rows(rows) => {
            let rows = rows.iter().filter(|row| !row_is_empty(row));
            rows.map(|row| row_text(field, row, lang)).collect::<Vec<_>>().join("\n")
        }
    }
}

fn row_text(field: &Field, row: &Row, lang: &Lang) -> String {
    let title = row.get("row").and_then(|id| field.fixed_rows.iter().find(|fixed| fixed.id == *id));
    let cell = |column: &Column| {
        // The id of a fixed row is told by its title.
        let named = title.is_some() && column.id == "row";
        let given = row.get(&column.id).filter(|cell| !named && !cell.trim().is_empty())?;
        let text = typed(column.kind, &column.options, given, lang);
        Some(format!("{}{} {text}", column.label.get(lang), lang.tr("\u{a0}:", ":")))
    };
    let title = title.map(|title| title.label.get(lang).to_owned());
    title.into_iter().chain(field.columns.iter().filter_map(cell)).collect::<Vec<_>>().join(" · ")
}

fn typed(kind: FieldKind, options: &[Choice], text: &str, lang: &Lang) -> String {
    match kind {
        FieldKind::Choice | FieldKind::YesNo | FieldKind::Date => scalar(kind, options, text, lang),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
