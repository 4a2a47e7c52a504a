//! Findings, printed as compilers do.

use crate::{
    domain::{
        finding::and_more,
        text::{Lang, terminal::escape_for_terminal},
    },
    web::api::report::FindingBody,
};
use std::io::{self, Write};

/// A finding and where it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// Rule, or code of the refusal.
    pub rule: String,
    /// `blocking`, `warning` or `info`.
    pub severity: String,
    /// File and path in it.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Interpretation under which the rule was applied.
    pub interpretation: Option<String>,
}

impl From<FindingBody> for Found {
    fn from(finding: FindingBody) -> Self {
        let FindingBody { rule, severity, path, message, interpretation } = finding;
        let place = if path.is_empty() { "dossier.toml".into() } else { format!("dossier.toml: {path}") };
        Self { rule, severity, place, message, interpretation }
    }
}

impl Found {
    /// Whether it refuses the deposit.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity == "blocking"
    }
}

/// The portal does not take the dossier, and says why, as far as it lists it; how much more there is.
#[derive(Debug, thiserror::Error)]
#[error("the portal has findings that prevent the deposit")]
pub struct DepositFindings(pub Vec<Found>, pub usize);

/// Prints findings and how many there are, those that the portal does not list included; nothing when there are none.
pub fn print(out: &mut impl Write, found: &[Found], more: usize, lang: Lang) -> io::Result<()> {
    for Found { rule, severity, place, message, interpretation } in found {
        let kind = match severity.as_str() {
            "blocking" => "error",
            "warning" => "warning",
            _ => "note",
        };
        writeln!(
            out,
            "{kind}[{}]: {}\n --> {}",
            escape_for_terminal(rule),
            escape_for_terminal(message),
            escape_for_terminal(place)
        )?;
        if let Some(interpretation) = interpretation {
            writeln!(
                out,
                "  = {} {}",
                lang.tr("interprétation", "interpretation"),
                escape_for_terminal(interpretation)
            )?;
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    if let Some(more) = and_more(more) {
        writeln!(out, "{}", more.get(&lang))?;
    }
    let count = |severity: &str| found.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count("blocking"), count("warning"));
    writeln!(
        out,
        "{errors} {}, {warnings} {}.",
        plural(lang, errors, ("erreur", "error")),
        plural(lang, warnings, ("avertissement", "warning"))
    )
}

fn plural(lang: Lang, count: usize, (fr, en): (&str, &str)) -> String {
    // In French, nought and one are singular.
    let many = lang.tr(if count > 1 { "s" } else { "" }, if count == 1 { "" } else { "s" }).to_owned();
    format!("{}{many}", lang.tr(fr, en))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(severity: &str, path: &str, interpretation: Option<&str>) -> Found {
        Found::from(FindingBody {
            rule: "ELI-1".into(),
            severity: severity.into(),
            path: path.into(),
            message: "too little".into(),
            interpretation: interpretation.map(str::to_owned),
        })
    }

    #[test]
    fn findings_look_like_a_compilers() {
        let found = [finding("blocking", "budget.persons", Some("X-4")), finding("warning", "", None)];
        let mut text = Vec::new();
        print(&mut text, &found, 0, Lang::En).unwrap();
        let expected = "error[ELI-1]: too little\n --> dossier.toml: budget.persons\n  = interpretation X-4\n\
                        warning[ELI-1]: too little\n --> dossier.toml\n1 error, 1 warning.\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn nought_is_singular_in_french_only() {
        let mut text = Vec::new();
        print(&mut text, &[finding("blocking", "", None)], 0, Lang::Fr).unwrap();
        assert!(String::from_utf8(text).unwrap().ends_with("1 erreur, 0 avertissement.\n"));
    }
}
