//! B15: from the simulator's verdict to a draft with the same answers, for visitors and for those who are signed in.

use crate::harness::{
    Actor,
    actor::{Answer, mail_link},
};
use uuid::Uuid;

const SIMULATOR: &str = "/calls/hyper-open-x/simulator";
const BEGIN: &str = "/calls/hyper-open-x/simulations";

/// A few answers, one of them as it cannot be read.
const ANSWERS: [(&str, &str); 6] = [
    ("applicant.siret", "732.829.320.00074"),
    ("applicant.created", "31 / 07 / 2021"),
    ("budget.persons[0].profile", "Développeuse"),
    ("budget.persons[0].months", "12"),
    ("budget.persons[0].monthly_cost", "environ 8 000"),
    ("project.bricks", "sozu"),
];

/// Works it out, and returns the attempt of the verdict's page.
async fn verdict(actor: &mut Actor) -> String {
    actor.get(SIMULATOR).await.expect(200);
    let page = actor.post(SIMULATOR, &ANSWERS).await.expect(200);
    assert!(page.body.contains("Commencer mon dossier avec ces réponses"), "{}", page.body);
    assert!(page.body.contains(&format!("formaction=\"{BEGIN}\"")), "{}", page.body);
    page.hidden("attempt")
}

/// Presses the button of the verdict.
async fn begin(actor: &mut Actor, attempt: &str, answers: &[(&str, &str)]) -> Answer {
    let fields: Vec<(&str, &str)> =
        [("attempt", attempt), ("round", "demonstration")].into_iter().chain(answers.iter().copied()).collect();
    actor.post(BEGIN, &fields).await
}

/// Signs in by the link of a mail that was asked for here and is opened elsewhere; returns where that leads.
async fn signed_in_elsewhere(asking: &mut Actor, next: &str) -> (Actor, String) {
    let email = format!("{}@exemple.fr", Uuid::now_v7().simple());
    asking.post("/sign-in", &[("email", &email), ("next", next)]).await.expect(200);
    let mut elsewhere = Actor::anon();
    let link = mail_link(&mut elsewhere, &email).await;
    let path = link.strip_prefix(&elsewhere.at.url).unwrap().to_owned();
    let page = elsewhere.get(&path).await.expect(200);
    let button = path.split('?').next().unwrap();
    let done = elsewhere.post(button, &[("next", &page.hidden("next"))]).await.expect(303);
    (elsewhere, done.location().to_owned())
}

/// The dossiers of an actor.
async fn dossiers(actor: &mut Actor) -> usize {
    actor.get("/dossiers").await.expect(200).body.matches("data-dossier=").count()
}

#[tokio::test]
async fn b15_a_visitor_keeps_the_answers_over_the_sign_in() {
    let mut visitor = Actor::anon();
    let attempt = verdict(&mut visitor).await;
    let sent = begin(&mut visitor, &attempt, &ANSWERS).await.expect(303);
    let sign_in = sent.location().to_owned();
    assert!(sign_in.starts_with("/sign-in?next=") && sign_in.len() < 300, "{sign_in}");
    let page = visitor.get(&sign_in).await.expect(200);
    let next = page.hidden("next");
    assert!(next.starts_with(&format!("{BEGIN}/")), "{next}");
    assert!(!next.contains("73282932") && !next.contains("732.829"), "no answer stands in an address: {next}");
    visitor.get(&next).await.expect(303);

    let (mut ada, place) = signed_in_elsewhere(&mut visitor, &next).await;
    assert_eq!(place, next);
    let page = ada.get(&place).await.expect(200);
    assert!(page.body.contains("Vos réponses sont là") && page.body.contains("4 questions"), "{}", page.body);
    assert_eq!(dossiers(&mut ada).await, 0, "opening the page begins nothing");
    ada.get(&place).await.expect(200);
    let begun = ada.post(&place, &[]).await.expect(303).location().to_owned();
    let again = ada.post(&place, &[]).await.expect(303).location().to_owned();
    assert_eq!(begun, again, "a second press begins no second dossier");
    assert!(begun.starts_with("/dossiers/") && begun.ends_with("/edit/applicant"), "{begun}");
    assert_eq!(dossiers(&mut ada).await, 1);

    let applicant = ada.get(&begun).await.expect(200).body;
    assert!(applicant.contains("732.829.320.00074") && applicant.contains("2021-07-31"), "{applicant}");
    let budget = ada.get(&begun.replace("/applicant", "/budget")).await.expect(200).body;
    assert!(budget.contains("Développeuse") && budget.contains("environ 8 000"), "what was typed is carried as it was");
    let project = ada.get(&begun.replace("/applicant", "/project")).await.expect(200).body;
    assert!(project.contains("value=\"France\""), "what the call offers is there as well");

    // Pressed twice before signing in: two places, one dossier.
    let second = begin(&mut visitor, &attempt, &ANSWERS).await.expect(303);
    let other = visitor.get(second.location()).await.expect(200).hidden("next");
    assert_ne!(other, next);
    ada.get(&other).await.expect(200);
    assert_eq!(ada.post(&other, &[]).await.expect(303).location(), begun);
    assert_eq!(dossiers(&mut ada).await, 1);
}

#[tokio::test]
async fn b15_who_is_signed_in_begins_at_once_and_once() {
    let mut ada = Actor::applicant().await;
    let attempt = verdict(&mut ada).await;
    let first = begin(&mut ada, &attempt, &ANSWERS).await.expect(303).location().to_owned();
    let again = begin(&mut ada, &attempt, &ANSWERS).await.expect(303).location().to_owned();
    assert_eq!(first, again);
    assert_eq!(dossiers(&mut ada).await, 1);
    // The same page with other answers: none of them is lost.
    let mut other = ANSWERS;
    other[3].1 = "11";
    let more = begin(&mut ada, &attempt, &other).await.expect(303).location().to_owned();
    assert_ne!(more, first);
    assert_eq!(dossiers(&mut ada).await, 2);
}

#[tokio::test]
async fn b15_what_cannot_be_begun_says_why() {
    let mut ada = Actor::applicant().await;
    let attempt = verdict(&mut ada).await;
    let mut visitor = Actor::anon();
    let other = verdict(&mut visitor).await;
    for (actor, attempt) in [(&mut ada, &attempt), (&mut visitor, &other)] {
        let closed = [("attempt", attempt.as_str()), ("round", "2024")].into_iter().chain(ANSWERS);
        let page = actor.post(BEGIN, &closed.collect::<Vec<_>>()).await.expect(409);
        still_there(&page);
        assert_eq!(&page.hidden("attempt"), attempt);
        assert!(page.body.contains(&format!("formaction=\"{BEGIN}\"")), "the open round is offered: {}", page.body);
    }
    assert_eq!(dossiers(&mut ada).await, 0);
    begin(&mut ada, &attempt, &ANSWERS).await.expect(303);
    assert_eq!(dossiers(&mut ada).await, 1, "the same page begins it in the open round");
    let gone = ada.get(&format!("{BEGIN}/{}", "0".repeat(64))).await.expect(410);
    assert!(gone.body.contains("24 heures") && gone.body.contains("Mes dossiers"), "{}", gone.body);
    ada.post(&format!("{BEGIN}/{}", "0".repeat(64)), &[]).await.expect(410);
    assert_eq!(dossiers(&mut ada).await, 1);
}

/// The page has every answer as it was typed, and says why it is shown.
fn still_there(page: &Answer) {
    let answers = ["732.829.320.00074", "2021-07-31", "Développeuse", "environ 8 000", "ne prend pas de dossier"];
    for words in answers {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(page.body.contains("data-simulator") && page.body.contains("Calculer"), "{}", page.body);
}

#[tokio::test]
async fn b15_answers_that_were_kept_are_not_lost_when_the_round_closes_before_the_sign_in() {
    let mut visitor = Actor::anon();
    let attempt = verdict(&mut visitor).await;
    let sign_in = begin(&mut visitor, &attempt, &ANSWERS).await.expect(303).location().to_owned();
    let place = visitor.get(&sign_in).await.expect(200).hidden("next");
    // Its round closes meanwhile.
    let store = visitor.at.store();
    let mut db = store.write().await.unwrap();
    let done = sqlx::query("update simulation set round_id = '2024' where attempt_id = ?")
        .bind(attempt.parse::<Uuid>().unwrap())
        .execute(&mut *db)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
    let mut ada = Actor::applicant().await;
    ada.get(&place).await.expect(200);
    let page = ada.post(&place, &[]).await.expect(409);
    still_there(&page);
    assert_eq!(dossiers(&mut ada).await, 0);
    let begun = begin(&mut ada, &page.hidden("attempt"), &ANSWERS).await.expect(303);
    assert!(begun.location().ends_with("/edit/applicant"), "{}", begun.location());
}

#[tokio::test]
async fn b15_in_english_too() {
    let mut visitor = Actor::anon();
    visitor.get("/en/calls/hyper-open-x/simulator").await.expect(200);
    let page = visitor.post("/en/calls/hyper-open-x/simulator", &ANSWERS).await.expect(200);
    assert!(page.body.contains("Begin my application with these answers"), "{}", page.body);
    let attempt = page.hidden("attempt");
    let fields: Vec<(&str, &str)> =
        [("attempt", attempt.as_str()), ("round", "demonstration")].into_iter().chain(ANSWERS).collect();
    let sent = visitor.post(&format!("/en{BEGIN}"), &fields).await.expect(303);
    assert!(sent.location().starts_with("/en/sign-in?next="), "{}", sent.location());
}
