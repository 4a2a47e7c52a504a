//! The closing of a round, to the millisecond, in Paris; and refusal by one cent.

use crate::harness::{Actor, sample};
use jiff::civil::date;
use reqwest::Method;
use serde_json::json;

/// A dossier ready for the first relève on its last day.
async fn ready(last_second: &str) -> (Actor, String, String) {
    let mut ada = Actor::applicant_when("2024-07-31T22:30:00+02:00").await;
    let id = sample::complete(&mut ada, "2024", date(2024, 7, 31)).await;
    let attempt = ada.get(&format!("/dossiers/{id}")).await.expect(200).hidden("attempt");
    ada.when(last_second);
    (ada, id, attempt)
}

#[tokio::test]
async fn the_last_millisecond_counts() {
    let (mut ada, id, attempt) = ready("2024-07-31T23:59:59.999+02:00").await;
    let done = ada.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await.expect(303);
    let receipt = ada.get(&format!("{}.json", done.location())).await.expect(200).json();
    assert_eq!(receipt["statement"]["received_at"], "2024-07-31T21:59:59.999Z");
    assert_eq!(receipt["manifest"]["context"]["instant_local"], "31/07/2024 23:59:59");
    assert_eq!(receipt["manifest"]["expenses_from"]["after_deposit"], "2024-08-01");
    assert_eq!(receipt["manifest"]["expenses_from"]["after_closing"], "2024-08-01");
}

#[tokio::test]
async fn midnight_is_too_late_and_says_so() {
    let (mut ada, id, attempt) = ready("2024-08-01T00:00:00.000+02:00").await;
    let refused = ada.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await.expect(422);
    assert!(refused.body.contains("31 juillet 2024 à 23\u{a0}h\u{a0}59"), "the refusal names the deadline");
    let begun =
        ada.post("/calls/hyper-open-x/rounds/2024/dossiers", &[("attempt", &uuid::Uuid::now_v7().to_string())]).await;
    begun.expect(409);
}

#[tokio::test]
async fn a_retry_after_midnight_of_a_deposit_made_before_finds_its_receipt() {
    let (mut ada, id, attempt) = ready("2024-07-31T23:59:59.999+02:00").await;
    let path = format!("/dossiers/{id}/deposits");
    let done = ada.post(&path, &[("attempt", &attempt)]).await.expect(303).location().to_owned();
    ada.when("2024-08-01T00:00:05+02:00");
    assert_eq!(ada.post(&path, &[("attempt", &attempt)]).await.expect(303).location(), done);
}

#[tokio::test]
async fn refused_by_one_cent() {
    let mut ada = Actor::anon();
    let path = "/api/v1/calls/hyper-open-x/evaluation";
    for (salary, passes) in [("104166.66", false), ("104166.67", true)] {
        let document = json!({ "budget": { "persons": [{ "profile": "x", "months": "1", "monthly_cost": salary }] } });
        let answer = ada.json(Method::POST, path, &json!({ "document": document })).await.expect(200).json();
        let refused = answer["findings"].as_array().unwrap().iter().any(|finding| finding["rule"] == "ELI-1");
        assert_eq!(refused, !passes, "{salary}: {answer}");
        assert_eq!(answer["amounts"]["base"], if passes { 12_500_000 } else { 12_499_999 });
    }
}
