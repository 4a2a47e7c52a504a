//! The publisher of demonstrations and samples: complete, and recognizably nobody.

use super::{AccessibilityStatement, HostingProvider, LegalBasis, PrivacyNotice, Publisher, SecurityContact};
use crate::domain::text::Text;
use jiff::civil::date;

impl Publisher {
    /// Invented data, which say so. The phone numbers are among those that are kept for fiction in France.
    #[must_use]
    pub fn invented() -> Self {
        let some = |text: &str| Some(text.to_owned());
        Self {
            name: some("Éditeur fictif de la démonstration"),
            legal_form: some("association qui n’existe pas"),
            address: some("1 rue de l’Exemple, 00000 Nulle-Part"),
            phone: some("01 99 00 00 01"),
            email: some("editeur@exemple.fr"),
            registration: some("SIREN 000 000 000 (fictif)"),
            capital: None,
            director: some("Ada Exemple, présidente fictive"),
            source_url: None,
            host: HostingProvider {
                name: some("Hébergeur fictif de la démonstration"),
                address: some("2 rue de l’Exemple, 00000 Nulle-Part"),
                phone: some("01 99 00 00 02"),
            },
            privacy: PrivacyNotice {
                dpo_email: some("dpo@exemple.fr"),
                legal_basis: Some(LegalBasis::PublicTask),
                recipients: vec![Text::new(
                    "Le service fictif de contrôle de la démonstration.",
                    "The invented auditing office of the demonstration.",
                )],
                transfers: None,
                account_months: Some(24),
                draft_months: Some(6),
                rejected_years: Some(2),
                granted_years: Some(10),
                journal_years: Some(10),
            },
            accessibility: AccessibilityStatement {
                stated_on: Some(date(2026, 11, 1)),
                scheme_url: some("https://exemple.fr/schema-pluriannuel"),
                plan_url: some("https://exemple.fr/plan-annuel"),
                email: some("accessibilite@exemple.fr"),
                answer_days: Some(10),
                audit: None,
                exceptions: vec![Text::new(
                    "Les fichiers joints par les candidats, qui sont des contenus de tiers.",
                    "The files that applicants attach, which are third-party content.",
                )],
            },
            security: SecurityContact { email: some("securite@exemple.fr") },
        }
    }

    /// Data as an installation in production has them.
    #[cfg(test)]
    pub(crate) fn complete() -> Self {
        let some = |text: &str| Some(text.to_owned());
        let invented = Self::invented();
        Self {
            name: some("Agence du Fleuve"),
            legal_form: some("association déclarée"),
            address: some("12 quai du Fleuve, 75012 Paris"),
            email: some("contact@agence-du-fleuve.fr"),
            registration: some("SIREN 732 829 320"),
            director: some("Jeanne Martin, présidente"),
            host: HostingProvider {
                name: some("Nuages de Loire"),
                address: some("3 rue des Nuages, 44000 Nantes"),
                ..invented.host
            },
            privacy: PrivacyNotice {
                dpo_email: some("dpo@agence-du-fleuve.fr"),
                recipients: Vec::new(),
                ..invented.privacy
            },
            accessibility: AccessibilityStatement {
                scheme_url: some("https://agence-du-fleuve.fr/schema"),
                plan_url: some("https://agence-du-fleuve.fr/plan"),
                email: some("accessibilite@agence-du-fleuve.fr"),
                ..invented.accessibility
            },
            security: SecurityContact { email: some("securite@agence-du-fleuve.fr") },
            ..invented
        }
    }
}
