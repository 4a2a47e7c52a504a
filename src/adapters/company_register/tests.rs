use super::*;
use crate::domain::company_register::{Closure, Insolvency};
use axum::{Router, extract::Query, http::StatusCode as Status, response::IntoResponse, routing::get};
use jiff::civil::date;
use serde_json::{Value, json};
use std::collections::HashMap;

const SIRET: &str = "99991234800011";

/// An answer about one invented company.
fn answer() -> Value {
    json!({
        "results": [{
            "siren": "999912348",
            "nom_complet": "guindeau logiciels (GUINDEAU)",
            "nom_raison_sociale": "GUINDEAU LOGICIELS",
            "nature_juridique": "5710",
            "activite_principale": "62.01Z",
            "date_creation": "2016-03-14",
            "date_fermeture": null,
            "etat_administratif": "A",
            "siege": {
                "siret": SIRET,
                "adresse": "12 RUE DU PALAN 69100 VILLEURBANNE",
                "code_postal": "69100",
                "libelle_commune": "VILLEURBANNE",
                "etat_administratif": "A",
            },
            "matching_etablissements": [],
            "immatriculation": { "date_immatriculation": "2016-03-21", "capital_social": 50000.0 },
            "bodacc": { "radiation_rcs": false },
            "finances": { "2025": { "ca": 3100000, "resultat_net": 41000 } },
            "dirigeants": [{ "nom": "MARCHETTI", "type_dirigeant": "personne physique" }],
        }],
        "total_results": 1, "page": 1, "per_page": 1, "total_pages": 1,
    })
}

fn read(answer: &Value) -> Result<Option<CompanyRecord>, json::JsonError> {
    let answer: wire::Answer = json::from_slice(answer.to_string().as_bytes(), Limits::bytes(MAX_ANSWER_BYTES))?;
    Ok(answer.record_of(SIRET))
}

/// The record of the answer with something else in it.
fn changed(change: impl Fn(&mut Value)) -> CompanyRecord {
    let mut answer = answer();
    change(&mut answer["results"][0]);
    read(&answer).unwrap().unwrap()
}

#[test]
fn an_answer_becomes_a_record() {
    let record = read(&answer()).unwrap().unwrap();
    assert_eq!(record.legal_name.as_deref(), Some("GUINDEAU LOGICIELS"));
    assert_eq!((record.legal_form_code.as_deref(), record.naf.as_deref()), (Some("5710"), Some("62.01Z")));
    assert_eq!(record.establishment.address.as_deref(), Some("12 RUE DU PALAN 69100"));
    assert_eq!(record.establishment.city.as_deref(), Some("VILLEURBANNE"));
    assert_eq!(record.head_office, record.establishment);
    assert_eq!((record.created_on, record.registered_on), (Some(date(2016, 3, 14)), Some(date(2016, 3, 21))));
    assert!(record.warnings().is_empty());
}

#[test]
fn another_establishment_has_its_own_address() {
    let record = changed(|company| {
        let mut own = company["siege"].clone();
        own["adresse"] = json!("3 QUAI DU PORT");
        own["code_postal"] = Value::Null;
        company["siege"]["siret"] = json!("99991234800029");
        company["matching_etablissements"] = json!([own]);
    });
    assert_eq!(record.establishment.address.as_deref(), Some("3 QUAI DU PORT"));
    assert_eq!(record.head_office.address.as_deref(), Some("12 RUE DU PALAN 69100"));
}

#[test]
fn ends_and_proceedings_are_found_wherever_they_stand() {
    let on = Some(date(2025, 3, 1));
    let ceased = changed(|company| company["etat_administratif"] = json!("C"));
    assert_eq!(ceased.company_closed, Some(Closure { on: None }));
    let ceased = changed(|company| company["date_fermeture"] = json!("2025-03-01"));
    assert_eq!(ceased.company_closed, Some(Closure { on }));
    let closed = changed(|company| {
        company["siege"]["etat_administratif"] = json!("F");
        company["siege"]["date_fermeture"] = json!("2025-03-01");
    });
    assert_eq!((closed.company_closed, closed.establishment_closed), (None, Some(Closure { on })));
    let struck_off = changed(|company| company["immatriculation"]["date_radiation"] = json!("2025-03-01"));
    assert_eq!(struck_off.struck_off, Some(Closure { on }));
    let nature = Some("Redressement judiciaire".to_owned());
    for bodacc in [
        json!({ "procedure_collective": { "statut": "Redressement judiciaire", "date": "2025-03-01" } }),
        json!({
            "procedure_collective_nature": "Redressement judiciaire",
            "procedure_collective_date_jugement": "2025-03-01",
        }),
    ] {
        let record = changed(|company| company["bodacc"] = bodacc.clone());
        assert_eq!(record.insolvency, Some(Insolvency { nature: nature.clone(), on }), "{bodacc}");
    }
}

#[test]
fn missing_blocks_and_masked_texts_leave_the_rest() {
    let record = changed(|company| {
        for block in ["immatriculation", "bodacc", "nature_juridique", "nom_raison_sociale", "matching_etablissements"]
        {
            company.as_object_mut().unwrap().remove(block);
        }
        company["nom_complet"] = json!("[NON-DIFFUSIBLE]");
        company["siege"]["adresse"] = json!("[NON-DIFFUSIBLE]");
        company["siege"]["code_postal"] = json!("[NON-DIFFUSIBLE]");
        company["activite_principale"] = json!("beaucoup");
        company["date_creation"] = json!("2016-02-30");
    });
    assert_eq!((record.legal_name, record.naf, record.created_on), (None, None, None));
    assert_eq!((record.establishment.address, record.registered_on), (None, None));
    assert_eq!(record.establishment.city.as_deref(), Some("VILLEURBANNE"));
}

#[test]
fn an_answer_about_others_is_none() {
    assert_eq!(read(&json!({ "results": [] })).unwrap(), None, "not published");
    let mut other = answer();
    other["results"][0]["siren"] = json!("999920028");
    assert_eq!(read(&other).unwrap(), None);
    let mut elsewhere = answer();
    elsewhere["results"][0]["siege"]["siret"] = json!("99991234800029");
    assert_eq!(read(&elsewhere).unwrap(), None);
}

#[test]
fn what_is_no_answer_is_an_error() {
    for wrong in [
        json!([]),
        json!({}),
        json!({ "results": {} }),
        json!({ "results": [{ "siren": 999912348 }] }),
        json!({ "results": [{ "siren": "999912348", "siege": [] }] }),
        json!({ "results": [{ "siren": "999912348", "siege": { "adresse": { "voie": "12" } } }] }),
    ] {
        assert!(read(&wrong).is_err(), "{wrong}");
    }
}

/// A client of a server that answers every search in one way.
async fn client<A: IntoResponse + Clone + Send + Sync + 'static>(answer: A) -> CompanyRegister {
    rustls::crypto::ring::default_provider().install_default().ok();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let search = get(move |Query(asked): Query<HashMap<String, String>>| async move {
        assert_eq!(asked["q"], SIRET);
        answer
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/search", search)).await.unwrap() });
    let config = CompanyRegisterConfig { url, max_requests_per_second: 1 };
    CompanyRegister::new(&config, "https://guichet.example").unwrap()
}

#[tokio::test]
async fn a_whole_exchange() {
    let found = client(answer().to_string()).await.look_up(SIRET).await.unwrap().unwrap();
    assert_eq!(found.siret, SIRET);
}

#[tokio::test]
async fn a_register_that_is_asked_too_much_says_how_long_to_wait() {
    for (answer, seconds) in [("7", 7), ("86400", 600), ("Tue, 01 Dec 2026 00:00:00 GMT", 10)] {
        let register = client((Status::TOO_MANY_REQUESTS, [("retry-after", answer)], "")).await;
        match register.look_up(SIRET).await {
            Err(CompanyRegisterError::Busy { retry_after }) => assert_eq!(retry_after.as_secs(), seconds),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn redirections_are_not_followed_and_failures_are_told_apart() {
    let away = client((Status::FOUND, [("location", "http://127.0.0.1:1/")], "")).await.look_up(SIRET).await;
    assert!(matches!(away, Err(CompanyRegisterError::Unreadable(_))), "{away:?}");
    let failed = client((Status::BAD_GATEWAY, "")).await.look_up(SIRET).await;
    assert!(matches!(failed, Err(CompanyRegisterError::Failed(_))), "{failed:?}");
    let page = client("<!doctype html>").await.look_up(SIRET).await;
    assert!(matches!(page, Err(CompanyRegisterError::Unreadable(_))), "{page:?}");
    let mut huge = answer();
    huge["results"][0]["nom_complet"] = json!("A".repeat(MAX_ANSWER_BYTES));
    let huge = client(huge.to_string()).await.look_up(SIRET).await;
    assert!(matches!(huge, Err(CompanyRegisterError::Unreadable(_))), "{huge:?}");
}

#[tokio::test]
async fn nobody_and_somebody_silent() {
    rustls::crypto::ring::default_provider().install_default().ok();
    // It accepts connections, and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let config = |url| CompanyRegisterConfig { url, max_requests_per_second: 1 };
    let slow = CompanyRegister::new(&config(url(silent.local_addr().unwrap().port())), "https://g.example").unwrap();
    let slow = CompanyRegister { lookup_timeout: Duration::from_millis(50), ..slow };
    assert!(matches!(slow.look_up(SIRET).await, Err(CompanyRegisterError::Slow)));
    let away = CompanyRegister::new(&config(url(1)), "https://g.example").unwrap().look_up(SIRET).await;
    match away {
        Err(error @ CompanyRegisterError::Unreachable(_)) => {
            let told = format!("{:#}", anyhow::Error::from(error));
            assert!(!told.contains(SIRET), "{told}");
        }
        other => panic!("{other:?}"),
    }
}
