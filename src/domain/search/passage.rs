//! The texts of a deposit that can be searched.

use crate::domain::{
    call::{Call, Choice, Field, FieldKind},
    document::{Row, Value},
    receipt::Receipt,
    text::Text,
};

/// A text of a deposit, and what it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The question, or the name of the piece; empty where the call no longer has it.
    pub label: Text,
    pub text: String,
}

/// Every text of a deposit: its number, the answers as typed with the names of what was chosen, and the names of the files.
/// What only says yes or no is left out. `call` is missing where it is no longer served.
#[must_use]
pub fn passages(call: Option<&Call>, receipt: &Receipt) -> Vec<Passage> {
    let number = Text::new("Reçu", "Receipt");
    let mut found = vec![Passage { label: number, text: receipt.statement.number.clone() }];
    for (section, answers) in &receipt.answers().0 {
        for (name, value) in answers {
            let field = call.and_then(|call| call.field(&format!("{section}.{name}")));
            let text = answer(field, value);
            if !text.is_empty() {
                let label = field.map(|field| field.label.clone()).unwrap_or_default();
                found.push(Passage { label, text });
            }
        }
    }
    for piece in receipt.pieces() {
        let label = call.and_then(|call| call.piece(&piece.code)).map(|piece| piece.title.clone()).unwrap_or_default();
        found.push(Passage { label, text: piece.name });
    }
    found
}

fn answer(field: Option<&Field>, value: &Value) -> String {
    let options = field.map_or(&[][..], |field| field.options.as_slice());
    match value {
        Value::Flag(_) => String::new(),
        Value::Text(_) if field.is_some_and(|field| field.kind == FieldKind::YesNo) => String::new(),
        Value::Text(text) => chosen(options, text),
        Value::Choices(choices) => joined(choices.iter().map(|choice| chosen(options, choice))),
        Value::Rows(rows) => rows.iter().map(|row| cells(field, row)).collect::<Vec<_>>().join("\n"),
    }
}

fn cells(field: Option<&Field>, row: &Row) -> String {
    joined(row.iter().map(|(name, cell)| {
        let column = field.and_then(|field| field.columns.iter().find(|column| column.id == *name));
        match (column, field) {
            (Some(column), _) if column.kind == FieldKind::YesNo => String::new(),
            (Some(column), _) => chosen(&column.options, cell),
            // The row of a grid.
            (None, Some(field)) => chosen(&field.fixed_rows, cell),
            (None, None) => cell.clone(),
        }
    }))
}

/// The names of a choice in both languages; a text that is none stays as it is.
fn chosen(options: &[Choice], text: &str) -> String {
    match options.iter().find(|option| option.id == text) {
        Some(option) if option.label.fr == option.label.en => option.label.fr.clone(),
        Some(option) => format!("{} / {}", option.label.fr, option.label.en),
        None => text.to_owned(),
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::{Passage, passages};
    use crate::domain::{fixture::CALL, receipt::Receipt};

    const GOLDEN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/receipts/golden.json"));

    fn of<'a>(passages: &'a [Passage], label: &str) -> &'a str {
        &passages.iter().find(|passage| passage.label.fr == label).unwrap().text
    }

    #[test]
    fn a_deposit_is_searched_in_all_that_it_says() {
        let receipt: Receipt = serde_json::from_str(GOLDEN).unwrap();
        let found = passages(Some(&CALL), &receipt);
        assert_eq!(of(&found, "Reçu"), "2026-000001");
        assert_eq!(of(&found, "Briques utilisées"), "Replication Manager (Repman) · SlapOS · Sōzu");
        assert!(of(&found, "Résumé public").starts_with("Quand une machine s’arrête"));
        let team = found.iter().find(|passage| passage.text.contains("Karim Belhadj")).unwrap();
        assert!(team.text.contains("Architecte logiciel") && !team.label.fr.is_empty());
        assert!(found.iter().any(|passage| passage.text == "P7-kbis.pdf"));
        assert!(found.iter().all(|passage| passage.text != "yes" && !passage.text.contains("yes ·")));
        // A call that is no longer served takes the names along, and no text.
        let bare = passages(None, &receipt);
        assert!(bare.iter().any(|passage| passage.text.contains("Karim Belhadj")));
        assert!(bare.iter().skip(1).all(|passage| passage.label.fr.is_empty()));
    }
}
