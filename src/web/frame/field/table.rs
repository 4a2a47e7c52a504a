//! A table of the form: a real table when it is narrow, otherwise one card per row.

use super::{Drawing, FieldMessage, Input, note};
use crate::{
    domain::{
        call::{Column, CostAmount, Field, FieldKind},
        document::{Row, Value, row_is_empty},
        finding::Finding,
        money::Cents,
    },
    web::frame::PageContext,
};
use askama::Template;

#[derive(Template)]
#[template(path = "frame/field/table.html")]
pub struct FieldTable<'a> {
    s: &'a PageContext<'a>,
    field: &'a Field,
    path: String,
    rows: Vec<TableRow<'a>>,
    cards: bool,
    fixed: bool,
    saves: bool,
    /// Cost category of the table, and its total.
    total: Option<(&'a str, Cents)>,
    /// The errors of the table as a whole and of its first cell.
    note: Option<FieldMessage>,
}

struct TableRow<'a> {
    index: usize,
    /// Name of a fixed row.
    title: Option<&'a str>,
    /// Id of a fixed row.
    fixed: Option<&'a str>,
    blank: bool,
    cells: Vec<TableCell<'a>>,
}

struct TableCell<'a> {
    column: &'a Column,
    wide: bool,
    input: Input<'a>,
    note: Option<FieldMessage>,
}

impl askama::filters::HtmlSafe for FieldTable<'_> {}

impl<'a> FieldTable<'a> {
    pub fn new(drawing: &Drawing<'a>, path: &str, field: &'a Field, value: Option<&'a Value>) -> Self {
        let given: &[Row] = match value {
            Some(Value::Rows(rows)) => rows,
            _ => &[],
        };
        let fixed = !field.fixed_rows.is_empty();
        let most = field.most_rows();
        let count = if fixed { field.fixed_rows.len() } else { given.len() + usize::from(given.len() < most) };
        let mut rows: Vec<_> = (0..count).map(|index| row(drawing, path, field, index, given)).collect();
        let note = whole(drawing, path, given.iter().all(row_is_empty), &mut rows);
        let call = drawing.s.call;
        let total = call.funding.costs.iter().find_map(|cost| match &cost.amount {
            CostAmount::Product { table, .. } | CostAmount::Sum { table, .. } if table == path => {
                Some((cost.id.as_str(), drawing.amounts.map_or(Cents::ZERO, |amounts| amounts.cost(&cost.id))))
            }
            _ => None,
        });
        let cards = fixed || field.columns.len() > 4 || field.columns.iter().any(wide);
        Self { s: drawing.s, field, path: path.to_owned(), rows, cards, fixed, saves: drawing.saves, total, note }
    }

    fn shown(&self) -> impl Iterator<Item = &'a Column> {
        let fixed = self.fixed;
        self.field.columns.iter().filter(move |column| !(fixed && column.id == "row"))
    }

    fn id(&self) -> String {
        super::id(&self.path)
    }
}

/// A column that needs the width of a card.
fn wide(column: &Column) -> bool {
    column.kind == FieldKind::LongText
        || (column.kind == FieldKind::Text && column.max_chars.is_some_and(|most| most > 400))
}

/// Moves the messages of the table and of its first cell above the rows.
fn whole(drawing: &Drawing<'_>, path: &str, empty: bool, rows: &mut [TableRow<'_>]) -> Option<FieldMessage> {
    let first = rows.first_mut().and_then(|row| row.cells.first_mut())?;
    let about = |finding: &&Finding| match finding.path.strip_prefix(path) {
        Some("") => true,
        // A whole row, not one of its cells.
        Some(rest) => rest.starts_with('[') && rest.ends_with(']'),
        None => false,
    };
    let note = note(drawing.findings.iter().filter(about), &first.input.id, empty, drawing.s.lang)?;
    let own = first.note.take().map_or_else(String::new, |own| format!(" {}", own.text));
    first.input.described = note.id.clone();
    Some(FieldMessage { text: note.text + &own, ..note })
}

fn row<'a>(drawing: &Drawing<'a>, path: &str, field: &'a Field, index: usize, given: &'a [Row]) -> TableRow<'a> {
    let fixed = field.fixed_rows.get(index);
    let row = match fixed {
        Some(choice) => given.iter().find(|row| row.get("row") == Some(&choice.id)),
        None => given.get(index),
    };
    let blank = row.is_none_or(row_is_empty);
    let cells = field
        .columns
        .iter()
        .filter(|column| !(fixed.is_some() && column.id == "row"))
        .map(|column| {
            let name = format!("{path}[{index}].{}", column.id);
            let text = row.and_then(|row| row.get(&column.id)).map_or("", String::as_str);
            let mut input = Input::cell(drawing.s, name, column, text);
            let here = drawing.findings.iter().filter(|finding| finding.path == input.name);
            let note = note(here, &input.id, text.trim().is_empty(), drawing.s.lang);
            input.described = note.as_ref().map_or_else(String::new, |note| note.id.clone());
            input.invalid = note.as_ref().is_some_and(|note| note.severity == "blocking");
            TableCell { column, wide: wide(column), input, note }
        })
        .collect();
    TableRow {
        index,
        title: fixed.map(|choice| choice.label.get(drawing.s.lang)),
        fixed: fixed.map(|choice| choice.id.as_str()),
        blank,
        cells,
    }
}
