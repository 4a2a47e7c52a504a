//! The answers of a dossier as typed: `section → field → value`, without loss or interpretation. The API calls them
//! `document`; they are no file (files are [`super::piece::AttachedPiece`]s).

use super::{
    call::{Call, Field, FieldKind},
    finding::MAX_FINDINGS,
    text::{
        clean::{clean, is_blank},
        shorten,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod begin;
mod read;

/// At most this many characters in one text, whatever the form says: it bounds memory and is far above every limit of a
/// form.
pub const HARD_LIMIT_CHARS: usize = 50_000;
/// At most this many bytes in all answers together: several times the size of the longest form.
pub const HARD_LIMIT_BYTES: usize = 1_000_000;
/// At most this many bytes in a request with a whole document: its answers, plus the JSON syntax.
pub const MAX_ANSWERS_BYTES: usize = 2 * HARD_LIMIT_BYTES;
/// At most this many faults of a document are listed; the others are counted.
const MAX_FAULTS: usize = MAX_FINDINGS;
/// At most this many characters of a field name are repeated in a fault.
const MAX_NAME_CHARS: usize = 100;
/// At most this many rows in one table.
pub const HARD_LIMIT_ROWS: usize = 500;

/// One row of a table: column → cell as typed.
pub type Row = BTreeMap<String, String>;

/// One answer as typed. Deserialization accepts numbers and booleans where documents contain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A ticked statement.
    Flag(bool),
    /// Any scalar.
    Text(String),
    /// Ticked choices.
    Choices(Vec<String>),
    /// A table.
    Rows(Vec<Row>),
}

impl Value {
    /// True when there is no answer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Flag(flag) => !flag,
            Self::Text(text) => is_blank(text),
            Self::Choices(choices) => choices.is_empty(),
            Self::Rows(rows) => rows.iter().all(row_is_empty),
        }
    }
}

/// True when all cells of a row are empty.
#[must_use]
pub fn row_is_empty(row: &Row) -> bool {
    row.iter().all(|(column, cell)| column == "row" || is_blank(cell))
}

/// All answers of a dossier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(pub BTreeMap<String, BTreeMap<String, Value>>);

/// A change of one answer, with the previous answer as the editing client saw it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// `section.field`.
    pub path: String,
    /// The previous answer when the change was begun; `None` for an empty field.
    #[serde(default)]
    pub was: Option<Value>,
    /// The new answer.
    pub value: Value,
}

/// A change that conflicts with another one of the same field.
#[derive(Clone, Debug, Serialize)]
pub struct Conflict {
    /// `section.field`.
    pub path: String,
    /// The current value.
    pub theirs: Value,
    /// The rejected new value.
    pub yours: Value,
}

/// Why a value cannot be stored at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum DocumentError {
    /// The form has no such field.
    #[error("the form has no field {0}")]
    UnknownField(String),
    /// The wrong type, such as a table for a text field.
    #[error("{0} has another kind of answer")]
    WrongShape(String),
    /// The form's table has no such column.
    #[error("{0} is not a column of the table")]
    UnknownColumn(String),
    /// Beyond the hard limits.
    #[error("{0} is longer than the portal can keep")]
    TooLong(String),
    /// The number of faults that are not listed.
    #[error("and {0} more")]
    More(usize),
}

impl Document {
    /// A new document with the default answers that the call offers.
    #[must_use]
    pub fn new(call: &Call) -> Self {
        let mut document = Self::default();
        for section in &call.sections {
            let offered = section.fields.iter().filter_map(|field| Some((&field.id, field.offered.clone()?)));
            let answers: BTreeMap<String, Value> =
                offered.map(|(id, offered)| (id.clone(), Value::Text(offered))).collect();
            if !answers.is_empty() {
                document.0.insert(section.id.clone(), answers);
            }
        }
        document
    }

    /// The answer at `section.field`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        let (section, field) = path.split_once('.')?;
        self.0.get(section)?.get(field)
    }

    /// The text at a path, trimmed; empty when there is none.
    pub fn text(&self, path: &str) -> &str {
        match self.get(path) {
            Some(Value::Text(text)) => text.trim(),
            _ => "",
        }
    }

    /// The non-empty rows at a path, with their index in the table.
    pub fn rows(&self, path: &str) -> impl Iterator<Item = (usize, &Row)> {
        let rows: &[Row] = match self.get(path) {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        };
        rows.iter().enumerate().filter(|(_, row)| !row_is_empty(row))
    }

    /// The paths of the answers in which two documents differ.
    pub fn differences(&self, other: &Self) -> BTreeSet<String> {
        let all = self.0.iter().chain(&other.0);
        all.flat_map(|(section, answers)| answers.keys().map(move |field| format!("{section}.{field}")))
            .filter(|path| self.get(path) != other.get(path))
            .collect()
    }

    /// Stores an answer after normalizing it to the field's type; an empty answer removes the field.
    ///
    /// # Errors
    /// When the form has no such field, or the value cannot be an answer to it.
    pub fn set(&mut self, call: &Call, path: &str, value: Value) -> Result<(), DocumentError> {
        let field = call.field(path).ok_or_else(|| DocumentError::UnknownField(shorten(path, MAX_NAME_CHARS)))?;
        let value = shape(field, path, value)?;
        let (section, name) = path.split_once('.').unwrap_or((path, ""));
        let answers = self.0.entry(section.into()).or_default();
        if value.is_empty() {
            answers.remove(name);
        } else {
            answers.insert(name.into(), value);
        }
        self.0.retain(|_, answers| !answers.is_empty());
        Ok(())
    }

    /// Merges changes field by field. A change is written if it is based on the current value or equals it; any other
    /// is a conflict and leaves the field unchanged.
    ///
    /// # Errors
    /// When a change cannot be an answer at all; nothing is written then.
    pub fn merge(&mut self, call: &Call, changes: Vec<Change>) -> Result<Vec<Conflict>, DocumentError> {
        let mut merged = self.clone();
        let mut conflicts = Vec::new();
        for change in changes {
            let unknown = || DocumentError::UnknownField(shorten(&change.path, MAX_NAME_CHARS));
            let field = call.field(&change.path).ok_or_else(unknown)?;
            let now = self.get(&change.path).cloned().unwrap_or_else(|| empty(field.kind));
            let was = match change.was {
                Some(was) => shape(field, &change.path, was)?,
                None => empty(field.kind),
            };
            let yours = shape(field, &change.path, change.value)?;
            // The stored value may contain a character that is now removed on input and is therefore missing in `was`.
            let stands = shape(field, &change.path, now.clone()).unwrap_or_else(|_| now.clone());
            // A default offered by the form is not anyone's answer yet.
            let offered = matches!((&now, &field.offered), (Value::Text(now), Some(offered)) if now == offered);
            if same(&was, &stands) || same(&was, &now) || (was.is_empty() && offered) || same(&yours, &now) {
                merged.set(call, &change.path, yours)?;
            } else {
                conflicts.push(Conflict { path: change.path, theirs: now, yours });
            }
        }
        merged.bounded()?;
        *self = merged;
        Ok(conflicts)
    }

    /// Parses a whole document from outside.
    ///
    /// # Errors
    /// All faults, each with its path.
    pub fn from_json(call: &Call, json: &serde_json::Value) -> Result<Self, Vec<DocumentError>> {
        let mut document = Self::default();
        let mut faults = Faults::default();
        let Some(sections) = json.as_object() else {
            return Err(vec![DocumentError::WrongShape("document".into())]);
        };
        for (section, answers) in sections {
            let Some(answers) = answers.as_object() else {
                faults.note(|| DocumentError::WrongShape(shorten(section, MAX_NAME_CHARS)));
                continue;
            };
            // Before any path is built, because a million names that the form does not have must cost almost nothing.
            let known = call.section(section);
            for (name, json) in answers {
                if !known.is_some_and(|known| known.fields.iter().any(|field| field.id == *name)) {
                    faults.note(|| DocumentError::UnknownField(shorten(&format!("{section}.{name}"), MAX_NAME_CHARS)));
                    continue;
                }
                let path = format!("{section}.{name}");
                let set = Value::deserialize(json)
                    .map_err(|_| DocumentError::WrongShape(path.clone()))
                    .and_then(|value| document.set(call, &path, value));
                if let Err(fault) = set {
                    faults.note(|| fault);
                }
            }
        }
        if let Err(fault) = document.bounded() {
            faults.note(|| fault);
        }
        let faults = faults.listed();
        if faults.is_empty() { Ok(document) } else { Err(faults) }
    }

    /// Rejects a document that is too large as a whole, so that a receipt can always be read back.
    fn bounded(&self) -> Result<(), DocumentError> {
        let size = |value: &Value| match value {
            Value::Flag(_) => 5,
            Value::Text(text) => text.len(),
            Value::Choices(choices) => choices.iter().map(String::len).sum(),
            Value::Rows(rows) => rows.iter().flatten().map(|(column, cell)| column.len() + cell.len() + 6).sum(),
        };
        let total: usize = self.0.values().flatten().map(|(name, value)| name.len() + size(value)).sum();
        if total > HARD_LIMIT_BYTES { Err(DocumentError::TooLong("document".into())) } else { Ok(()) }
    }
}

/// The faults of a document: the first ones, and the number of others.
#[derive(Default)]
struct Faults {
    listed: Vec<DocumentError>,
    more: usize,
}

impl Faults {
    fn note(&mut self, fault: impl FnOnce() -> DocumentError) {
        if self.listed.len() < MAX_FAULTS {
            self.listed.push(fault());
        } else {
            self.more += 1;
        }
    }

    fn listed(mut self) -> Vec<DocumentError> {
        if self.more > 0 {
            self.listed.push(DocumentError::More(self.more));
        }
        self.listed
    }
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || (one.is_empty() && other.is_empty())
}

/// The value of an unanswered field.
pub fn empty(kind: FieldKind) -> Value {
    match kind {
        FieldKind::Table => Value::Rows(Vec::new()),
        FieldKind::Choices => Value::Choices(Vec::new()),
        FieldKind::Declaration => Value::Flag(false),
        _ => Value::Text(String::new()),
    }
}

/// Normalizes a text for its field kind and checks its length.
fn tidy(kind: FieldKind, path: &str, text: &str) -> Result<String, DocumentError> {
    let text = clean(kind.text_kind(), text);
    if text.chars().count() > HARD_LIMIT_CHARS { Err(DocumentError::TooLong(path.into())) } else { Ok(text) }
}

fn shape(field: &Field, path: &str, value: Value) -> Result<Value, DocumentError> {
    let wrong = || DocumentError::WrongShape(path.into());
    match (field.kind, value) {
        (FieldKind::Table, Value::Rows(rows)) => {
            if rows.len() > HARD_LIMIT_ROWS {
                return Err(DocumentError::TooLong(path.into()));
            }
            rows.into_iter()
                .map(|row| shape_row(field, path, row))
                .collect::<Result<Vec<_>, _>>()
                .map(|rows| Value::Rows(trim_rows(field, rows)))
        }
        (FieldKind::Table, Value::Choices(items)) if items.is_empty() => Ok(Value::Rows(Vec::new())),
        (FieldKind::Table, Value::Text(text)) if text.is_empty() => Ok(Value::Rows(Vec::new())),
        (FieldKind::Choices, Value::Choices(mut items)) => {
            if items.len() > HARD_LIMIT_ROWS || items.iter().any(|item| item.len() > 200) {
                return Err(DocumentError::TooLong(path.into()));
            }
            items.sort();
            items.dedup();
            Ok(Value::Choices(items))
        }
        (FieldKind::Choices, Value::Rows(rows)) if rows.is_empty() => Ok(Value::Choices(Vec::new())),
        (FieldKind::Choices, Value::Text(text)) if text.is_empty() => Ok(Value::Choices(Vec::new())),
        (FieldKind::Declaration, Value::Flag(flag)) => Ok(Value::Flag(flag)),
        (FieldKind::Declaration, Value::Text(text)) => Ok(Value::Flag(matches!(text.as_str(), "true" | "yes" | "on"))),
        (FieldKind::YesNo, Value::Flag(flag)) => Ok(Value::Text(if flag { "yes" } else { "no" }.into())),
        (FieldKind::Table | FieldKind::Choices | FieldKind::Declaration, _) => Err(wrong()),
        (kind, Value::Text(text)) => tidy(kind, path, &text).map(Value::Text),
        _ => Err(wrong()),
    }
}

fn shape_row(field: &Field, path: &str, row: Row) -> Result<Row, DocumentError> {
    row.into_iter()
        .filter(|(_, cell)| !cell.is_empty())
        .map(|(column, cell)| {
            let Some(known) = field.columns.iter().find(|known| known.id == column) else {
                let column = shorten(&column, MAX_NAME_CHARS);
                return Err(DocumentError::UnknownColumn(format!("{path}.{column}")));
            };
            tidy(known.kind, path, &cell).map(|cell| (column, cell))
        })
        .collect()
}

/// Removes empty rows at the end; a grid keeps its fixed rows in order.
fn trim_rows(field: &Field, mut rows: Vec<Row>) -> Vec<Row> {
    if !field.fixed_rows.is_empty() {
        return field
            .fixed_rows
            .iter()
            .map(|fixed| {
                let mut row = rows.iter().find(|row| row.get("row") == Some(&fixed.id)).cloned().unwrap_or_default();
                row.insert("row".into(), fixed.id.clone());
                row
            })
            .collect();
    }
    while rows.last().is_some_and(row_is_empty) {
        rows.pop();
    }
    rows
}

#[cfg(test)]
mod tests;
