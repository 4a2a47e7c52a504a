//! The sample is complete; with any required answer taken away it is not, and the reader is sent to the very field.

use crate::domain::{
    call::{Call, Field, Section},
    document::{Value, empty},
    finding::Severity,
    fixture::{CALL, Sample},
};

fn fields(call: &Call) -> impl Iterator<Item = (&Section, &Field, String)> {
    call.sections.iter().flat_map(|section| {
        section.fields.iter().map(move |field| (section, field, format!("{}.{}", section.id, field.id)))
    })
}

/// The sample with every conditional question asked and answered.
fn everything() -> Sample {
    let funding: &[(&str, &str)] =
        &[("funder", "Métropole"), ("object", "Étude"), ("amount", "1"), ("same_costs", "no")];
    let internal: &[(&str, &str)] = &[("siren", "999912348"), ("method", "Coûts complets"), ("amount", "0")];
    let group: &[(&str, &str)] = &[("siren", "999987654"), ("name", "Gravimont"), ("link", "Majorité des voix")];
    Sample::new()
        .text("applicant.contact_is_representative", "no")
        .text("applicant.contact_name", "Solène Vauthier")
        .text("applicant.contact_email", "solene.vauthier@guindeau.example")
        .text("project.other_funding", "yes")
        .rows("project.other_funding_list", &[funding])
        .rows("budget.internal", &[internal])
        .rows("deminimis.single_undertaking", &[group])
        .piece("CERT", None)
}

#[test]
fn the_sample_has_nothing_to_be_said_about() {
    assert_eq!(Sample::new().evaluate().findings, []);
    let small = Sample::small().evaluate().findings;
    let paths: Vec<&str> = small.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!((paths, small[0].severity), (vec!["pieces.Q1"], Severity::Warning), "its round closes in 2100");
    assert!(everything().blocking().is_empty());
}

#[test]
fn every_required_field_is_missed() {
    for (complete, least) in [(everything(), 60), (Sample::small(), 8)] {
        let call = complete.call;
        let mut evaluated = 0;
        for (_, field, path) in fields(call).filter(|(_, field, _)| field.required) {
            let asked = field.when.is_none() || complete.document.get(&path).is_some();
            assert!(complete.document.get(&path).is_some() || !asked, "the sample does not answer {path}");
            if asked {
                for gone in [complete.clone().without(&path), complete.clone().with(&path, empty(field.kind))] {
                    let evaluation = gone.evaluate();
                    let found = evaluation.blocking().find(|finding| finding.path == path);
                    assert!(found.is_some_and(|finding| call.rule(&finding.rule).is_some()), "{path}");
                }
                evaluated += 1;
            }
        }
        assert!(evaluated >= least, "{evaluated} required fields of {}", call.id);
    }
}

#[test]
fn every_required_cell_is_missed() {
    let complete = everything();
    let mut evaluated = 0;
    for (_, field, path) in fields(&CALL) {
        let Some(Value::Rows(rows)) = complete.document.get(&path) else {
            assert!(field.columns.is_empty(), "the sample leaves the table {path} empty");
            continue;
        };
        for column in field.columns.iter().filter(|column| column.required && column.id != "row") {
            for index in 0..rows.len() {
                let place = format!("{path}[{index}].{}", column.id);
                let evaluation = complete.clone().cell(&path, index, &column.id, " ").evaluate();
                assert!(evaluation.blocking().any(|finding| finding.path == place), "{place}");
                evaluated += 1;
            }
        }
    }
    assert!(evaluated > 100, "{evaluated} cells");
}

#[test]
fn what_is_not_asked_is_not_missed() {
    let sample = Sample::new();
    for path in ["applicant.contact_name", "project.other_funding_list"] {
        assert!(sample.document.get(path).is_none(), "{path} is not asked in the sample");
    }
    let closed =
        sample.without("project.licence").with("project.dissemination", Value::Choices(vec!["proprietary".into()]));
    assert_eq!(closed.evaluate().findings, []);
}

#[test]
fn limits_of_length_count_code_points() {
    for (path, most) in [("project.title", 120), ("project.public_summary", 1000)] {
        assert_eq!(Sample::new().text(path, &"é".repeat(most)).evaluate().findings, [], "{path}");
        assert_eq!(Sample::new().text(path, &"e\u{301}".repeat(most)).evaluate().findings, [], "{path}: NFC");
        let over = Sample::new().text(path, &"é".repeat(most + 3)).evaluate();
        assert_eq!(over.blocking_count(), 1);
        assert!(
            over.findings[0].path == path && over.findings[0].message.fr.contains("retirez-en 3"),
            "{:?}",
            over.findings
        );
        let kept = over.document.text(path).chars().count();
        assert_eq!(kept, most + 3, "nothing is cut off");
    }
    assert_eq!(Sample::new().text("impact.reference", &"a".repeat(199)).evaluate().blocking_count(), 1);
    assert_eq!(Sample::new().text("impact.reference", &"a".repeat(200)).evaluate().blocking_count(), 0);
}

#[test]
fn findings_stand_in_the_order_of_the_form() {
    let sample = Sample::new()
        .without("project.title")
        .without("applicant.name")
        .without("aid.place")
        .lacking("P8")
        .lacking("P7")
        .in_round("2024")
        .text("project.trl_end", "2");
    let evaluation = sample.evaluate();
    let paths: Vec<&str> = evaluation.findings.iter().map(|finding| finding.path.as_str()).collect();
    let expected = ["applicant.name", "project.title", "aid.place", "pieces.P7", "pieces.P8", "", "project.trl_end"];
    assert_eq!(paths, expected);
    assert_eq!(evaluation.findings.iter().filter(|finding| finding.severity == Severity::Warning).count(), 1);
}

#[test]
fn the_sealed_answers_are_in_normal_form() {
    let document = Sample::new().evaluate().document;
    assert_eq!(document.text("applicant.siret"), "99991234800011");
    assert_eq!(document.text("applicant.rcs_date"), "2016-03-21");
    assert_eq!(document.text("project.start"), "2026-12-23");
    assert_eq!(document.text("project.end"), "2027-12-22");
    assert_eq!(document.text("aid.asked"), "100000.00");
    assert_eq!(document.text("health.year_end"), "2025-12-31");
    let again = Sample { document: document.clone(), ..Sample::new() };
    assert_eq!(again.evaluate().document, document, "a normal form is its own normal form");
}
