//! The answers read as what they mean: numbers, days, company numbers; and what could not be read.

mod date;
mod normal;
mod number;
mod phone;
pub mod readable;
mod reading;
mod url;

pub use date::day;
#[cfg(any(test, fuzzing))]
pub use normal::normal;
pub use number::parse_hundredths;

use super::{
    call::{Call, Condition},
    document::{Document, Row, Value},
    finding::Finding,
    money::Cents,
};
use jiff::civil::Date;
use reading::FieldReader;
use std::collections::BTreeSet;

/// A document whose readable answers are in normal form: `73282932000074`, `2024-07-31`, `125000.50`.
///
/// The getters answer none for what is empty or could not be read, so that a check never evaluates a misread figure.
#[derive(Clone, Debug)]
pub struct Answers {
    document: Document,
    /// Paths of answers and cells that stand in the document as they were typed.
    unreadable: BTreeSet<String>,
}

impl Answers {
    /// Reads a document; the findings name every answer that could not be read, is too long or is missing.
    #[must_use]
    pub fn read(call: &Call, document: &Document) -> (Self, Vec<Finding>) {
        let mut normal = document.clone();
        let mut findings = Vec::new();
        let mut unreadable = BTreeSet::new();
        for section in &call.sections {
            let answers = normal.0.entry(section.id.clone()).or_default();
            for field in &section.fields {
                let mut reading =
                    FieldReader { call, section, field, findings: &mut findings, unreadable: &mut unreadable };
                if !holds(field.when.as_ref(), document) {
                    // Not asked, so neither evaluated, nor counted, nor sealed; the draft keeps it.
                    answers.remove(&field.id);
                    continue;
                }
                if let Some(value) = answers.get_mut(&field.id).filter(|value| !value.is_empty()) {
                    reading.value(value);
                } else if field.required {
                    reading.missing();
                }
            }
        }
        normal.0.retain(|_, answers| !answers.is_empty());
        (Self { document: normal, unreadable }, findings)
    }

    /// The document in normal form, which receipts seal.
    pub fn document(&self) -> &Document {
        &self.document
    }
    /// True when nothing stands at the path.
    #[must_use]
    pub fn is_empty(&self, path: &str) -> bool {
        self.document.get(path).is_none_or(Value::is_empty)
    }
    /// Text, trimmed.
    pub fn text(&self, path: &str) -> &str {
        if self.unreadable.contains(path) { "" } else { self.document.text(path) }
    }
    /// A cell of a row that [`Self::rows`] gave; `None` when it is empty or could not be read.
    pub fn cell<'a>(&self, table: &str, (index, row): (usize, &'a Row), column: &str) -> Option<&'a str> {
        let cell = row.get(column).filter(|cell| !cell.is_empty())?;
        let misread = !self.unreadable.is_empty() && self.unreadable.contains(&format!("{table}[{index}].{column}"));
        (!misread).then_some(cell)
    }
    /// True when an answer stands there that could not be read: nothing that rests on it is evaluated.
    #[must_use]
    pub fn is_unreadable(&self, path: &str) -> bool {
        self.unreadable.contains(path)
    }
    /// True when any cell of a column could not be read.
    #[must_use]
    pub fn has_unreadable(&self, table: &str, column: &str) -> bool {
        let (rows, cell) = (format!("{table}["), format!("].{column}"));
        self.unreadable
            .range(rows.clone()..)
            .take_while(|path| path.starts_with(&rows))
            .any(|path| path.ends_with(&cell))
    }
    /// Number in hundredths; money is cents.
    pub fn hundredths(&self, path: &str) -> Option<i64> {
        parse_hundredths(self.text(path)).ok()
    }
    /// Money; what is empty counts as nothing.
    pub fn cents(&self, path: &str) -> Cents {
        Cents(self.hundredths(path).unwrap_or(0))
    }
    /// Whole number.
    pub fn integer(&self, path: &str) -> Option<i64> {
        self.text(path).parse().ok()
    }
    /// Day.
    pub fn date(&self, path: &str) -> Option<Date> {
        day(self.text(path)).ok()
    }
    /// Ticked choices.
    pub fn choices(&self, path: &str) -> &[String] {
        match self.document.get(path) {
            Some(Value::Choices(choices)) => choices,
            _ => &[],
        }
    }
    /// Rows that hold anything.
    pub fn rows(&self, path: &str) -> impl Iterator<Item = (usize, &Row)> {
        self.document.rows(path)
    }
}

/// A cell as hundredths; what is empty or unreadable counts as nothing: [`Answers::has_unreadable`] says whether the sum
/// can be evaluated.
pub fn cell_hundredths(row: &Row, column: &str) -> i64 {
    row.get(column).and_then(|cell| parse_hundredths(cell).ok()).unwrap_or(0)
}

/// A cell as a day.
pub fn cell_date(row: &Row, column: &str) -> Option<Date> {
    row.get(column).and_then(|cell| day(cell).ok())
}

/// Whether a field or piece is asked for.
#[must_use]
pub fn holds(condition: Option<&Condition>, document: &Document) -> bool {
    let Some(condition) = condition else { return true };
    match document.get(&condition.field) {
        None => false,
        Some(value) if condition.is.is_empty() => !value.is_empty(),
        Some(Value::Text(text)) => condition.is.iter().any(|wanted| wanted == text.trim()),
        Some(Value::Choices(choices)) => condition.is.iter().any(|wanted| choices.contains(wanted)),
        Some(Value::Flag(flag)) => condition.is.iter().any(|wanted| wanted == if *flag { "yes" } else { "no" }),
        Some(Value::Rows(_)) => false,
    }
}
