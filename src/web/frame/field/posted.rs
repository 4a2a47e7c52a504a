//! The answers in a posted form: the names of its inputs are paths.

use crate::{
    domain::{
        call::{Field, FieldKind, Section},
        document::{Row, Value},
    },
    web::posted::PostedForm,
};
use std::collections::BTreeMap;

/// The posted answer to a field. Every field of a posted section has one, because browsers send empty inputs too and
/// leave out only unticked boxes.
pub fn posted_value(posted: &PostedForm, section: &Section, field: &Field) -> Value {
    let path = format!("{}.{}", section.id, field.id);
    match field.kind {
        FieldKind::Table => Value::Rows(rows(posted, &path)),
        FieldKind::Choices => {
            Value::Choices(posted.all(&path).filter(|choice| !choice.is_empty()).map(str::to_owned).collect())
        }
        FieldKind::Declaration => Value::Flag(!posted.text(&path).is_empty()),
        _ => Value::Text(posted.text(&path).to_owned()),
    }
}

/// The rows of a table: `path[0].column`. Gaps in the numbering are closed.
fn rows(posted: &PostedForm, path: &str) -> Vec<Row> {
    let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
    for (name, cell) in posted.beginning_with(path) {
        let Some((index, column)) = cell_of(name, path) else { continue };
        rows.entry(index).or_default().insert(column.to_owned(), cell.to_owned());
    }
    rows.into_values().collect()
}

fn cell_of<'a>(name: &'a str, path: &str) -> Option<(usize, &'a str)> {
    let (index, column) = name.strip_prefix(path)?.strip_prefix('[')?.split_once("].")?;
    Some((index.parse().ok()?, column))
}
