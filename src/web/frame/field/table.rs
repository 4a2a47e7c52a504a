//! A table of the form: a real table when it is narrow, otherwise one card per row.

use super::{Drawing, FieldMessage, Input, limits, note};
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
    total: Option<Total<'a>>,
    /// The errors of the table as a whole, such as a total that does not fit. No cell is to blame for them.
    note: Option<FieldMessage>,
}

/// The total of a table, which the script keeps up to date.
#[derive(Clone, Copy)]
struct Total<'a> {
    /// The kind of amount, as in `data-cost` and `data-amount`.
    kind: &'static str,
    /// Which amount of this kind it is.
    name: &'a str,
    amount: Cents,
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
    /// The input constraints of a long text.
    limits: Option<String>,
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
        let rows = (0..count).map(|index| row(drawing, path, field, index, given)).collect();
        let note = whole(drawing, path, given.iter().all(row_is_empty));
        let total = total(drawing, path);
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

    /// The id of the note about the whole table, if there is one.
    pub fn note_id(&self) -> Option<&String> {
        self.note.as_ref().map(|note| &note.id)
    }
}

/// The total of a table that feeds a cost or the financing plan.
fn total<'a>(drawing: &Drawing<'a>, path: &str) -> Option<Total<'a>> {
    let funding = &drawing.s.call.funding;
    let cost = funding.costs.iter().find(|cost| match &cost.amount {
        CostAmount::Product { table, .. } | CostAmount::Sum { table, .. } => table == path,
        CostAmount::Flat { .. } => false,
    });
    if let Some(cost) = cost {
        let amount = drawing.amounts.map_or(Cents::ZERO, |amounts| amounts.cost(&cost.id));
        return Some(Total { kind: "cost", name: &cost.id, amount });
    }
    funding.financing.as_ref().filter(|at| at.table == path).map(|_| Total {
        kind: "amount",
        name: "financed",
        amount: drawing.amounts.map_or(Cents::ZERO, |amounts| amounts.financed),
    })
}

/// A column that needs the width of a card.
fn wide(column: &Column) -> bool {
    column.kind == FieldKind::LongText
        || (column.kind == FieldKind::Text && column.max_chars.is_some_and(|most| most > 400))
}

/// The message about the table as a whole or about whole rows.
fn whole(drawing: &Drawing<'_>, path: &str, empty: bool) -> Option<FieldMessage> {
    let about = |finding: &&Finding| match finding.path.strip_prefix(path) {
        Some("") => true,
        // A whole row, not one of its cells.
        Some(rest) => rest.starts_with('[') && rest.ends_with(']'),
        None => false,
    };
    note(drawing.findings.iter().filter(about), &super::id(path), empty, drawing.s.lang)
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
            let limits = wide(column).then(|| limits(None, column.max_chars, drawing.s.lang)).flatten();
            let ids = [limits.as_ref().map(|_| format!("m-{}", input.name)), note.as_ref().map(|note| note.id.clone())];
            input.described = ids.into_iter().flatten().collect::<Vec<_>>().join(" ");
            input.invalid = note.as_ref().is_some_and(|note| note.severity == "blocking");
            TableCell { column, wide: wide(column), input, limits, note }
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
