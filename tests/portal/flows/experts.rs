//! From the closing of a round to an expert who reads: admission, assignment, interests.

use crate::harness::{
    Actor, Installation,
    actor::{mail_link, mails_to},
    installation::wait_for_async,
    sample,
};
use guichet::testing::{
    config::Config,
    domain::ids::DossierId,
    store::{Freshness, Store, journal},
};
use jiff::civil::date;
use reqwest::Method;

/// While the first relève is open, and once it has closed.
const OPEN: &str = "2024-07-31T22:30:00+02:00";
const CLOSED: &str = "2024-08-02T10:00:00+02:00";

/// Somebody in a role, signed in when the round has closed.
pub(crate) async fn somebody(role: &str) -> (Actor, String) {
    somebody_when(role, CLOSED).await
}

async fn somebody_when(role: &str, clock: &str) -> (Actor, String) {
    somebody_at(Installation::of_another_year(), role, clock).await
}

async fn somebody_at(at: &'static Installation, role: &str, clock: &str) -> (Actor, String) {
    let email = format!("{role}-{}@exemple.org", uuid::Uuid::now_v7().simple());
    let mut actor = Actor::at(at);
    actor.at.command(&["access", "give", &email, "--role", role]).await;
    actor.when(clock);
    actor.sign_in(&email).await;
    (actor, email)
}

/// A dossier that was deposited in time: its owner, its id and its receipt.
pub(crate) async fn deposited() -> (Actor, String, String) {
    let mut ada = Actor::applicant_when(OPEN).await;
    let id = sample::complete(&mut ada, "2024", date(2024, 7, 31)).await;
    let number = sample::deposit(&mut ada, &id).await;
    (ada, id, number)
}

pub(crate) fn page_of(id: &str) -> String {
    format!("/calls/hyper-open-x/rounds/2024/dossiers/{id}")
}

/// Finds a dossier admissible and gives it to an expert, by the page.
pub(crate) async fn give(officer: &mut Actor, page: &str, expert: &str) {
    officer.get(page).await.expect(200);
    officer.post(&format!("{page}/admission"), &[]).await.expect(303);
    let account = candidate(officer, page, expert).await.expect("the expert is among those to choose from");
    officer.post(&format!("{page}/experts"), &[("expert", &account)]).await.expect(303);
}

/// An expert, living now, who was given a dossier of the demonstration's round: it has closed for the officer who gives.
pub(crate) async fn of_demonstration(id: &str) -> Actor {
    let expert = of_demonstration_at(Installation::shared(), id).await;
    Actor::with_cookie(expert.cookie().unwrap())
}

/// The same on another installation; the expert's clock stands still.
pub(crate) async fn of_demonstration_at(at: &'static Installation, id: &str) -> Actor {
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 40);
    let (mut officer, _) = somebody_at(at, "officer", &later.to_string()).await;
    let (expert, email) = somebody_at(at, "expert", &jiff::Timestamp::now().to_string()).await;
    give(&mut officer, &format!("/calls/hyper-open-x/rounds/demonstration/dossiers/{id}"), &email).await;
    expert
}

/// Declares to have no conflict, by the page.
pub(crate) async fn declare_none(expert: &mut Actor, id: &str) {
    expert.get(&format!("/reviews/{id}/interest")).await.expect(200);
    let sworn = [("conflict", "no"), ("sworn", "yes")];
    expert.post(&format!("/reviews/{id}/interest"), &sworn).await.expect(303);
}

/// The account of an expert among those to whom the dossier may be given.
async fn candidate(officer: &mut Actor, page: &str, expert: &str) -> Option<String> {
    let body = officer.get(page).await.expect(200).body;
    let (before, _) = body.split_once(&format!("\">{expert}</option>"))?;
    before.rsplit('"').next().map(str::to_owned)
}

async fn kinds(at: &Actor, id: &str) -> Vec<String> {
    let store = Store::open(&Config::read(&at.at.folder.join("guichet-1.toml")).unwrap().database).unwrap();
    let mut db = store.read(Freshness::OwnWrites).await.unwrap();
    journal::kinds_of_dossier(&mut db, id.parse::<DossierId>().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_dossier_is_admitted_once_its_round_has_closed_and_only_once() {
    let (mut ada, id, number) = deposited().await;
    let page = page_of(&id);
    let admission = format!("{page}/admission");

    let (mut early, _) = somebody_when("officer", OPEN).await;
    assert!(early.get(&page).await.expect(200).body.contains("se constate après la clôture"));
    early.post(&admission, &[]).await.expect(409);

    let (mut officer, email) = somebody("officer").await;
    assert!(officer.get(&page).await.expect(200).body.contains("Constater la recevabilité"));
    ada.get("/dossiers").await.expect(200);
    ada.post(&admission, &[]).await.expect(404);
    let mut eve = Actor::applicant_when(CLOSED).await;
    eve.post(&admission, &[]).await.expect(404);
    let mut same = Actor::at(officer.at);
    same.take_session(&officer);
    same.get(&page).await.expect(200);
    let (one, other) = tokio::join!(officer.post(&admission, &[]), same.post(&admission, &[]));
    one.expect(303);
    other.expect(303);
    let shown = officer.get(&page).await.expect(200).body;
    assert!(shown.contains("tag-good\">recevable<") && shown.contains(&email), "{shown}");
    let told = officer.at.command(&["access", "explain", &email, "dossier:admit", &id]).await;
    assert!(told.contains("officer-admits"), "{told}");

    let back = format!("{admission}/revoke");
    officer.post(&back, &[("reason", "  ")]).await.expect(422);
    officer.post(&back, &[("reason", &"x".repeat(501))]).await.expect(422);
    for _ in 0..2 {
        officer.post(&back, &[("reason", "Pièce P9 périmée")]).await.expect(303);
    }
    assert!(officer.get(&page).await.expect(200).body.contains("Constater la recevabilité"));
    let told = kinds(&ada, &id).await;
    let count = |kind: &str| told.iter().filter(|one| *one == kind).count();
    assert_eq!((count("dossier_admitted"), count("admission_taken_back")), (1, 1), "{told:?}");

    // What was withdrawn is not admissible any more, whatever was found.
    officer.post(&admission, &[]).await.expect(303);
    ada.get(&format!("/dossiers/{id}/withdraw")).await.expect(200);
    sample::withdraw(&mut ada, &id).await.expect(303);
    officer.post(&admission, &[]).await.expect(404);
    officer.get(&format!("/receipts/{number}")).await.expect(404);
    assert!(!ada.get(&format!("/dossiers/{id}/guests")).await.expect(200).body.contains("dossier_admitted"));
}

#[tokio::test]
async fn an_expert_declares_before_reading_and_reads_a_marked_copy() {
    let (_ada, id, number) = deposited().await;
    let (mut officer, _) = somebody("officer").await;
    let (mut expert, email) = somebody("expert").await;
    let (mut other, _) = somebody("expert").await;
    let page = page_of(&id);
    officer.get(&page).await.expect(200);
    officer.post(&format!("{page}/experts"), &[("expert", &uuid::Uuid::now_v7().to_string())]).await.expect(409);
    give(&mut officer, &page, &email).await;

    // The letter names nobody.
    wait_for_async("the letter", async || {
        mails_to(&mut Actor::at(Installation::of_another_year()), &email).await.len() > 1
    })
    .await;
    let mails = mails_to(&mut Actor::at(Installation::of_another_year()), &email).await;
    let letter = mails.iter().find(|mail| mail["subject"].as_str().unwrap().contains("évaluer")).unwrap();
    let words = letter["body"].as_str().unwrap();
    let answers = sample::sample(date(2024, 7, 31)).answers;
    let (company, title) =
        (answers["applicant"]["name"].as_str().unwrap_or("Atelier"), answers["project"]["title"].as_str().unwrap());
    assert!(words.contains("/reviews") && !words.contains(title) && !words.contains(company), "{words}");
    assert!(!words.contains(&number) && !words.contains(&id), "{words}");

    // Whose it is, and nothing else.
    let list = expert.get("/reviews").await.expect(200).body;
    assert!(list.contains(&id) && list.contains("intérêts à déclarer"), "{list}");
    assert_eq!(expert.get(&format!("/reviews/{id}")).await.expect(303).location(), format!("/reviews/{id}/interest"));
    let declaration = expert.get(&format!("/reviews/{id}/interest")).await.expect(200).body;
    assert!(declaration.contains("sur l’honneur") && !declaration.contains(&number), "{declaration}");
    for path in [format!("/receipts/{number}"), format!("/receipts/{number}/pieces/P7"), page.clone()] {
        let status = expert.get(&path).await.status.as_u16();
        assert!(matches!(status, 403 | 404), "{path}: {status}");
    }
    let interest = format!("/reviews/{id}/interest");
    expert.post(&interest, &[("conflict", "no")]).await.expect(422);
    other.get("/reviews").await.expect(200);
    other.post(&interest, &[("conflict", "no"), ("sworn", "yes")]).await.expect(404);
    other.get(&format!("/reviews/{id}")).await.expect(404);
    let told = expert.at.try_command(&["access", "explain", &email, "deposit:read", &format!("{id}/deposit")]).await;
    assert!(told.unwrap_err().contains("expert-reads"));
    for _ in 0..2 {
        expert.post(&interest, &[("conflict", "no"), ("sworn", "yes")]).await.expect(303);
    }
    let told = expert.at.command(&["access", "explain", &email, "deposit:read", &format!("{id}/deposit")]).await;
    assert!(told.contains("expert-reads"), "{told}");

    // Then everything, in a copy that says whose it is.
    let read = expert.get(&format!("/reviews/{id}")).await.expect(200).body;
    assert!(read.contains("P7") && read.contains("Déclarer un conflit") && !read.contains("/admission"), "{read}");
    expert.get(&format!("/receipts/{number}")).await.expect(200);
    let copy = expert.get(&format!("/receipts/{number}/pieces/P7")).await.expect(200);
    assert_eq!(copy.headers["x-guichet-copy"], "marked");
    assert!(officer.get(&page).await.expect(200).body.contains("sans conflit d’intérêts"));

    // Neither a deposit that is not admissible any more…
    officer.post(&format!("{page}/admission/revoke"), &[("reason", "À revoir")]).await.expect(303);
    expert.get(&format!("/receipts/{number}")).await.expect(404);
    officer.post(&format!("{page}/admission"), &[]).await.expect(303);
    expert.get(&format!("/receipts/{number}")).await.expect(200);

    // …nor one in which a conflict has come up: for good, and under whatever role.
    expert.post(&interest, &[("conflict", "yes")]).await.expect(422);
    let next = expert.post(&interest, &[("conflict", "yes"), ("sure", "yes")]).await.expect(303);
    assert_eq!(next.location(), "/reviews?done=conflict");
    assert!(!expert.get("/reviews").await.expect(200).body.contains(&id));
    for path in [format!("/receipts/{number}"), format!("/reviews/{id}"), interest.clone()] {
        expert.get(&path).await.expect(404);
    }
    expert.post(&interest, &[("conflict", "no"), ("sworn", "yes")]).await.expect(404);
    let shown = officer.get(&page).await.expect(200).body;
    assert!(shown.contains("À remplacer") && shown.contains("tag-bad\">conflit d’intérêts<"), "{shown}");
    let release = shown.split("action=\"").find(|part| part.contains("/experts/")).unwrap();
    let release = release.split('"').next().unwrap().to_owned();
    officer.post(&release, &[]).await.expect(303);
    officer.post(&release, &[]).await.expect(404);
    assert!(candidate(&mut officer, &page, &email).await.is_none(), "nobody in conflict is to be chosen");
    let told = kinds(&officer, &id).await;
    let count = |kind: &str| told.iter().filter(|one| *one == kind).count();
    assert_eq!((count("expert_assigned"), count("expert_released"), count("interest_declared")), (1, 1, 2), "{told:?}");
}

#[tokio::test]
async fn who_has_a_part_in_a_dossier_is_no_expert_of_it() {
    let (mut ada, id, number) = deposited().await;
    let (mut officer, _) = somebody("officer").await;
    let (mut expert, email) = somebody("expert").await;
    let page = page_of(&id);
    give(&mut officer, &page, &email).await;
    let interest = format!("/reviews/{id}/interest");
    expert.get(&interest).await.expect(200);
    expert.post(&interest, &[("conflict", "no"), ("sworn", "yes")]).await.expect(303);
    expert.get(&format!("/receipts/{number}")).await.expect(200);

    // A guest of the dossier, even one who came to be it afterwards.
    let owner = ada.get("/account").await.expect(200).body;
    let owner = owner.split(['>', '<']).find(|word| word.ends_with("@exemple.fr")).unwrap().trim().to_owned();
    let mut ada = Actor::at(Installation::of_another_year());
    ada.when(CLOSED);
    ada.sign_in(&owner).await;
    ada.get(&format!("/dossiers/{id}/guests")).await.expect(200);
    let gift = [("email", email.as_str()), ("until", "2024-08-20"), ("part.section:budget", "read")];
    ada.post(&format!("/dossiers/{id}/guests"), &gift).await.expect(303);
    expert.get(&format!("/receipts/{number}")).await.expect(404);
    assert!(!expert.get("/reviews").await.expect(200).body.contains(&id));
    assert!(officer.get(&page).await.expect(200).body.contains("ne peut plus l’évaluer"));

    // The owner, by whatever role.
    ada.at.command(&["access", "give", &owner, "--role", "expert"]).await;
    assert!(candidate(&mut officer, &page, &owner).await.is_none());
    let (_, second) = somebody("expert").await;
    let account = candidate(&mut officer, &page, &second).await.unwrap();
    officer.post(&format!("{page}/experts"), &[("expert", &account)]).await.expect(303);
    officer.post(&format!("{page}/experts"), &[("expert", &account)]).await.expect(303);
    officer.at.command(&["access", "suspend", &second]).await;
    assert_eq!(officer.get(&page).await.expect(200).body.matches("ne peut plus l’évaluer").count(), 2);
    officer.post(&format!("{page}/experts"), &[("expert", "nobody")]).await.expect(422);
}

#[tokio::test]
async fn an_officer_in_conflict_sees_the_dossier_nowhere() {
    let (_ada, id, number) = deposited().await;
    let (mut officer, email) = somebody("officer").await;
    let list = format!("/calls/hyper-open-x/rounds/2024/dossiers?q={number}");
    assert!(officer.get(&list).await.expect(200).body.contains("<strong>1</strong>"));
    let page = officer.get(&page_of(&id)).await.expect(200).body;
    let interest = format!("/reviews/{id}/interest");
    assert!(page.contains(&interest));
    let declaration = officer.get(&interest).await.expect(200).body;
    assert!(!declaration.contains("sur l’honneur"), "officers declare conflicts only: {declaration}");
    officer.post(&interest, &[("conflict", "yes"), ("sure", "yes")]).await.expect(303);
    let hidden = officer.get(&list).await.expect(200).body;
    assert!(hidden.contains("<strong>0</strong>") && !hidden.contains(&id), "{hidden}");
    let csv = format!("/calls/hyper-open-x/rounds/2024/dossiers.csv?q={number}");
    assert_eq!(officer.get(&csv).await.expect(200).body.lines().count(), 1, "its head only");
    for path in [page_of(&id), format!("/receipts/{number}"), format!("/receipts/{number}/pieces/P7"), interest] {
        officer.get(&path).await.expect(404);
    }
    officer.post(&format!("{}/admission", page_of(&id)), &[]).await.expect(404);
    let told = officer.at.try_command(&["access", "explain", &email, "deposit:read", &format!("{id}/deposit")]).await;
    assert!(told.unwrap_err().contains("(conflict)"));
}

#[tokio::test]
async fn the_jury_reads_what_is_admissible_but_for_conflicts() {
    let (_ada, id, number) = deposited().await;
    let (mut officer, _) = somebody("officer").await;
    let (mut jury, email) = somebody("jury").await;
    assert!(!jury.get("/reviews").await.expect(200).body.contains(&id));
    jury.get(&format!("/receipts/{number}")).await.expect(404);
    officer.get(&page_of(&id)).await.expect(200);
    officer.post(&format!("{}/admission", page_of(&id)), &[]).await.expect(303);
    assert!(jury.get("/reviews").await.expect(200).body.contains(&id));
    jury.get(&format!("/reviews/{id}")).await.expect(200);
    let copy = jury.request(Method::GET, &format!("/receipts/{number}/pieces/P7"));
    assert_eq!(jury.send(copy).await.unwrap().expect(200).headers["x-guichet-copy"], "marked");
    jury.get(&format!("/reviews/{id}/interest")).await.expect(200);
    jury.post(&format!("/reviews/{id}/interest"), &[("conflict", "yes"), ("sure", "yes")]).await.expect(303);
    assert!(!jury.get("/reviews").await.expect(200).body.contains(&id));
    jury.get(&format!("/reviews/{id}")).await.expect(404);
    jury.get(&format!("/receipts/{number}")).await.expect(404);

    // Whoever evaluates begins there.
    let mut again = Actor::at(Installation::of_another_year());
    let known = mails_to(&mut again, &email).await.len();
    again.post("/sign-in", &[("email", &email), ("next", "")]).await.expect(200);
    wait_for_async("a fresh link", async || {
        mails_to(&mut Actor::at(Installation::of_another_year()), &email).await.len() > known
    })
    .await;
    let link = mail_link(&mut again, &email).await;
    let link = link.strip_prefix(&again.at.url).unwrap();
    again.get(link).await.expect(200);
    assert_eq!(again.post(link, &[("next", "")]).await.expect(303).location(), "/reviews");
    officer.get("/reviews").await.expect(403);
}
