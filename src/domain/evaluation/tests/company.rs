//! SME (X-1), difficulty (ELI-7) and de minimis aid (FIN-9).

use crate::domain::{
    evaluation::{DifficultyVerdict, SmeVerdict},
    finding::Severity,
    fixture::Sample,
    money::Cents,
    text::Text,
};

type Year<'a> = (&'a str, &'a str, &'a str);

fn alone(latest: Year<'_>, previous: Option<Year<'_>>) -> Sample {
    let (staff, turnover, balance) = previous.unwrap_or_default();
    Sample::new()
        .rows("sme.links", &[])
        .text("sme.staff_n", latest.0)
        .text("sme.turnover_n", latest.1)
        .text("sme.balance_n", latest.2)
        .text("sme.staff_n1", staff)
        .text("sme.turnover_n1", turnover)
        .text("sme.balance_n1", balance)
}

fn readings(sample: &Sample) -> Option<(bool, bool)> {
    sample.evaluate().sme.map(|SmeVerdict { recommendation, footnote, .. }| (recommendation, footnote))
}

const MILLION_50: &str = "50 000 000";
const MILLION_43: &str = "43 000 000";

#[test]
fn both_readings_at_their_limits() {
    for (latest, european, footnote) in [
        (("249,99", "60 000 000", MILLION_43), true, true),
        (("249,99", MILLION_50, "60 000 000"), true, true),
        (("249,99", "50 000 000,01", "43 000 000,01"), false, true),
        (("250", "1", "1"), false, true),
        (("250", MILLION_50, MILLION_43), false, false),
        (("250", "49 999 999,99", MILLION_43), false, true),
        (("250", MILLION_50, "42 999 999,99"), false, true),
        (("0", "0", "0"), true, true),
    ] {
        let sample = alone(latest, None);
        assert_eq!(readings(&sample), Some((european, footnote)), "{latest:?}");
        assert!(sample.blocking().is_empty(), "an officer decides, the portal does not refuse");
        let warnings = sample.evaluate().findings.iter().filter(|finding| finding.rule == "ELI-2").count();
        assert_eq!(warnings, usize::from(!european) + usize::from(european != footnote), "{latest:?}");
    }
    assert_eq!(readings(&Sample::new().without("sme.balance_n")), None);
}

#[test]
fn two_years_in_a_row_change_the_status() {
    let (small, large) = (("10", "1", "1"), ("900", "90 000 000", "90 000 000"));
    assert_eq!(readings(&alone(large, Some(small))).map(|both| both.0), Some(true), "one year above");
    assert_eq!(readings(&alone(large, Some(large))).map(|both| both.0), Some(false), "two years above");
    assert_eq!(readings(&alone(small, Some(large))).map(|both| both.0), Some(false), "one year below");
    assert_eq!(readings(&alone(small, Some(small))).map(|both| both.0), Some(true));
    assert_eq!(readings(&alone(large, None)).map(|both| both.0), Some(false), "a first year stands alone");
}

#[test]
fn linked_companies_count_whole_and_partners_by_their_share() {
    let link = |kind: &str, share: &str, staff: &str| {
        alone(("200", "1", "1"), None).rows(
            "sme.links",
            &[&[
                ("name", "B"),
                ("country", "FR"),
                ("kind", kind),
                ("share", share),
                ("staff", staff),
                ("turnover", "100"),
                ("balance", "50"),
            ]],
        )
    };
    for (kind, share, staff, total, sme) in [
        ("linked", "51", "49,99", 24_999, true),
        ("linked", "51", "50", 25_000, false),
        ("partner", "25", "200", 25_000, false),
        ("partner", "25", "199,96", 24_999, true),
        ("partner", "50", "99,99", 24_999, true),
    ] {
        let sample = link(kind, share, staff);
        let verdict = sample.evaluate().sme;
        assert_eq!(
            verdict.map(|verdict| (verdict.latest.staff, verdict.recommendation)),
            Some((total, sme)),
            "{kind} {share} {staff}"
        );
    }
    let figures =
        link("partner", "25", "0").evaluate().sme.map(|verdict| (verdict.latest.turnover, verdict.latest.balance));
    assert_eq!(figures, Some((Cents(2_600), Cents(1_350))));
    assert!(link("partner", "100,01", "0").blocking_paths().iter().any(|path| path.ends_with("sme.links[0].share")));
}

#[test]
fn a_quarter_of_public_ownership_excludes() {
    for (share, sme) in [("24,99", true), ("25", false), ("100", false)] {
        let sample = Sample::new().text("sme.public_share", share);
        assert_eq!(readings(&sample), Some((sme, true)), "{share}");
        assert_eq!(sample.found(Severity::Warning).contains("ELI-2"), !sme, "{share}");
    }
}

fn health(capital: &str, premiums: &str, retained: &str, result: &str) -> Sample {
    Sample::new()
        .text("health.capital", capital)
        .text("health.premiums", premiums)
        .text("health.reserves", "0")
        .text("health.retained", retained)
        .text("health.result", result)
}

fn grounds(sample: &Sample) -> Option<String> {
    let named = |verdict: DifficultyVerdict| serde_json::json!(verdict.grounds).to_string();
    sample.evaluate().difficulty.map(named)
}

#[test]
fn more_than_half_of_the_capital_lost() {
    let lost = Some(r#"["capital_lost"]"#.to_owned());
    let none = Some("[]".to_owned());
    let vector = health("50 000", "150 000", "-120 000", "-30 000");
    assert_eq!(grounds(&vector), lost);
    assert_eq!(vector.blocking_paths(), ["ELI-7 health.capital"]);
    let verdict = vector.evaluate().difficulty;
    assert_eq!(verdict.map(|found| (found.own_funds, found.capital)), Some((Cents(-15_000_000), Cents(20_000_000))));
    assert_eq!(grounds(&health("50 000", "150 000", "-100 000", "0")), none, "exactly half is not more than half");
    assert_eq!(grounds(&health("50 000", "150 000", "-100 000", "-0,01")), lost);
    assert_eq!(grounds(&health("0", "0", "0", "-0,01")), lost);
    assert_eq!(grounds(&health("0", "0", "0", "0")), none);
    assert_eq!(grounds(&vector.clone().text("health.family", "unlimited")), lost);
    assert_eq!(grounds(&vector.without("health.capital")), None);
}

#[test]
fn a_young_sme_is_not_judged_on_its_losses() {
    let vector = || health("50 000", "150 000", "-120 000", "-30 000").text("applicant.rcs_date", "01/11/2026");
    assert_eq!(grounds(&vector().text("applicant.created", "24/11/2023")).as_deref(), Some("[]"));
    assert_eq!(grounds(&vector().text("applicant.created", "23/11/2023")).as_deref(), Some(r#"["capital_lost"]"#));
    let large = vector().text("applicant.created", "24/11/2023").text("sme.public_share", "30");
    assert_eq!(grounds(&large).as_deref(), Some(r#"["capital_lost"]"#), "the exemption is for SMEs");
    let young = vector().text("applicant.created", "24/11/2023").text("health.proceedings", "receivership");
    assert_eq!(grounds(&young).as_deref(), Some(r#"["proceedings"]"#), "it exempts from losses only");
}

#[test]
fn proceedings_and_rescue_aid() {
    for proceedings in ["safeguard", "receivership", "liquidation"] {
        let sample = Sample::new().text("health.proceedings", proceedings);
        assert_eq!(grounds(&sample).as_deref(), Some(r#"["proceedings"]"#));
        assert_eq!(sample.blocking_paths(), ["ELI-7 health.capital"]);
        let message = sample.evaluate().findings.swap_remove(0).message.fr;
        assert!(message.contains("cumulées de 0,00"), "a company with own funds has no losses: {message}");
    }
    let rescue = Sample::new().text("health.rescue", "yes");
    assert_eq!(grounds(&rescue).as_deref(), Some(r#"["rescue_aid"]"#));
    assert_eq!(grounds(&Sample::new()).as_deref(), Some("[]"));
}

#[test]
fn debts_count_for_companies_that_are_no_sme() {
    let ratios = |sample: Sample, year: &str, debts: &str, ebitda: &str| {
        sample
            .text(&format!("health.debts_{year}"), debts)
            .text(&format!("health.equity_{year}"), "100")
            .text(&format!("health.ebitda_{year}"), ebitda)
            .text(&format!("health.interest_{year}"), "10")
    };
    let both = |sample: Sample| ratios(ratios(sample, "n", "750,01", "9,99"), "n1", "750,01", "9,99");
    let large = || Sample::new().text("sme.public_share", "30");
    assert_eq!(grounds(&both(large())).as_deref(), Some(r#"["indebted"]"#));
    assert_eq!(grounds(&both(Sample::new())).as_deref(), Some("[]"), "an SME is not judged on it");
    let none = Some("[]");
    assert_eq!(grounds(&ratios(both(large()), "n", "750", "9,99")).as_deref(), none, "exactly 7.5 times");
    assert_eq!(grounds(&ratios(both(large()), "n1", "750,01", "10")).as_deref(), none, "interest just covered");
    assert_eq!(grounds(&both(large()).without("health.debts_n1")).as_deref(), none, "one year only");
    let eaten = both(large()).text("health.equity_n", "-1").text("health.debts_n", "1");
    assert_eq!(grounds(&eaten).as_deref(), Some(r#"["indebted"]"#), "no own capital left");
}

fn aids(sample: Sample) -> Sample {
    let row = |date, amount| {
        [("grantor", "G"), ("measure", "M"), ("regulation", "2023-2831"), ("date", date), ("amount", amount)]
    };
    sample.rows("deminimis.aids", &[&row("01/08/2023", "150 000"), &row("15/07/2021", "60 000")])
}

#[test]
fn de_minimis_vectors() {
    for (now, counted, headroom, aid) in [
        ("2024-09-15T10:00:00Z", 15_000_000, 15_000_000, 10_000_000),
        ("2024-07-01T10:00:00Z", 21_000_000, 9_000_000, 9_000_000),
        ("2024-07-15T10:00:00Z", 15_000_000, 15_000_000, 10_000_000),
        ("2024-07-14T10:00:00Z", 21_000_000, 9_000_000, 9_000_000),
        ("2023-07-31T10:00:00Z", 6_000_000, 24_000_000, 10_000_000),
    ] {
        let evaluation = aids(Sample::new()).at(now).evaluate();
        let verdict = evaluation.de_minimis.map(|found| (found.counted.0, found.headroom.0));
        assert_eq!(verdict, Some((counted, headroom)), "{now}");
        assert_eq!((evaluation.amounts.aid.0, evaluation.amounts.aid_by_rate.0), (aid, 10_000_000), "{now}");
        let warning = evaluation.findings.iter().find(|finding| finding.rule == "FIN-9");
        assert_eq!(warning.is_some(), aid < 10_000_000, "{now}");
        let (left, needed) = (Cents(headroom).text(), Cents(10_000_000).text());
        let right = |found: &Text| {
            let both = [(&found.fr, &left.fr, &needed.fr), (&found.en, &left.en, &needed.en)];
            both.iter().all(|(message, left, needed)| message.contains(*left) && message.contains(*needed))
        };
        assert!(
            warning.is_none_or(|found| found.severity == Severity::Warning && right(&found.message)),
            "{warning:?}"
        );
    }
}

#[test]
fn an_aid_without_a_date_counts() {
    let sample = aids(Sample::new()).cell("deminimis.aids", 1, "date", "jadis");
    assert_eq!(sample.evaluate().de_minimis.map(|found| found.counted.0), Some(6_000_000));
    let full = aids(Sample::new()).cell("deminimis.aids", 0, "amount", "400 000").at("2024-09-15T10:00:00Z");
    assert_eq!(full.evaluate().amounts.aid, Cents::ZERO, "the ceiling is used up, and never overdrawn");
}
