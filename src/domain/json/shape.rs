//! What is wrong with JSON that is not of the form expected, without the words of a program for it.

use crate::domain::text::Text;

/// What is wrong with the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShapeFault {
    /// A member is missing: its name.
    Missing(String),
    /// A member has no place there: its name.
    Unknown(String),
    /// A value is of another kind: a text for a number.
    Kind,
    /// The value is of the right kind and cannot be right: a text that is no instant.
    Value,
}

impl ShapeFault {
    /// What the reader means. Its words have no other form that a program could ask for; they begin as serde has them.
    pub(super) fn of(reason: &str) -> Self {
        let named = |start: &str| reason.strip_prefix(start)?.split_once('`').map(|(name, _)| name.to_owned());
        if let Some(name) = named("missing field `") {
            Self::Missing(name)
        } else if let Some(name) = named("unknown field `") {
            Self::Unknown(name)
        } else if reason.starts_with("invalid type: ") {
            Self::Kind
        } else {
            Self::Value
        }
    }

    /// The fault as a text for people.
    pub fn message(&self) -> Text {
        match self {
            Self::Missing(name) => Text::new(format!("il manque « {name} »"), format!("“{name}” is missing")),
            Self::Unknown(name) => {
                Text::new(format!("« {name} » n’y a pas sa place"), format!("“{name}” has no place there"))
            }
            Self::Kind => Text::new(
                "cette valeur est d’un autre genre que celui attendu",
                "this value is of another kind than expected",
            ),
            Self::Value => Text::new("cette valeur n’est pas possible ici", "this value is not possible here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json::{JsonFault, Limits, from_str};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Sample {
        id: uuid::Uuid,
        count: u8,
    }

    /// Holds as long as serde words what it finds as it does now.
    #[test]
    fn what_the_reader_says_is_understood() {
        let id = "0190c9d2-0000-7000-8000-000000000000";
        for (text, path, expected) in [
            (format!("{{\"id\":\"{id}\"}}"), "", ShapeFault::Missing("count".into())),
            (format!("{{\"id\":\"{id}\",\"count\":1,\"x\":2}}"), "x", ShapeFault::Unknown("x".into())),
            (format!("{{\"id\":\"{id}\",\"count\":\"1\"}}"), "count", ShapeFault::Kind),
            (format!("{{\"id\":\"{id}\",\"count\":300}}"), "count", ShapeFault::Value),
            ("{\"id\":\"x\",\"count\":1}".to_owned(), "id", ShapeFault::Value),
            ("[1]".to_owned(), "", ShapeFault::Kind),
        ] {
            let error = from_str::<Sample>(&text, Limits::bytes(1000)).map(|_| ()).unwrap_err();
            assert!(matches!(&error.fault, JsonFault::Shape(found, _) if *found == expected), "{text}: {error:?}");
            assert_eq!(error.path, path, "{text}");
            let words = error.message();
            assert!(words.fr.contains("ligne et colonne 1") && !words.fr.contains("expected"), "{words:?}");
            assert!(words.en.contains(" at line 1 column "), "{words:?}");
        }
        let cut = from_str::<Sample>("{", Limits::bytes(1000)).map(|_| ()).unwrap_err();
        assert!(
            matches!(cut.fault, JsonFault::CutShort(_)) && cut.message().fr.starts_with("le texte s’arrête"),
            "{cut:?}"
        );
        let broken = from_str::<Sample>("x", Limits::bytes(1000)).map(|_| ()).unwrap_err();
        assert!(matches!(broken.fault, JsonFault::Broken(_)), "{broken:?}");
    }
}
