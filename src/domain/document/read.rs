//! Deserialization of answers. Hand-written, because the derived one for an untagged enum builds a whole error message,
//! including the text, for every variant that it tries in vain.

use super::{Row, Value};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use std::fmt;

/// The scalars accepted everywhere, each converted by the given functions.
macro_rules! scalars {
    ($out:ty, $text:expr, $flag:expr) => {
        fn visit_bool<E: Error>(self, flag: bool) -> Result<$out, E> {
            Ok($flag(flag))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<$out, E> {
            Ok($text(text.to_owned()))
        }
        fn visit_string<E: Error>(self, text: String) -> Result<$out, E> {
            Ok($text(text))
        }
        fn visit_i64<E: Error>(self, number: i64) -> Result<$out, E> {
            Ok($text(number.to_string()))
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<$out, E> {
            Ok($text(number.to_string()))
        }
        fn visit_f64<E: Error>(self, number: f64) -> Result<$out, E> {
            Ok($text(number.to_string()))
        }
        fn visit_unit<E: Error>(self) -> Result<$out, E> {
            Ok($text(String::new()))
        }
    };
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnswerVisitor)
    }
}

struct AnswerVisitor;

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer: text, number, boolean, list of choices or list of rows")
    }
    scalars!(Value, Value::Text, Value::Flag);
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let (mut choices, mut rows) = (Vec::new(), Vec::new());
        while let Some(item) = items.next_element()? {
            match item {
                Item::Choice(choice) => choices.push(choice),
                Item::Row(row) => rows.push(row),
            }
        }
        match (choices.is_empty(), rows.is_empty()) {
            (_, true) => Ok(Value::Choices(choices)),
            (true, false) => Ok(Value::Rows(rows)),
            (false, false) => Err(A::Error::custom("choices and rows in one list")),
        }
    }
}

/// An element of a list.
enum Item {
    Choice(String),
    Row(Row),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Element)
    }
}

struct Element;

impl<'de> Visitor<'de> for Element {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a choice or a row")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Choice(text.to_owned()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut cells: A) -> Result<Item, A::Error> {
        let mut row = Row::new();
        while let Some((column, CellText(cell))) = cells.next_entry::<String, CellText>()? {
            row.insert(column, cell);
        }
        Ok(Item::Row(row))
    }
}

/// A cell: text, or a value that can be written as text.
struct CellText(String);

impl<'de> Deserialize<'de> for CellText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Scalar)
    }
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = CellText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell: text, number or boolean")
    }
    scalars!(CellText, CellText, |flag| CellText(if flag { "yes" } else { "no" }.into()));
}
