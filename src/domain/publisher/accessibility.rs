//! The accessibility statement, and the state that follows from an audit.

use crate::domain::text::{Lang, Text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Percentage of met criteria from which a site is partially accessible (decree 2019-768, RGAA).
const PARTIAL_PERCENT: u8 = 50;

/// The accessibility statement (decree 2019-768, article 4; model of the RGAA).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessibilityStatement {
    /// Date of the statement.
    pub stated_on: Option<Date>,
    /// Address of the multi-year accessibility scheme.
    pub scheme_url: Option<String>,
    /// Address of this year's plan.
    pub plan_url: Option<String>,
    /// Where users report obstacles [default: the publisher's address].
    pub email: Option<String>,
    /// Days within which they get an answer.
    pub answer_days: Option<u32>,
    /// The last audit. Without one, the site is not compliant.
    pub audit: Option<AccessibilityAudit>,
    /// Contents that are not accessible, each with the reason.
    pub exceptions: Vec<Text>,
}

/// An audit against the RGAA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessibilityAudit {
    pub auditor: String,
    pub audited_on: Date,
    /// Percentage of the applicable criteria that are met, rounded down.
    pub percent: u8,
}

/// How far the site meets the RGAA, in the three states of the decree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conformity {
    /// Less than half of the criteria, or no audit.
    None,
    /// Half of the criteria or more.
    Partial,
    /// All of them.
    Full,
}

impl Conformity {
    /// The mention that the decree wants on the pages.
    pub fn label(self, lang: &Lang) -> &'static str {
        match self {
            Self::None => lang.tr("non conforme", "not compliant"),
            Self::Partial => lang.tr("partiellement conforme", "partially compliant"),
            Self::Full => lang.tr("totalement conforme", "fully compliant"),
        }
    }
}

impl AccessibilityStatement {
    /// The state that the audit gives.
    #[must_use]
    pub fn conformity(&self) -> Conformity {
        match self.audit.as_ref().map_or(0, |audit| audit.percent) {
            100.. => Conformity::Full,
            PARTIAL_PERCENT.. => Conformity::Partial,
            _ => Conformity::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_state_follows_from_the_audit() {
        let state = |percent| {
            let audit = AccessibilityAudit { auditor: "A".into(), audited_on: date(2026, 1, 1), percent };
            AccessibilityStatement { audit: Some(audit), ..AccessibilityStatement::default() }.conformity()
        };
        assert_eq!(AccessibilityStatement::default().conformity(), Conformity::None);
        assert_eq!([0, 49, 50, 99, 100].map(state), {
            use Conformity::{Full, None, Partial};
            [None, None, Partial, Partial, Full]
        });
    }
}
