//! B7: where the works are done, as people write it.

use crate::domain::{
    answers::normal,
    document::Document,
    fixture::{CALL, SMALL, Sample},
};

fn of_country(sample: &Sample) -> Vec<(String, String)> {
    let findings = sample.evaluate().findings;
    findings
        .into_iter()
        .filter(|finding| finding.path == "project.country")
        .map(|finding| (finding.rule, finding.message.en))
        .collect()
}

#[test]
fn b7_overseas_france_is_france() {
    for text in [
        "FR", "France", "FRANCE", "fra", "La Réunion", "reunion", "RE", "GP", "MQ", "Guyane", "YT", "Saint-Martin",
        "BL", "PM", "WF", "Polynésie française", "New Caledonia", "TF",
    ] {
        assert_eq!(of_country(&Sample::new().text("project.country", text)), [], "{text}");
    }
}

#[test]
fn b7_another_country_is_named() {
    for text in ["DE", "Allemagne", "germany"] {
        let found = of_country(&Sample::new().text("project.country", text));
        let [(rule, message)] = &found[..] else { unreachable!("{found:?}") };
        assert!(rule == "ELI-10" && message.contains("Germany (DE)"), "{message}");
    }
}

/// What cannot be read is said to be unreadable, and no rule evaluates it.
#[test]
fn b7_no_rule_runs_on_a_country_that_cannot_be_read() {
    let found = of_country(&Sample::new().text("project.country", "Francie"));
    let [(_, message)] = &found[..] else { unreachable!("{found:?}") };
    assert!(message.contains("not recognised"), "{message}");
}

#[test]
fn b7_the_call_says_which_countries_count() {
    let blocked = |country: &str| {
        Sample::small().text("what.country", country).blocking_paths().contains(&"A6 what.country".into())
    };
    assert!(!blocked("Réunion") && blocked("France") && blocked("Mayotte"));
    assert_eq!(Document::new(&SMALL).text("what.country"), "La Réunion");
    assert_eq!(Document::new(&CALL).text("project.country"), "France");
}

#[test]
fn b7_what_a_call_offers_can_be_read() {
    for call in [&*CALL, &*SMALL] {
        for field in call.sections.iter().flat_map(|section| &section.fields) {
            let offered = field.offered.as_deref().unwrap_or("FR");
            assert!(
                field.offered.is_none() || normal(field.kind, &field.options, offered).is_ok(),
                "{}: {offered}",
                field.id
            );
        }
    }
}
