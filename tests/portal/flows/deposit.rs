//! From an empty page to a receipt, without the script: forms, posts and redirects only.

use crate::harness::{Actor, actor::mails_to, installation::wait_for_async, sample};
use guichet::testing::domain::receipt;
use serde_json::Value as Json;

/// Posts one section of the editor as a browser without the script would.
async fn fill_section(actor: &mut Actor, id: &str, section: &str, answers: &Json) {
    let path = format!("/dossiers/{id}/edit/{section}");
    let page = actor.get(&path).await.expect(200);
    let was = page.hidden("was");
    let mut fields: Vec<(String, String)> = vec![("was".into(), was), ("action".into(), "save".into())];
    for (field, value) in answers.as_object().unwrap() {
        let name = format!("{section}.{field}");
        match value {
            Json::String(text) => fields.push((name, text.clone())),
            Json::Bool(true) => fields.push((name, "yes".into())),
            Json::Number(number) => fields.push((name, number.to_string())),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    match item {
                        Json::String(choice) => fields.push((name.clone(), choice.clone())),
                        Json::Object(row) => fields.extend(row.iter().map(|(column, cell)| {
                            let cell = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
                            (format!("{name}[{index}].{column}"), cell)
                        })),
                        other => panic!("unexpected {other}"),
                    }
                }
            }
            other => panic!("unexpected {other} at {name}"),
        }
    }
    let borrowed: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    actor.post(&path, &borrowed).await.expect(303);
}

#[tokio::test]
async fn a_company_deposits_without_the_script_and_holds_a_receipt() {
    let mut ada = Actor::applicant().await;
    let dossier = sample::sample(sample::today());
    let attempt = uuid::Uuid::now_v7().to_string();
    let begun =
        ada.post("/calls/hyper-open-x/rounds/demonstration/dossiers", &[("attempt", &attempt)]).await.expect(303);
    let id = begun.location().split('/').nth(2).unwrap().to_owned();

    let empty = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    assert!(empty.body.contains("BROUILLON NON DÉPOSÉ"), "the banner says that nothing is deposited");
    let refused =
        ada.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &empty.hidden("attempt"))]).await.expect(422);
    assert!(refused.body.contains("/edit/applicant#field-applicant.siret"), "what is missing links to its field");

    for (section, answers) in dossier.answers.as_object().unwrap() {
        fill_section(&mut ada, &id, section, answers).await;
    }
    sample::attach_all(&mut ada, &id, &dossier).await;
    let preview = ada.get(&format!("/dossiers/{id}/preview")).await.expect(200);
    assert!(preview.body.contains(dossier.answers["project"]["title"].as_str().unwrap()));

    let number = sample::deposit(&mut ada, &id).await;
    let page = ada.get(&format!("/receipts/{number}")).await.expect(200);
    assert!(page.body.contains(&number));
    let banner = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    assert!(banner.body.contains("DÉPOSÉ") && banner.body.contains(&number));

    let file = ada.get(&format!("/receipts/{number}.json")).await.expect(200);
    let keys: Vec<receipt::PublicKey> =
        serde_json::from_value(ada.get("/.well-known/guichet-receipt-keys").await.expect(200).json()).unwrap();
    let report = receipt::verify(&file.json(), &keys);
    assert!(report.is_valid() && report.key_known, "{report:?}");
    assert_eq!(file.json()["manifest"]["answers"]["applicant"]["name"], dossier.answers["applicant"]["name"]);
    assert_eq!(file.json()["manifest"]["pieces"].as_object().unwrap().len(), dossier.pieces.len());
}

#[tokio::test]
async fn changes_after_a_deposit_wait_for_the_next_one_and_versions_never_change() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let first = sample::deposit(&mut ada, &id).await;
    let sealed = ada.get(&format!("/receipts/{first}.json")).await.expect(200).body;

    let change = serde_json::json!({ "changes": [{ "path": "project.acronym", "was": ada_acronym(&sealed), "value": "NOUVEAU" }] });
    ada.json(reqwest::Method::POST, &format!("/dossiers/{id}/fields"), &change).await.expect(200);
    let page = ada.get(&format!("/dossiers/{id}")).await.expect(200);
    assert!(page.body.contains(&first), "the deposited version still stands");

    let second = sample::deposit(&mut ada, &id).await;
    assert_ne!(first, second);
    assert_eq!(
        ada.get(&format!("/receipts/{first}.json")).await.expect(200).body,
        sealed,
        "the first version is as it was"
    );
    let now = ada.get(&format!("/receipts/{second}.json")).await.expect(200).json();
    assert_eq!(now["statement"]["version"], 2);
    assert_eq!(now["manifest"]["answers"]["project"]["acronym"], "NOUVEAU");

    // Depositing again without a change gives the receipt that stands, not a third version.
    let attempt = uuid::Uuid::now_v7().to_string();
    let same = ada.post(&format!("/dossiers/{id}/deposits"), &[("attempt", &attempt)]).await.expect(303);
    assert_eq!(same.location(), format!("/receipts/{second}"));

    // A page of before shows what has not been deposited for long, or what a withdrawal meant then.
    let asked = ada.get(&format!("/dossiers/{id}/withdraw")).await.expect(200);
    let path = format!("/dossiers/{id}/withdraw");
    let former = [("receipt", first.as_str()), ("final", "false")];
    let refused = ada.post(&path, &former).await.expect(409).body;
    assert!(refused.contains("Rien n’a été retiré"), "{refused}");
    let final_then = [("receipt", second.as_str()), ("final", "true")];
    ada.post(&path, &final_then).await.expect(409);
    sample::confirm_withdrawal(&mut ada, &asked, &id).await.expect(303);
    ada.get(&format!("/receipts/{second}")).await.expect(200);
    // A second press is the same withdrawal.
    sample::confirm_withdrawal(&mut ada, &asked, &id).await.expect(303);
    ada.post(&path, &[("receipt", "2000-000001"), ("final", "false")]).await.expect(409);
}

fn ada_acronym(receipt: &str) -> Json {
    let receipt: Json = serde_json::from_str(receipt).unwrap();
    receipt["manifest"]["answers"]["project"]["acronym"].clone()
}

#[tokio::test]
async fn a_copy_of_the_news_is_mailed_and_so_is_a_withdrawal() {
    let email = format!("{}@exemple.fr", uuid::Uuid::now_v7().simple());
    let mut ada = Actor::anon();
    ada.sign_in(&email).await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let answers = sample::sample(sample::today()).answers;
    let (company, project) =
        (answers["applicant"]["name"].as_str().unwrap(), answers["project"]["title"].as_str().unwrap());
    let mut letter = Json::Null;
    for subject in ["Dossier déposé", "Dépôt retiré"] {
        wait_for_async(subject, async || {
            let mails = mails_to(&mut ada, &email).await;
            let about = |mail: &&Json| mail["subject"].as_str().unwrap().starts_with(subject);
            letter = mails.iter().find(about).cloned().unwrap_or_default();
            letter != Json::Null
        })
        .await;
        let (title, body) = (letter["subject"].as_str().unwrap(), letter["body"].as_str().unwrap());
        assert!(title.contains(&number) && title.contains("Hyper Open X"), "{title}");
        for said in [number.as_str(), company, project, "Hyper Open X", "Guichet", "La suite", "(heure de Paris)"] {
            assert!(body.contains(said), "{said}: {body}");
        }
        if subject == "Dossier déposé" {
            sample::withdraw(&mut ada, &id).await.expect(303);
        }
    }
}

#[tokio::test]
async fn receipts_form_a_chain_that_nothing_leaves() {
    let mut ada = Actor::applicant().await;
    let id = sample::complete(&mut ada, "demonstration", sample::today()).await;
    let number = sample::deposit(&mut ada, &id).await;
    let receipt = ada.get(&format!("/receipts/{number}.json")).await.expect(200).json();
    let sequence = receipt["statement"]["sequence"].as_u64().unwrap();
    assert!(sequence >= 2, "the demonstration's own deposit came before");
    assert_ne!(receipt["statement"]["previous"], receipt::GENESIS);
    let checked = std::process::Command::new(crate::harness::installation::guichet())
        .args(["admin", "chain", "--config"])
        .arg(ada.at.folder.join("guichet-1.toml"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
