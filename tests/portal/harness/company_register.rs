//! A stand-in for the public register of companies on this machine: invented companies, and for each SIRET a way to answer.

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::TcpListener,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The company of the sample dossier, whose establishment is closed here.
pub const SAMPLE: &str = "99991234800011";
/// A company that has ceased and is in liquidation.
pub const CEASED: &str = "99992002800019";
/// A company that only one test asks about.
pub const ASKED_ONCE: &str = "99996006500012";
/// What it does not answer well about.
pub const ABSENT: &str = "99997007200016";
pub const SLOW: &str = "99993003500012";
pub const BUSY: &str = "99993003500020";
pub const FAILING: &str = "99994004200016";
pub const NO_JSON: &str = "99994004200024";
pub const HUGE: &str = "99995005800019";
pub const REDIRECTING: &str = "99995005800027";

/// It runs until the process ends.
#[derive(Clone)]
pub struct CompanyRegister(Arc<Inner>);

struct Inner {
    url: String,
    /// How often each number was asked for.
    asked: Mutex<HashMap<String, usize>>,
    agents: Mutex<Vec<String>>,
}

impl CompanyRegister {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let register = Self(Arc::new(Inner { url, asked: Mutex::default(), agents: Mutex::default() }));
        let router = Router::new().route("/search", get(search)).with_state(register.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        register
    }

    /// A file with the section of a portal that asks it.
    pub fn section(&self) -> PathBuf {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        let text = format!("[company_register]\nurl = \"{}\"\nmax_requests_per_second = 7\n", self.0.url);
        std::fs::write(file.path(), text).unwrap();
        file.into_temp_path().keep().unwrap()
    }

    /// How often it was asked about an establishment.
    pub fn asked(&self, siret: &str) -> usize {
        self.0.asked.lock().unwrap().get(siret).copied().unwrap_or_default()
    }

    /// The names that its clients gave themselves.
    pub fn agents(&self) -> Vec<String> {
        self.0.agents.lock().unwrap().clone()
    }
}

async fn search(
    State(register): State<CompanyRegister>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let siret = asked["q"].clone();
    *register.0.asked.lock().unwrap().entry(siret.clone()).or_default() += 1;
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    register.0.agents.lock().unwrap().push(agent.to_owned());
    match siret.as_str() {
        SLOW => tokio::time::sleep(Duration::from_secs(60)).await,
        BUSY => return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "").into_response(),
        FAILING => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        NO_JSON => return "<!doctype html><title>Maintenance</title>".into_response(),
        HUGE => return format!("{{\"results\":[\"{}\"]}}", "x".repeat(2 << 20)).into_response(),
        REDIRECTING => return (StatusCode::FOUND, [("location", "/search?q=99991234800011")], "").into_response(),
        _ => {}
    }
    let results: Vec<Value> = company(&siret).into_iter().collect();
    axum::Json(
        json!({ "results": results, "total_results": results.len(), "page": 1, "per_page": 1, "total_pages": 1 }),
    )
    .into_response()
}

fn company(siret: &str) -> Option<Value> {
    let name = match siret {
        SAMPLE => "GUINDEAU LOGICIELS",
        CEASED => "LES CABESTANS DU PONANT",
        ASKED_ONCE => "BITTES ET BOLLARDS",
        _ => return None,
    };
    let mut company = json!({
        "siren": siret[..9],
        "nom_complet": name,
        "nom_raison_sociale": name,
        "nature_juridique": "5710",
        "activite_principale": "62.01Z",
        "date_creation": "2016-03-14",
        "etat_administratif": "A",
        "siege": {
            "siret": siret,
            "adresse": "12 RUE DU PALAN 69100 VILLEURBANNE",
            "code_postal": "69100",
            "libelle_commune": "VILLEURBANNE",
            "etat_administratif": "A",
        },
        "immatriculation": { "date_immatriculation": "2016-03-21" },
    });
    if siret == SAMPLE {
        company["siege"]["etat_administratif"] = json!("F");
        company["siege"]["date_fermeture"] = json!("2026-01-31");
    }
    if siret == CEASED {
        company["etat_administratif"] = json!("C");
        company["date_fermeture"] = json!("2025-03-31");
        company["bodacc"] =
            json!({ "procedure_collective": { "statut": "Liquidation judiciaire", "date": "2025-02-03" } });
    }
    Some(company)
}
