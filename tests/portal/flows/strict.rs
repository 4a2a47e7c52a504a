//! What could be read in two ways is refused, and one spelling is one thing.

use super::{command_line, delegation::invitations::store};
use crate::harness::{Actor, installation::guichet, sample};
use reqwest::{Method, header};
use serde_json::{Value as Json, json};
use std::process::Command;

/// A receipt in which the aid stands twice, first as it was sealed and then as somebody would like it, or the other way
/// round: whoever keeps the sealed one finds nothing wrong.
fn with_two_aids(sealed: &str, sealed_last: bool) -> String {
    let receipt: Json = serde_json::from_str(sealed).unwrap();
    let aid = format!("\"aid\":{}", receipt["manifest"]["amounts"]["aid"]);
    let compact = receipt.to_string();
    assert_eq!(compact.matches(&aid).count(), 1, "{compact}");
    let both = if sealed_last { format!("\"aid\":1,{aid}") } else { format!("{aid},\"aid\":1") };
    compact.replacen(&aid, &both, 1)
}

#[tokio::test]
async fn a9_a_receipt_with_a_second_aid_is_refused_on_the_page_and_by_the_command() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let sealed = ada.get(&format!("/receipts/{number}.json")).await.expect(200).body;
    for sealed_last in [true, false] {
        let forged = with_two_aids(&sealed, sealed_last);
        let page = ada.upload("/verify", "receipt.json", "", forged.as_bytes()).await.expect(200).body;
        assert!(page.contains("summary-refused") && page.contains("manifest.amounts.aid"), "{page}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &forged).unwrap();
        let told = Command::new(guichet()).arg("verify").arg(file.path()).output().unwrap();
        let text = command_line::text(&told);
        assert_eq!(told.status.code(), Some(1), "{text}");
        assert!(
            text.contains("manifest.amounts.aid : ce membre s’y trouve deux fois") && !text.contains('✔'),
            "{text}"
        );
    }
    let page = ada.upload("/verify", "receipt.json", "", sealed.as_bytes()).await.expect(200).body;
    assert!(page.contains("summary-good"), "{page}");
}

#[tokio::test]
async fn a9_the_interface_refuses_a_member_that_stands_twice() {
    let mut program = Actor::program("applicant_token");
    for (body, place) in [
        (
            r#"{"call":"hyper-open-x","round":"demonstration","document":{"applicant":{"name":"a"},"applicant":{}}}"#,
            "document.applicant:",
        ),
        (r#"{"call":"x","round":"demonstration","call":"hyper-open-x"}"#, "call:"),
    ] {
        let request =
            program.request(Method::POST, "/api/v1/dossiers").header(header::CONTENT_TYPE, "application/json");
        let problem = program.send(request.body(body)).await.unwrap().expect(400).json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("{place} this member stands twice")), "{problem}");
    }
}

#[tokio::test]
async fn b6_two_spellings_of_one_address_are_one_account() {
    let name = uuid::Uuid::now_v7().simple().to_string();
    let mut ada = Actor::anon();
    let key = format!("{name}@xn--socit-esab.fr");
    for typed in [
        format!("{name}@société.fr"),
        format!("{}@SOCIE\u{301}TE\u{301}.fr", name.to_uppercase()),
        format!("\u{200b}{key}"),
    ] {
        let page = ada.post("/sign-in", &[("email", &typed)]).await.expect(200).body;
        assert!(page.contains(&key), "{typed}: {page}");
    }
    ada.sign_in(&key).await;
    for (typed, why) in
        [("ada@-.fr", "nom de domaine"), ("a@[127.0.0.1]", "machine"), ("ada@ex\u{430}mple.fr", "alphabets")]
    {
        let page = Actor::anon().post("/sign-in", &[("email", typed)]).await.expect(422).body;
        assert!(page.contains(why), "{typed}: {page}");
    }
}

/// An account that was made before there was one rule is still the person's, by any spelling.
#[tokio::test]
async fn b6_an_account_of_before_still_signs_in() {
    let name = uuid::Uuid::now_v7().simple().to_string();
    let former = [format!("{name}@société.fr"), format!("josé{name}@exemple.fr")];
    let store = store();
    let mut db = store.write().await.unwrap();
    for email in &former {
        sqlx::query("insert into account (account_id, email, role, lang, created_at) values (?, ?, 'applicant', 'fr', utc_timestamp(6))")
            .bind(uuid::Uuid::now_v7())
            .bind(email)
            .execute(&mut *db)
            .await
            .unwrap();
    }
    drop(db);
    for (typed, email) in [
        (format!("{name}@xn--socit-esab.fr"), &former[0]),
        (former[0].to_uppercase(), &former[0]),
        (former[1].clone(), &former[1]),
    ] {
        let page = Actor::anon().post("/sign-in", &[("email", &typed)]).await.expect(200).body;
        assert!(page.contains(email.as_str()), "{typed}: {page}");
    }
}

/// A company name that nobody sees is a missing one; an invisible character in a number is none.
#[tokio::test]
async fn b5_what_nobody_sees_is_not_an_answer() {
    let mut ada = Actor::applicant().await;
    let mut dossier = sample::sample(sample::today());
    let siret = dossier.answers["applicant"]["siret"].as_str().unwrap().to_owned();
    sample::set(&mut dossier.answers, "applicant.name", json!("\u{3164}\u{2800}"));
    sample::set(&mut dossier.answers, "applicant.siret", json!(format!("\u{feff}{siret}\u{200b}")));
    let id = sample::draft(&mut ada, "demonstration", &dossier.answers).await;
    let page = ada.get(&format!("/dossiers/{id}/edit/applicant")).await.expect(200).body;
    assert!(page.contains("est à remplir") && !page.contains("ce n’est pas un SIRET"), "{page}");
    assert!(page.contains(&format!("value=\"{siret}\"")), "the number stands there as one sees it");
}
