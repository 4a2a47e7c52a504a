//! Pieces: there, dated, fresh now and at the closing.

use crate::domain::{evaluation::evaluate, finding::Severity, fixture::Sample};
use jiff::civil::date;

fn of(sample: &Sample, code: &str) -> Vec<(Severity, String)> {
    let path = format!("pieces.{code}");
    let findings = sample.evaluate().findings.into_iter().filter(|finding| finding.path == path);
    findings.map(|finding| (finding.severity, finding.rule)).collect()
}

fn blocked(rule: &str) -> Vec<(Severity, String)> {
    vec![(Severity::Blocking, rule.into())]
}

#[test]
fn every_piece_that_is_asked_for_must_be_there() {
    for (code, rule) in [("P7", "ELI-3"), ("P8", "ELI-5"), ("P9", "ELI-5"), ("P10", "ELI-7")] {
        assert_eq!(of(&Sample::new().lacking(code), code), blocked(rule), "{code}");
        assert_eq!(of(&Sample::new(), code), [], "{code}");
    }
    let asked: Vec<_> =
        Sample::new().call.attached_pieces().filter(|piece| piece.required).map(|piece| &piece.code).collect();
    assert_eq!(asked, ["P7", "P8", "P9", "P10", "CERT"], "a new piece belongs in this test");
}

#[test]
fn a_missing_tax_return_may_be_explained() {
    let sample = Sample::new().lacking("P10").text("attachments.p10_exemption", "Premier exercice clos le 31/12/2026.");
    assert_eq!(of(&sample, "P10"), [(Severity::Warning, "ELI-7".into())]);
    assert!(sample.blocking().is_empty());
    let kbis = Sample::new().lacking("P7").text("attachments.p10_exemption", "Pas de Kbis non plus.");
    assert_eq!(of(&kbis, "P7"), blocked("ELI-3"));
}

#[test]
fn internal_invoices_call_for_a_certificate_and_a_mandate_is_optional() {
    let row: &[(&str, &str)] = &[("siren", "999912348"), ("method", "Coûts complets"), ("amount", "0")];
    let sample = Sample::new().rows("budget.internal", &[row]);
    assert_eq!(of(&sample, "CERT"), blocked("FIN-4"));
    assert_eq!(sample.piece("CERT", None).blocking_paths(), Vec::<String>::new());
    let other = Sample::new()
        .text("applicant.contact_is_representative", "no")
        .text("applicant.contact_name", "Solène Vauthier")
        .text("applicant.contact_email", "solene.vauthier@guindeau.example");
    assert_eq!(other.evaluate().findings, []);
}

#[test]
fn pieces_are_younger_than_three_months_on_the_day_of_deposit() {
    let deposited = |issued| Sample::new().in_round("2024").at("2024-07-31T21:59:59.999Z").piece("P7", issued);
    assert_eq!(of(&deposited(Some(date(2024, 5, 1))), "P7"), []);
    assert_eq!(of(&deposited(Some(date(2024, 4, 30))), "P7"), blocked("ELI-3"));
    assert_eq!(of(&deposited(Some(date(2024, 7, 31))), "P7"), []);
    assert_eq!(of(&deposited(Some(date(2024, 8, 1))), "P7"), blocked("ELI-3"), "the future");
    assert_eq!(of(&deposited(None), "P7"), blocked("ELI-3"), "no date");
    assert_eq!(of(&Sample::new().piece("P10", None), "P10"), [], "no freshness asked");
}

#[test]
fn a_piece_that_will_expire_before_the_closing_is_announced() {
    let early = |issued| Sample::new().in_round("2024").at("2024-06-15T10:00:00Z").piece("P8", Some(issued));
    assert_eq!(of(&early(date(2024, 4, 30)), "P8"), [(Severity::Warning, "ELI-5".into())]);
    assert_eq!(of(&early(date(2024, 5, 1)), "P8"), []);
    let closed = Sample::new().in_round("2024").evaluate();
    assert!(closed.findings.iter().all(|found| !found.path.starts_with("pieces.")), "over: nothing more to announce");
    assert_eq!(of(&Sample::new().in_round("2025"), "P8"), [], "no closing is known");
}

#[test]
fn pieces_are_not_judged_where_they_are_not_known() {
    let sample = Sample::new();
    let evaluated = |pieces| evaluate(sample.call, &sample.document, Some(&sample.round), pieces, sample.now);
    assert_eq!(evaluated(None).findings, []);
    assert_eq!(evaluated(Some(&[])).blocking_count(), 4);
}
