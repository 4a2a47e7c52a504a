//! Responses of other programs, for commands that print them.

use crate::domain::{
    json::{self, JsonError, Limits},
    text::terminal::escape_for_terminal,
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Parses a response and escapes every text in it with [`escape_for_terminal`].
pub(super) fn read_untrusted<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, JsonError> {
    let mut value: Json = json::from_slice(bytes, limits)?;
    escape_texts(&mut value);
    json::from_value(&value)
}

fn escape_texts(value: &mut Json) {
    match value {
        Json::String(text) => *text = escape_for_terminal(text),
        Json::Array(items) => items.iter_mut().for_each(escape_texts),
        Json::Object(members) => members.values_mut().for_each(escape_texts),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_every_text_of_an_answer_is_escaped() {
        let answer = "{\"a\": [\"x\\n✔\", {\"b\": \"\\u001b[2K\"}], \"n\": 12.333333333333334}".as_bytes();
        let read: Json = read_untrusted(answer, Limits::bytes(100)).unwrap();
        assert_eq!(read, serde_json::json!({ "a": ["x\\n\\u{2714}", { "b": "\\u{1b}[2K" }], "n": 12.333333333333334 }));
    }
}
