//! A new draft that begins with answers given elsewhere.

use super::{Change, Document, DocumentError};
use crate::domain::call::Call;

impl Document {
    /// What the call offers, and answers over it.
    ///
    /// # Errors
    /// When an answer does not fit the form, or all are too long together.
    pub fn begin_with(call: &Call, answers: &Self) -> Result<Self, DocumentError> {
        let mut begun = Self::new(call);
        let given = answers.0.iter().flat_map(|(section, given)| {
            given.iter().map(move |(field, value)| Change {
                path: format!("{section}.{field}"),
                was: None,
                value: value.clone(),
            })
        });
        begun.merge(call, given.collect())?;
        Ok(begun)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::{CALL, Sample};

    #[test]
    fn b15_a_draft_begins_with_what_was_answered_and_with_what_the_call_offers() {
        let mut answers = Sample::new().document;
        answers.0.retain(|section, _| section == "budget" || section == "health");
        let begun = Document::begin_with(&CALL, &answers).unwrap();
        assert_eq!(begun.text("project.country"), "France", "offered");
        assert_eq!(begun.0.get("budget"), answers.0.get("budget"));
        assert_eq!(begun.0.get("health"), answers.0.get("health"));
        let abroad = Sample::new().text("project.country", "Belgique").document;
        assert_eq!(Document::begin_with(&CALL, &abroad), Ok(abroad), "an answer stands over what is offered");
    }

    #[test]
    fn b15_what_was_typed_and_cannot_be_read_is_carried_as_it_was_typed() {
        let answers = Sample::new().text("applicant.siret", "732 829 320 0007x").document;
        let begun = Document::begin_with(&CALL, &answers).unwrap();
        assert_eq!(begun.text("applicant.siret"), "732 829 320 0007x");
    }
}
