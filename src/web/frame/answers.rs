//! Answers in readable form: what will be sealed, or what was sealed.

use crate::{
    domain::{
        answers::{
            holds,
            readable::{label, scalar},
        },
        call::{Column, Field, FieldKind},
        document::{Document, Row, Value, row_is_empty},
        text::{Lang, Text},
    },
    web::frame::PageContext,
};
use askama::Template;

/// All answers in the order of the form.
#[derive(Template)]
#[template(path = "frame/answers.html")]
pub struct Answers<'a> {
    s: &'a PageContext<'a>,
    sections: Vec<AnswerSection<'a>>,
}

impl askama::filters::HtmlSafe for Answers<'_> {}

struct AnswerSection<'a> {
    id: &'a str,
    letter: &'a str,
    title: &'a str,
    answers: Vec<LabelledAnswer<'a>>,
}

struct LabelledAnswer<'a> {
    /// Id of its field.
    field: &'a str,
    label: &'a str,
    shown: AnswerValue<'a>,
    /// Where the answer is from, if it is the register's.
    source: Option<Text>,
}

enum AnswerValue<'a> {
    Blank,
    Line(String),
    Long(&'a str),
    List(Vec<String>),
    Rows { columns: Vec<&'a str>, rows: Vec<Vec<String>>, wide: bool },
}

impl<'a> Answers<'a> {
    /// `blanks`: also include relevant questions without an answer.
    pub fn new(s: &'a PageContext<'a>, document: &'a Document, blanks: bool) -> Self {
        let known = s.call.sections.iter().map(|section| {
            let given = document.0.get(&section.id);
            let answers = section
                .fields
                .iter()
                .filter_map(|field| {
                    let value = given.and_then(|given| given.get(&field.id)).filter(|value| !value.is_empty());
                    let asked = || blanks && holds(field.when.as_ref(), document);
                    (value.is_some() || asked()).then(|| LabelledAnswer {
                        field: &field.id,
                        label: field.label.get(s.lang),
                        source: None,
                        shown: value.map_or(AnswerValue::Blank, |value| shown(field, value, s.lang)),
                    })
                })
                .collect();
            AnswerSection { id: &section.id, letter: &section.letter, title: section.title.get(s.lang), answers }
        });
        // A receipt of an older version of the call may contain answers to questions that no longer exist.
        let other = document.0.iter().map(|(id, given)| {
            let section = s.call.section(id);
            let answers = given
                .iter()
                .filter(|(name, _)| {
                    section.is_none_or(|section| !section.fields.iter().any(|field| field.id == **name))
                })
                .map(|(name, value)| LabelledAnswer { field: name, label: name, shown: raw(value), source: None })
                .collect();
            AnswerSection {
                id,
                letter: "",
                title: section.map_or(id.as_str(), |section| section.title.get(s.lang)),
                answers,
            }
        });
        Self { s, sections: known.chain(other).filter(|part: &AnswerSection<'_>| !part.answers.is_empty()).collect() }
    }
}

impl Answers<'_> {
    /// Names the source of the answers at these paths.
    pub fn with_source<'p>(mut self, paths: impl Iterator<Item = &'p str>, source: &Text) -> Self {
        for (section, field) in paths.filter_map(|path| path.split_once('.')) {
            let part = self.sections.iter_mut().find(|part| part.id == section);
            let answer = part.and_then(|part| part.answers.iter_mut().find(|answer| answer.field == field));
            if let Some(answer) = answer {
                answer.source = Some(source.clone());
            }
        }
        self
    }
}

fn raw(value: &Value) -> AnswerValue<'_> {
    match value {
        Value::Flag(flag) => AnswerValue::Line(flag.to_string()),
        Value::Text(text) => AnswerValue::Long(text),
        Value::Choices(items) => AnswerValue::List(items.clone()),
        Value::Rows(rows) => {
            AnswerValue::List(rows.iter().map(|row| row.values().cloned().collect::<Vec<_>>().join(" · ")).collect())
        }
    }
}

fn shown<'a>(field: &'a Field, value: &'a Value, lang: &Lang) -> AnswerValue<'a> {
    match value {
        Value::Flag(flag) => {
            AnswerValue::Line(if *flag { lang.tr("✓ Déclaré", "✓ Declared") } else { lang.tr("Non", "No") }.into())
        }
        Value::Text(text) if field.kind == FieldKind::LongText => AnswerValue::Long(text),
        Value::Text(text) => AnswerValue::Line(scalar(field.kind, &field.options, text, lang)),
        Value::Choices(chosen) => {
            AnswerValue::List(chosen.iter().map(|id| label(&field.options, id, lang).to_owned()).collect())
        }
        Value::Rows(rows) => AnswerValue::Rows {
            columns: field.columns.iter().map(|column| column.label.get(lang)).collect(),
            rows: rows.iter().filter(|row| !row_is_empty(row)).map(|row| cells(&field.columns, row, lang)).collect(),
            wide: field.columns.len() > 4 || field.columns.iter().any(|column| column.kind == FieldKind::LongText),
        },
    }
}

fn cells(columns: &[Column], row: &Row, lang: &Lang) -> Vec<String> {
    columns
        .iter()
        .map(|column| {
            row.get(&column.id).map_or_else(String::new, |cell| scalar(column.kind, &column.options, cell, lang))
        })
        .collect()
}
