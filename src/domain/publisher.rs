//! Who publishes the portal: what the law wants its public pages to tell.
//!
//! Sources: law 2004-575 (LCEN), article 1-1, for publisher and host; Regulation (EU) 2016/679 (GDPR), article 13, for
//! personal data; law 2005-102, article 47, and decree 2019-768 for accessibility; RFC 9116 for security.txt. Everything
//! may be missing, so that a portal can be set up step by step: [`Publisher::missing`] names what is.

mod accessibility;
mod invented;

pub use accessibility::{AccessibilityStatement, Conformity};

use super::{
    email::EmailAddress,
    text::{Lang, Text},
};
use serde::{Deserialize, Serialize};

/// Words of texts that were never replaced, lower case.
const PLACEHOLDERS: [&str; 11] = [
    "à compléter", "a completer", "à définir", "todo", "tbd", "xxx", "lorem ipsum", "exemple", "example", "fictif",
    "démonstration",
];

/// The publisher of the portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publisher {
    /// Name of the organisation.
    pub name: Option<String>,
    /// Legal form, where the name does not tell it.
    pub legal_form: Option<String>,
    /// Address of the seat.
    pub address: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Register and number, such as `RCS Paris 123 456 789`.
    pub registration: Option<String>,
    /// Share capital, if the organisation has one.
    pub capital: Option<String>,
    /// Director of publication: a person, with their function.
    pub director: Option<String>,
    /// Address of the source code that runs, if it is not the published one (AGPL, section 13).
    pub source_url: Option<String>,
    pub host: HostingProvider,
    pub privacy: PrivacyNotice,
    pub accessibility: AccessibilityStatement,
    pub security: SecurityContact,
}

/// The company on whose machines the portal runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostingProvider {
    pub name: Option<String>,
    pub address: Option<String>,
    pub phone: Option<String>,
}

/// What the controllers of personal data have decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyNotice {
    /// Address of the data protection officer.
    pub dpo_email: Option<String>,
    /// Legal basis of the examination of applications.
    pub legal_basis: Option<LegalBasis>,
    /// Recipients that the call does not name.
    pub recipients: Vec<Text>,
    /// Transfers out of the European Union, with their safeguards, if there are any.
    pub transfers: Option<Text>,
    /// How long an unused account is kept, in months.
    pub account_months: Option<u32>,
    /// How long a draft that was never deposited is kept after its round has closed, in months.
    pub draft_months: Option<u32>,
    /// How long a deposited application that was not selected is kept after the decision, in years.
    pub rejected_years: Option<u32>,
    /// How long the application of a beneficiary is kept after the last payment, in years.
    pub granted_years: Option<u32>,
    /// How long the journal of acts is kept, in years.
    pub journal_years: Option<u32>,
}

/// A legal basis of article 6(1) of the GDPR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// Point (e).
    PublicTask,
    /// Point (b).
    Contract,
    /// Point (f).
    LegitimateInterest,
}

impl LegalBasis {
    /// The basis with its article.
    pub fn label(self, lang: &Lang) -> &'static str {
        match self {
            Self::PublicTask => lang.tr(
                "une mission d’intérêt public (article 6, paragraphe 1, point e, du RGPD)",
                "a task in the public interest (article 6(1)(e) of the GDPR)",
            ),
            Self::Contract => lang.tr(
                "les mesures que vous demandez avant un contrat (article 6, paragraphe 1, point b, du RGPD)",
                "the steps that you ask for before a contract (article 6(1)(b) of the GDPR)",
            ),
            Self::LegitimateInterest => lang.tr(
                "l’intérêt légitime des responsables (article 6, paragraphe 1, point f, du RGPD)",
                "the legitimate interest of the controllers (article 6(1)(f) of the GDPR)",
            ),
        }
    }
}

/// Where researchers report vulnerabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityContact {
    /// Their address [default: the publisher's, or else the call's].
    pub email: Option<String>,
}

/// True for a text that says nothing, or that stands where another one should.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.is_empty() || text.contains('…') || PLACEHOLDERS.iter().any(|word| text.contains(word))
}

impl Publisher {
    /// The address for reports of vulnerabilities.
    #[must_use]
    pub fn security_email(&self) -> Option<&str> {
        self.security.email.as_deref().or(self.email.as_deref())
    }

    /// The keys of the configuration that the law wants and that have no value, or that of a placeholder.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let told = |value: &Option<String>| value.as_deref().is_some_and(|text| !is_placeholder(text));
        let (privacy, accessibility) = (&self.privacy, &self.accessibility);
        let wanted = [
            ("publisher.name", told(&self.name)),
            ("publisher.address", told(&self.address)),
            ("publisher.phone", told(&self.phone)),
            ("publisher.email", told(&self.email)),
            ("publisher.registration", told(&self.registration)),
            ("publisher.director", told(&self.director)),
            ("publisher.host.name", told(&self.host.name)),
            ("publisher.host.address", told(&self.host.address)),
            ("publisher.host.phone", told(&self.host.phone)),
            ("publisher.privacy.dpo_email", told(&privacy.dpo_email)),
            ("publisher.privacy.legal_basis", privacy.legal_basis.is_some()),
            ("publisher.privacy.account_months", privacy.account_months.is_some()),
            ("publisher.privacy.draft_months", privacy.draft_months.is_some()),
            ("publisher.privacy.rejected_years", privacy.rejected_years.is_some()),
            ("publisher.privacy.granted_years", privacy.granted_years.is_some()),
            ("publisher.privacy.journal_years", privacy.journal_years.is_some()),
            ("publisher.accessibility.stated_on", accessibility.stated_on.is_some()),
            ("publisher.accessibility.scheme_url", told(&accessibility.scheme_url)),
            ("publisher.accessibility.plan_url", told(&accessibility.plan_url)),
            ("publisher.accessibility.answer_days", accessibility.answer_days.is_some()),
        ];
        wanted.into_iter().filter(|(_, told)| !told).map(|(key, _)| key).collect()
    }

    /// Values that cannot be shown as they are, each with its key.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let accessibility = &self.accessibility;
        let lines = [
            ("name", &self.name),
            ("legal_form", &self.legal_form),
            ("address", &self.address),
            ("phone", &self.phone),
            ("registration", &self.registration),
            ("capital", &self.capital),
            ("director", &self.director),
            ("host.name", &self.host.name),
            ("host.address", &self.host.address),
            ("host.phone", &self.host.phone),
        ];
        let emails = [
            ("email", &self.email),
            ("privacy.dpo_email", &self.privacy.dpo_email),
            ("accessibility.email", &accessibility.email),
            ("security.email", &self.security.email),
        ];
        let addresses = [
            ("source_url", &self.source_url),
            ("accessibility.scheme_url", &accessibility.scheme_url),
            ("accessibility.plan_url", &accessibility.plan_url),
        ];
        let given = |(key, value): (&'static str, &'_ Option<String>)| Some((key, value.clone()?));
        let mut faults: Vec<String> = lines
            .into_iter()
            .filter_map(given)
            .filter(|(_, text)| text.chars().any(char::is_control))
            .map(|(key, _)| format!("publisher.{key} has to be one line"))
            .collect();
        let wrong = emails.into_iter().filter_map(given).filter(|(_, text)| EmailAddress::parse(text).is_err());
        faults.extend(wrong.map(|(key, _)| format!("publisher.{key} is not an e-mail address")));
        let odd =
            |text: &str| !text.starts_with("https://") || text.contains(|c: char| c.is_whitespace() || c.is_control());
        let wrong = addresses.into_iter().filter_map(given).filter(|(_, text)| odd(text));
        faults.extend(wrong.map(|(key, _)| format!("publisher.{key} must begin with https:// and have no spaces")));
        if accessibility.audit.as_ref().is_some_and(|audit| audit.percent > 100) {
            faults.push("publisher.accessibility.audit.percent is above 100".into());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_a_placeholder_is_named() {
        let nothing = Publisher::default().missing();
        assert_eq!((nothing.len(), nothing[0]), (20, "publisher.name"));
        assert_eq!(Publisher::complete().missing(), Vec::<&str>::new());
        let left = |text: &str| Publisher { director: Some(text.into()), ..Publisher::complete() }.missing();
        for text in ["", "  ", "À COMPLÉTER", "TODO", "M. …", "Nom de l’exemple"] {
            assert_eq!(left(text), ["publisher.director"], "{text}");
        }
    }

    #[test]
    fn a_section_of_the_configuration_is_read_as_it_is_written() {
        let complete = Publisher::complete();
        assert_eq!(toml::from_str::<Publisher>(&toml::to_string(&complete).unwrap()).unwrap(), complete);
        let text = "name = \"A\"\n[privacy]\nlegal_basis = \"public_task\"\n[accessibility]\nstated_on = \"2026-11-01\"\n\
                    [accessibility.audit]\nauditor = \"B\"\naudited_on = \"2026-10-01\"\npercent = 72\n";
        let read: Publisher = toml::from_str(text).unwrap();
        assert_eq!(read.accessibility.conformity(), Conformity::Partial);
        assert!(toml::from_str::<Publisher>("surname = \"A\"").is_err());
    }

    /// A demonstration's data must not pass for somebody's.
    #[test]
    fn invented_data_are_complete_and_no_production_data() {
        let invented = Publisher::invented();
        assert_eq!(invented.faults(), Vec::<String>::new());
        for key in ["publisher.name", "publisher.address", "publisher.email", "publisher.host.name"] {
            assert!(invented.missing().contains(&key), "{key}");
        }
        let keys = |value: &Publisher| serde_json::to_value(value).unwrap();
        let nulls = keys(&invented).to_string().matches("null").count();
        assert_eq!(nulls, 4, "capital, source, transfers and audit: {}", keys(&invented));
    }

    #[test]
    fn values_that_would_break_a_page_or_a_file_are_refused() {
        let publisher = Publisher {
            name: Some("A\nB".into()),
            email: Some("nobody".into()),
            source_url: Some("javascript:alert(1)".into()),
            security: SecurityContact { email: Some("a@example.org\nContact: https://evil.example".into()) },
            ..Publisher::default()
        };
        assert_eq!(publisher.faults().len(), 4, "{:?}", publisher.faults());
    }
}
