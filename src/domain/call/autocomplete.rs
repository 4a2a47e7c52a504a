//! What a browser may fill into a field: the tokens of the attribute `autocomplete` (HTML, 4.10.18.7), as WCAG 2.1
//! success criterion 1.3.5 asks of fields about the person or company who fills in the form.

use serde::{Deserialize, Serialize};

/// The tokens that a form of a call may use, in the words of HTML.
const TOKENS: [&str; 16] = [
    "name", "given-name", "family-name", "honorific-prefix", "organization-title", "organization", "street-address",
    "address-line1", "address-line2", "address-level2", "postal-code", "country", "country-name", "email", "tel",
    "url",
];

/// The value of an attribute `autocomplete`: a token, after the name of a section where two fields of one page have the
/// same token: `section-contact email`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Autocomplete(String);

/// Why a text is no value of the attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("autocomplete is “section-<name> ” or nothing, then one of {}", TOKENS.join(", "))]
pub struct UnknownAutocomplete;

impl Autocomplete {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Autocomplete {
    type Error = UnknownAutocomplete;
    fn try_from(text: String) -> Result<Self, UnknownAutocomplete> {
        let token = match text.split_once(' ') {
            Some((section, token)) => section
                .strip_prefix("section-")
                .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()))
                .map(|_| token),
            None => Some(text.as_str()),
        };
        if token.is_some_and(|token| TOKENS.contains(&token)) { Ok(Self(text)) } else { Err(UnknownAutocomplete) }
    }
}

impl From<Autocomplete> for String {
    fn from(value: Autocomplete) -> Self {
        value.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        call::{Field, FieldKind},
        fixture::{CALL, SMALL},
    };
    use std::collections::BTreeSet;

    #[test]
    fn only_what_browsers_know_is_a_token() {
        for text in ["email", "section-contact email", "address-level2"] {
            assert_eq!(Autocomplete::try_from(text.to_owned()).map(String::from).as_deref(), Ok(text));
        }
        for text in ["", "mail", "section- email", "contact email", "section-contact", "email tel", "off", "on"] {
            assert_eq!(Autocomplete::try_from(text.to_owned()), Err(UnknownAutocomplete), "{text}");
        }
    }

    /// WCAG 1.3.5, for the calls of the program: addresses, numbers and sites say what they are, each once on its page.
    #[test]
    fn fields_about_the_applicant_have_their_tokens() {
        for call in [&*CALL, &*SMALL] {
            for section in &call.sections {
                let token = |field: &Field| field.autocomplete.as_ref().map(|token| token.as_str().to_owned());
                for field in &section.fields {
                    let personal = matches!(field.kind, FieldKind::Email | FieldKind::Phone | FieldKind::Url);
                    assert!(!personal || token(field).is_some(), "{}.{}", section.id, field.id);
                }
                let all: Vec<String> = section.fields.iter().filter_map(token).collect();
                let distinct: BTreeSet<&String> = all.iter().collect();
                assert_eq!(distinct.len(), all.len(), "{}: {all:?}", section.id);
            }
            let name = call.field(&call.company.name).and_then(|field| field.autocomplete.clone());
            assert_eq!(name.map(String::from).as_deref(), Some("organization"), "{}", call.id);
        }
    }
}
