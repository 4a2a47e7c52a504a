//! From the valid sample, one change at a time: exactly one rule speaks. Every check of the call has its change.

use crate::domain::{
    call::{Rule, RuleCheck},
    document::Value,
    evaluation::{Evaluation, Extent, evaluate_extent},
    finding::{Finding, Severity},
    fixture::{CALL, Sample},
};
use std::collections::BTreeSet;

type Change = (&'static str, &'static str, fn(Sample) -> Sample);

/// Rule, path, change.
const BLOCKING: [Change; 17] = [
    ("CAL-5", "project.end", |sample| sample.text("project.end", "31/12/2027")),
    ("DEP-2", "", |sample| sample.in_round("2024")),
    ("ELI-1", "budget.persons", |sample| sample.budget("104 166,66", "0", "124 999,99").text("aid.asked", "99 999,99")),
    ("ELI-3", "applicant.rcs_date", |sample| sample.text("applicant.rcs_date", "24/11/2026")),
    ("ELI-3", "applicant.created", |sample| sample.text("applicant.created", "24/11/2026")),
    ("ELI-7", "health.capital", |sample| sample.text("health.retained", "-600 000")),
    ("ELI-7", "health.year_end", |sample| sample.text("health.year_end", "31/12/2026")),
    ("ELI-7", "health.year_end", |sample| sample.text("health.year_end", "22/11/2024")),
    ("ELI-10", "project.country", |sample| sample.text("project.country", "DE")),
    ("ELI-10", "project.start", |sample| sample.text("project.start", "23/11/2026").text("project.end", "22/11/2027")),
    ("ELI-12", "project.bricks", |sample| sample.without("project.bricks")),
    ("ELI-12", "project.bricks", |sample| {
        sample.with("project.bricks", Value::Choices(vec!["biscuit".into(), "opensvc".into()]))
    }),
    ("ELI-13", "project.lock", |sample| sample.without("project.lock")),
    ("FIN-3", "budget.subcontracting_reason", |sample| sample.budget("100 000", "30 000", "150 000")),
    ("FIN-4", "budget.internal[0].siren", |sample| {
        let row: &[(&str, &str)] = &[("siren", "999 987 654"), ("method", "Coûts complets"), ("amount", "0")];
        sample.rows("budget.internal", &[row]).piece("CERT", None)
    }),
    ("FIN-6", "budget.financing", |sample| sample.cell("budget.financing", 1, "amount", "40 999,99")),
    ("FIN-7", "aid.asked", |sample| sample.text("aid.asked", "100 000,01")),
];

const WARNING: [Change; 11] = [
    ("ELI-2", "sme.staff_n", |sample| sample.text("sme.public_share", "25").text("sme.staff_n1", "")),
    ("ELI-2", "sme.staff_n", |sample| sample.text("sme.staff_n", "250").text("sme.staff_n1", "250")),
    ("ELI-4", "applicant.siret", |mut sample| {
        sample.others = 1;
        sample
    }),
    ("ELI-7", "health.year_end", |sample| sample.text("health.year_end", "22/05/2025")),
    ("ELI-9", "impact.grid[2].dnsh", |sample| sample.cell("impact.grid", 2, "dnsh", "significant_harm")),
    ("ELI-11", "project.other_funding", |sample| {
        let row: &[(&str, &str)] =
            &[("funder", "Métropole"), ("object", "Étude"), ("amount", "1"), ("same_costs", "no")];
        sample.text("project.other_funding", "yes").rows("project.other_funding_list", &[row])
    }),
    ("FIN-3", "budget.subcontracts", |sample| {
        sample.budget("100 000", "30 000", "150 000").text("budget.subcontracting_reason", "Laboratoire accrédité.")
    }),
    ("FIN-9", "deminimis.aids", |sample| sample.cell("deminimis.aids", 0, "amount", "200 000,01")),
    ("FIN-9", "deminimis.excluded_sector", |sample| sample.text("deminimis.excluded_sector", "yes")),
    ("SEL-3", "project.trl_end", |sample| sample.text("project.trl_end", "5")),
    ("ELI-5", "pieces.P8", |sample| sample.piece("P8", Some(jiff::civil::date(2026, 9, 1)))),
];

/// True when the check may have made the finding: its message with anything in place of the values.
fn made(rule: &Rule, check: &RuleCheck, finding: &Finding) -> bool {
    let mut rest = finding.message.fr.as_str();
    finding.rule == rule.id
        && finding.severity == check.severity
        && check.message.fr.split('{').map(|part| part.split_once('}').map_or(part, |(_, text)| text)).all(|text| {
            let found = rest.find(text).map(|place| place + text.len());
            rest = &rest[found.unwrap_or(0)..];
            found.is_some()
        })
}

fn rules(evaluation: &Evaluation, severity: Severity) -> BTreeSet<&str> {
    let findings = evaluation.findings.iter().filter(|finding| finding.severity == severity);
    findings.map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn exactly_that_rule_blocks() {
    for (rule, path, change) in BLOCKING {
        let evaluation = change(Sample::new()).evaluate();
        assert_eq!(rules(&evaluation, Severity::Blocking), BTreeSet::from([rule]), "{rule} at {path}");
        let paths: BTreeSet<&str> = evaluation.blocking().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, BTreeSet::from([path]), "{rule}");
        assert!(
            evaluation.blocking().all(|finding| !finding.message.incomplete() && !finding.message.fr.contains('{'))
        );
    }
}

#[test]
fn exactly_that_rule_warns_and_nothing_blocks() {
    for (rule, path, change) in WARNING {
        let evaluation = change(Sample::new()).evaluate();
        assert_eq!(rules(&evaluation, Severity::Blocking), BTreeSet::new(), "{rule} at {path}");
        assert_eq!(rules(&evaluation, Severity::Warning), BTreeSet::from([rule]), "{rule} at {path}");
        assert!(evaluation.findings.iter().all(|finding| finding.path == path), "{rule}: {:?}", evaluation.findings);
        assert!(evaluation.findings.iter().all(|finding| !finding.message.fr.contains('{')), "{rule}");
    }
}

/// When this fails, the call has a check that no change above provokes: add one.
#[test]
fn every_check_of_the_call_is_provoked_by_a_change() {
    let found: Vec<Finding> =
        BLOCKING.iter().chain(&WARNING).flat_map(|(_, _, change)| change(Sample::new()).evaluate().findings).collect();
    for rule in &CALL.rules {
        for check in &rule.checks {
            let provoked = found.iter().any(|finding| made(rule, check, finding));
            assert!(provoked, "{}: nothing provokes « {} »", rule.id, check.message.fr);
        }
    }
    let blocking =
        CALL.rules.iter().filter(|rule| rule.checks.iter().any(|check| check.severity == Severity::Blocking));
    let covered: BTreeSet<&str> = BLOCKING.iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(blocking.map(|rule| rule.id.as_str()).collect::<BTreeSet<_>>(), covered);
}

#[test]
fn findings_carry_the_interpretation_of_their_rule() {
    let evaluation = Sample::new().in_round("2024").evaluate();
    let finding = evaluation.blocking().find(|finding| finding.rule == "DEP-2");
    assert_eq!(finding.and_then(|finding| finding.interpretation.as_deref()), Some("X-2"));
}

#[test]
fn the_simulator_says_the_same_where_it_speaks() {
    for (rule, path, change) in BLOCKING.iter().chain(&WARNING) {
        let sample = change(Sample::new());
        let deposit = sample.evaluate().findings;
        let (round, pieces) = (Some(&sample.round), Some(sample.pieces.as_slice()));
        let simulator =
            evaluate_extent(sample.call, &sample.document, Extent::Simulator, sample.now, round, pieces, sample.others)
                .findings;
        assert!(simulator.iter().all(|finding| deposit.contains(finding)), "{rule} at {path}: {simulator:?}");
        let marked = |finding: &Finding| {
            CALL.rule(&finding.rule)
                .is_some_and(|rule| rule.checks.iter().any(|check| check.simulator && made(rule, check, finding)))
        };
        assert!(
            deposit.iter().filter(|finding| marked(finding)).all(|finding| simulator.contains(finding)),
            "{rule} at {path}"
        );
    }
}

#[test]
fn a_round_that_lists_no_brick_has_them_all() {
    let sample = Sample::new().with("project.bricks", Value::Choices(vec!["opensvc".into()]));
    assert_eq!(sample.blocking_paths(), ["ELI-12 project.bricks"]);
    let message = sample.evaluate().findings.swap_remove(0).message.fr;
    assert!(message.contains("SlapOS, Sōzu, Replication Manager (Repman)"), "{message}");
    let mut open = sample;
    open.round.bricks.clear();
    assert_eq!(open.evaluate().findings, []);
}
