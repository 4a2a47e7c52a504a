//! The result of an evaluation, in one language.

use crate::{
    domain::{
        evaluation::{Amounts, DeMinimisVerdict, DifficultyVerdict, Evaluation, ExpenseDates, SmeVerdict},
        finding::shown,
        text::Lang,
    },
    web::error::finding_json,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One finding.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingBody {
    /// Rule of the call's register.
    #[schema(example = "ELI-1")]
    pub rule: String,
    /// `blocking` refuses the deposit; `warning` and `info` do not.
    #[schema(example = "blocking")]
    pub severity: String,
    /// Where: `section.field`, `section.field[2].column`, `pieces.P7`, or empty for the whole dossier.
    #[schema(example = "budget.persons")]
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Interpretation under which the rule was applied.
    pub interpretation: Option<String>,
}

/// What an evaluation says; amounts are computed by the portal, in cents, rates in millionths.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct EvaluationBody {
    /// What there is to say, what blocks first; a hundred at most.
    #[schema(value_type = Vec<FindingBody>)]
    pub findings: Vec<serde_json::Value>,
    /// How many findings there are beyond those.
    pub more: usize,
    /// How many findings refuse the deposit.
    pub missing: usize,
    /// The money: `costs`, `base`, `aid`, `advance` and so on.
    #[schema(value_type = Object)]
    pub amounts: Amounts,
    /// The SME test with its figures, once they are there.
    #[schema(value_type = Option<Object>)]
    pub sme: Option<SmeVerdict>,
    /// The difficulty test with its figures, once they are there.
    #[schema(value_type = Option<Object>)]
    pub difficulty: Option<DifficultyVerdict>,
    /// De minimis aid counted and headroom, when the call counts it.
    #[schema(value_type = Option<Object>)]
    pub de_minimis: Option<DeMinimisVerdict>,
    /// First days from which expenses count, under each reading.
    #[schema(value_type = Object)]
    pub expense_dates: ExpenseDates,
}

impl EvaluationBody {
    /// Converts an evaluation to one language.
    pub fn new(evaluation: Evaluation, lang: Lang) -> Self {
        let (listed, more) = shown(&evaluation.findings);
        Self {
            missing: evaluation.blocking_count(),
            findings: listed.iter().map(|finding| finding_json(finding, lang)).collect(),
            more,
            amounts: evaluation.amounts,
            sme: evaluation.sme,
            difficulty: evaluation.difficulty,
            de_minimis: evaluation.de_minimis,
            expense_dates: evaluation.expense_dates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        finding::{Finding, Severity},
        text::Text,
    };

    #[test]
    fn findings_have_the_documented_shape() {
        let finding = Finding {
            rule: "ELI-1".into(),
            severity: Severity::Blocking,
            path: "budget.persons".into(),
            message: Text::new("trop peu", "too little"),
            interpretation: None,
        };
        let body: FindingBody = serde_json::from_value(finding_json(&finding, Lang::En)).unwrap();
        assert_eq!((body.severity.as_str(), body.message.as_str()), ("blocking", "too little"));
    }
}
