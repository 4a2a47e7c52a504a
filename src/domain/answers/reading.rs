//! Reading one field: its normal form into the document, what is wrong with it into the findings.

use super::{
    normal::{Bounds, known, normal, normal_within},
    number::parse_hundredths,
};
use crate::domain::{
    call::{Call, Column, Field, FieldKind, Section},
    document::{Row, Value, row_is_empty},
    finding::{Finding, Severity},
    money::{Cents, decimal},
    text::{Text, clean::is_blank, counted, shorten},
};
use std::collections::BTreeSet;

/// Most characters of an answer that a message repeats.
const MAX_QUOTED_CHARS: usize = 200;

/// Reading one field: where findings come from.
pub(super) struct FieldReader<'a> {
    pub call: &'a Call,
    pub section: &'a Section,
    pub field: &'a Field,
    pub findings: &'a mut Vec<Finding>,
    /// Paths of what could not be read.
    pub unreadable: &'a mut BTreeSet<String>,
}

impl FieldReader<'_> {
    fn path(&self) -> String {
        format!("{}.{}", self.section.id, self.field.id)
    }

    fn find(&mut self, path: String, message: Text) {
        let rule = self.field.rule.clone().unwrap_or_else(|| {
            let piece = self.call.pieces.iter().find(|piece| piece.sections.contains(&self.section.id));
            piece.map_or_else(|| self.section.letter.clone(), |piece| piece.rule.clone())
        });
        let interpretation = self.field.interpretation.clone();
        self.findings.push(Finding { rule, severity: Severity::Blocking, path, message, interpretation });
    }

    pub(super) fn missing(&mut self) {
        let label = &self.field.label;
        let message = match self.field.kind {
            FieldKind::Declaration => {
                Text::new(format!("Déclaration à cocher : {}", label.fr), format!("Statement to tick: {}", label.en))
            }
            FieldKind::Table if !self.field.fixed_rows.is_empty() => Text::new(
                format!("« {} » : remplissez chaque ligne.", label.fr),
                format!("“{}”: fill in every row.", label.en),
            ),
            FieldKind::Table => Text::new(
                format!("« {} » : ajoutez au moins une ligne.", label.fr),
                format!("“{}”: add at least one row.", label.en),
            ),
            _ => Text::new(format!("« {} » est à remplir.", label.fr), format!("“{}” must be filled in.", label.en)),
        };
        self.find(self.path(), message);
    }

    pub(super) fn value(&mut self, value: &mut Value) {
        match value {
            Value::Text(text) => match normal_within(self.field.kind, &self.field.options, self.bounds_of(), text) {
                Ok(normal) => {
                    self.bounds(&normal);
                    *text = normal;
                }
                Err(problem) => {
                    self.unreadable.insert(self.path());
                    self.find(self.path(), named(&self.field.label, &problem));
                }
            },
            Value::Choices(choices) => {
                let unknown: Vec<_> = choices.iter().filter(|choice| !known(&self.field.options, choice)).collect();
                if !unknown.is_empty() {
                    let list = unknown.iter().map(|choice| choice.as_str()).collect::<Vec<_>>().join(", ");
                    let list = shorten(&list, MAX_QUOTED_CHARS);
                    let problem = Text::new(format!("choix inconnu : {list}."), format!("unknown choice: {list}."));
                    self.find(self.path(), named(&self.field.label, &problem));
                }
            }
            Value::Rows(rows) => self.rows(rows),
            Value::Flag(_) => {}
        }
    }

    fn bounds_of(&self) -> Bounds {
        Bounds { min: self.field.min, max: self.field.max }
    }

    fn bounds(&mut self, text: &str) {
        let field = self.field;
        let length = text.chars().count();
        if let Some(most) = field.max_chars.filter(|most| length > *most) {
            let over = length - most;
            self.find(
                self.path(),
                named(
                    &field.label,
                    &Text::new(
                        format!("{} pour {most} au plus : retirez-en {over}. Rien n’est coupé.", characters(length).fr),
                        format!("{} for {most} at most: remove {over}. Nothing is cut off.", characters(length).en),
                    ),
                ),
            );
        }
        if let Some(least) = field.min_chars.filter(|least| length < *least) {
            self.find(
                self.path(),
                named(
                    &field.label,
                    &Text::new(
                        format!("{} pour {least} au moins.", characters(length).fr),
                        format!("{} for {least} at least.", characters(length).en),
                    ),
                ),
            );
        }
        for problem in out_of_range(field.kind, field.min, field.max, text) {
            self.find(self.path(), named(&field.label, &problem));
        }
    }

    fn rows(&mut self, rows: &mut [Row]) {
        let filled = rows.iter().filter(|row| !row_is_empty(row)).count();
        if let Some(least) = self.field.min_rows.filter(|least| self.field.required && filled < *least) {
            let problem = Text::new(
                format!("{} pour {least} au moins.", rows_of(filled).fr),
                format!("{} for {least} at least.", rows_of(filled).en),
            );
            self.find(self.path(), named(&self.field.label, &problem));
        }
        let most = self.field.most_rows();
        if filled > most {
            let problem = Text::new(
                format!("{} pour {most} au plus.", rows_of(filled).fr),
                format!("{} for {most} at most.", rows_of(filled).en),
            );
            self.find(self.path(), named(&self.field.label, &problem));
        }
        let grid = !self.field.fixed_rows.is_empty();
        let mut asked = rows.iter_mut().enumerate().filter(|(_, row)| grid || !row_is_empty(row));
        for (index, row) in asked.by_ref().take(most.max(self.field.fixed_rows.len())) {
            for column in &self.field.columns {
                self.cell(index, column, row);
            }
        }
        // What comes after them is counted in totals, so that these know what of it cannot be read.
        for (index, row) in asked {
            for column in self.field.columns.iter().filter(|column| column.kind.is_number()) {
                let cell = row.get(&column.id).filter(|cell| !is_blank(cell));
                if cell.is_some_and(|cell| normal(column.kind, &column.options, cell).is_err()) {
                    self.unreadable.insert(self.cell_path(index, column));
                }
            }
        }
    }

    fn cell(&mut self, index: usize, column: &Column, row: &mut Row) {
        let cell = row.get(&column.id).map(|cell| cell.trim()).unwrap_or_default();
        if is_blank(cell) {
            if column.required && column.id != "row" {
                let label = self.cell_label(index, column);
                let message =
                    Text::new(format!("« {} » est à remplir.", label.fr), format!("“{}” must be filled in.", label.en));
                self.find(self.cell_path(index, column), message);
            }
            return;
        }
        let bounds = Bounds { min: column.min, max: column.max };
        let problems = match normal_within(column.kind, &column.options, bounds, cell) {
            Ok(normal) => {
                let mut problems = out_of_range(column.kind, column.min, column.max, &normal);
                problems.extend(too_long(&normal, column.max_chars));
                row.insert(column.id.clone(), normal);
                problems
            }
            Err(problem) => {
                self.unreadable.insert(self.cell_path(index, column));
                vec![problem]
            }
        };
        for problem in problems {
            let message = named(&self.cell_label(index, column), &problem);
            self.find(self.cell_path(index, column), message);
        }
    }

    fn cell_path(&self, index: usize, column: &Column) -> String {
        format!("{}[{index}].{}", self.path(), column.id)
    }

    fn cell_label(&self, index: usize, column: &Column) -> Text {
        Text::new(
            format!("{}, ligne {} : {}", self.field.label.fr, index + 1, column.label.fr),
            format!("{}, row {}: {}", self.field.label.en, index + 1, column.label.en),
        )
    }
}

fn too_long(text: &str, most: Option<usize>) -> Option<Text> {
    let length = text.chars().count();
    let most = most.filter(|most| length > *most)?;
    Some(Text::new(
        format!("{} pour {most} au plus.", characters(length).fr),
        format!("{} for {most} at most.", characters(length).en),
    ))
}

fn characters(count: usize) -> Text {
    counted(count, ["caractère", "caractères"], ["character", "characters"])
}

fn rows_of(count: usize) -> Text {
    counted(count, ["ligne", "lignes"], ["row", "rows"])
}

/// What is wrong with a number that can be read.
fn out_of_range(kind: FieldKind, min: Option<i64>, max: Option<i64>, text: &str) -> Vec<Text> {
    let (number, show): (Option<i64>, fn(i64) -> Text) = match kind {
        FieldKind::Integer => (text.parse().ok(), |n| Text::new(n.to_string(), n.to_string())),
        FieldKind::Money => (parse_hundredths(text).ok(), |n| Cents(n).text()),
        FieldKind::Hundredths => (parse_hundredths(text).ok(), |n| Text::new(decimal(n).replace('.', ","), decimal(n))),
        _ => return Vec::new(),
    };
    let Some(number) = number else { return Vec::new() };
    let low = min.filter(|least| number < *least).map(show);
    let low = low.map(|least| Text::new(format!("au moins {}.", least.fr), format!("must be at least {}.", least.en)));
    let high = max.filter(|most| number > *most).map(show);
    let high = high.map(|most| Text::new(format!("au plus {}.", most.fr), format!("must be at most {}.", most.en)));
    low.into_iter().chain(high).collect()
}

fn named(label: &Text, problem: &Text) -> Text {
    Text::new(format!("« {} » : {}", label.fr, problem.fr), format!("“{}”: {}", label.en, problem.en))
}
