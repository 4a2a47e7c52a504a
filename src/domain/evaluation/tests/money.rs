//! FIN-1 to FIN-9 and ELI-1, to the cent.

use crate::domain::{
    finding::Severity,
    fixture::Sample,
    money::{Cents, Rate},
    text::Text,
};

/// Salaries, subcontract, base in cents, aid in cents, whether ELI-1 lets it pass.
const VECTORS: [(&str, &str, i64, i64, bool); 6] = [
    ("104 166,67", "0", 12_500_000, 10_000_000, true),
    ("104 166,66", "0", 12_499_999, 9_999_999, false),
    ("100 000", "30 000", 15_000_000, 10_000_000, true),
    ("90 000", "29 999", 13_799_900, 10_000_000, true),
    ("104 166,66", "0,01", 12_500_000, 10_000_000, true),
    ("0,03", "0", 4, 3, false),
];

#[test]
fn vectors_of_the_rule_register() {
    for (salaries, subcontract, base, aid, passes) in VECTORS {
        let sample = Sample::new().budget(salaries, subcontract, &Cents(base).decimal());
        let evaluation = sample.evaluate();
        let amounts = &evaluation.amounts;
        let name = format!("salaries {salaries}, subcontract {subcontract}");
        assert_eq!((amounts.base, amounts.aid_by_rate, amounts.aid), (Cents(base), Cents(aid), Cents(aid)), "{name}");
        assert_eq!(amounts.financed, amounts.base, "{name}");
        assert_eq!(!sample.blocking().contains("ELI-1"), passes, "{name}");
        assert_eq!(amounts.own_share.plus(amounts.aid), amounts.base, "{name}");
        assert_eq!(amounts.advance.plus(amounts.balance), amounts.aid, "{name}");
    }
}

#[test]
fn one_cent_refuses_and_the_message_says_which() {
    let evaluation = Sample::new().budget("104 166,66", "0", "124 999,99").text("aid.asked", "99 999,99").evaluate();
    let found: Vec<_> = evaluation.blocking().collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule.as_str(), found[0].path.as_str()), ("ELI-1", "budget.persons"));
    let Text { fr, en } = &found[0].message;
    let base = Cents(12_499_999).text();
    assert!(fr.contains(&base.fr) && fr.contains("manque 0,01\u{a0}€"), "{fr}");
    assert!(en.contains(&base.en) && en.contains("€0.01 is missing"), "{en}");
}

#[test]
fn overheads_are_a_fifth_of_salaries_whatever_the_rows() {
    let rows: &[&[(&str, &str)]] = &[
        &[("profile", "A"), ("months", "10"), ("monthly_cost", "10 416,66")],
        &[("profile", "B"), ("months", "0,01"), ("monthly_cost", "7")],
    ];
    let amounts = Sample::new().rows("budget.persons", rows).rows("budget.subcontracts", &[]).evaluate().amounts;
    assert_eq!(amounts.cost("salaries"), Cents(10_416_667));
    assert_eq!(amounts.cost("overhead"), Cents(2_083_333));
    assert_eq!(amounts.base, Cents(12_500_000));
}

#[test]
fn the_sample_costs_what_it_says() {
    let amounts = Sample::new().evaluate().amounts;
    let costs: Vec<_> = amounts.costs.iter().map(|line| (line.id.as_str(), line.amount.0)).collect();
    let expected = [("salaries", 11_000_000), ("overhead", 2_200_000), ("subcontracting", 1_800_000), ("internal", 0)];
    assert_eq!(costs, expected);
    assert_eq!((amounts.base, amounts.aid), (Cents(15_000_000), Cents(10_000_000)));
    assert_eq!(amounts.effective_rate_ppm, Some(Rate(666_667)));
    assert_eq!(amounts.effective_rate_ppm.map(|rate| rate.text().fr).as_deref(), Some("66,67\u{a0}%"));
    assert_eq!((amounts.advance, amounts.balance), (Cents(4_000_000), Cents(6_000_000)));
}

/// FIN-3 is a target: exactly 20 % is not below it, a warning and a sentence to write, never a refusal by itself.
#[test]
fn a_fifth_of_subcontracting_is_not_less_than_a_fifth() {
    let at = |salaries, subcontract, base| Sample::new().budget(salaries, subcontract, base);
    for (sample, share, warns) in [
        (at("100 000", "30 000", "150 000"), "20,00\u{a0}%", true),
        (at("100 000", "29 999,99", "149 999,99"), "20,00\u{a0}%", false),
        (at("90 000", "29 999", "137 999"), "21,74\u{a0}%", true),
    ] {
        assert_eq!(sample.found(Severity::Warning).contains("FIN-3"), warns, "{share}");
        assert_eq!(sample.blocking().contains("FIN-3"), warns, "{share}: to be explained");
        let explained = sample.text("budget.subcontracting_reason", "Laboratoire accrédité, seul équipé.");
        assert_eq!(explained.blocking().len(), 0, "{share}: explained");
        let findings = explained.evaluate().findings;
        let warning = findings.iter().find(|finding| finding.rule == "FIN-3");
        assert_eq!(warning.is_some(), warns);
        assert!(
            warning.is_none_or(|finding| finding.message.fr.contains(share) && finding.path == "budget.subcontracts")
        );
    }
}

#[test]
fn no_more_is_asked_than_the_call_gives() {
    for (asked, passes) in [("100 000", true), ("100 000,01", false), ("0", true), ("-1", false)] {
        assert_eq!(Sample::new().text("aid.asked", asked).blocking().contains("FIN-7"), !passes, "{asked}");
    }
}

#[test]
fn financing_equals_the_base_to_the_cent() {
    for (amount, passes) in [("150 000", true), ("150 000,01", false), ("149 999,99", false)] {
        let sample = Sample::new().rows("budget.financing", &[&[("source", "own"), ("amount", amount)]]);
        assert_eq!(sample.blocking().is_empty(), passes, "{amount}");
    }
}

/// A negative row would buy room: below the ceiling of aid, above the least base, inside the financing.
#[test]
fn no_row_of_money_is_negative() {
    let tables =
        ["budget.persons", "budget.subcontracts", "budget.quarters", "budget.financing", "sme.links", "deminimis.aids"];
    for table in tables {
        let columns = Sample::new().call.field(table).map(|field| field.columns.clone()).unwrap_or_default();
        for column in columns.iter().filter(|column| column.min.is_some()) {
            let paths = Sample::new().cell(table, 0, &column.id, "-0,01").blocking_paths();
            let path = format!("{table}[0].{}", column.id);
            assert!(paths.iter().any(|found| found.ends_with(&path)), "{path} in {paths:?}");
        }
    }
    let numbers =
        Sample::new().call.sections.iter().flat_map(|section| &section.fields).flat_map(|field| &field.columns);
    use crate::domain::call::FieldKind::{Hundredths, Money};
    for column in numbers.filter(|column| matches!(column.kind, Money | Hundredths)) {
        assert_eq!(column.min, Some(0), "column {} has no least value", column.id);
    }
}
