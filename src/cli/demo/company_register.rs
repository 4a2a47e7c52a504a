//! A stand-in for the public register of companies: it answers like *Recherche d’entreprises*, about a few invented
//! companies, so that a demonstration asks nobody outside. It runs in the process of `guichet demo`.

use super::read_toml;
use crate::{config::CompanyRegisterConfig, domain::company};
use anyhow::Context;
use axum::{Json, Router, extract::Query, routing::get};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};
use tokio::net::TcpListener;

/// The invented companies, each as the register would show it. The first is that of the sample dossier.
const COMPANIES: &str = include_str!("companies.json");
/// It is on this machine, so every process may ask it as often as the register would allow one address.
const REQUESTS_PER_SECOND: u32 = 7;

/// The file named by `--company-register`.
#[derive(Deserialize)]
struct CompanyRegisterSection {
    company_register: CompanyRegisterConfig,
}

/// The register that the portal asks: that of a file, or the stand-in, which begins to answer.
pub(super) async fn configure(file: Option<&Path>) -> anyhow::Result<CompanyRegisterConfig> {
    match file {
        Some(file) => Ok(read_toml::<CompanyRegisterSection>(file)?.company_register),
        None => Ok(CompanyRegisterStandIn::bind().await?.start()),
    }
}

/// The stand-in, before it answers.
struct CompanyRegisterStandIn {
    listener: TcpListener,
    address: SocketAddr,
}

impl CompanyRegisterStandIn {
    /// Takes a free port of this machine.
    async fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for the company register")?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Answers as long as the process runs. Returns the configuration of the portal that asks it.
    fn start(self) -> CompanyRegisterConfig {
        let config = CompanyRegisterConfig {
            url: format!("http://{}", self.address),
            max_requests_per_second: REQUESTS_PER_SECOND,
        };
        tokio::spawn(async move {
            let router = Router::new().route("/search", get(search));
            if let Err(error) = axum::serve(self.listener, router).await {
                eprintln!("the stand-in for the company register ended: {error}");
            }
        });
        config
    }
}

/// The query of a search.
#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    q: String,
}

async fn search(Query(query): Query<SearchQuery>) -> Json<Value> {
    let companies: Vec<Value> = serde_json::from_str(COMPANIES).unwrap_or_default();
    let results: Vec<Value> = companies.into_iter().filter(|company| has_establishment(company, &query.q)).collect();
    let total = results.len();
    Json(json!({ "results": results, "total_results": total, "page": 1, "per_page": 1, "total_pages": total.min(1) }))
}

fn has_establishment(company: &Value, siret: &str) -> bool {
    let matching = company["matching_etablissements"].as_array().into_iter().flatten();
    let mut establishments = std::iter::once(&company["siege"]).chain(matching);
    let siret = company::siret(siret);
    siret.is_some_and(|siret| establishments.any(|one| one["siret"] == siret.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::company_register::CompanyRegister;

    #[tokio::test]
    async fn the_portal_understands_what_the_stand_in_says() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let config = CompanyRegisterStandIn::bind().await.unwrap().start();
        let register = CompanyRegister::new(&config, "https://localhost").unwrap();
        let companies: Vec<Value> = serde_json::from_str(COMPANIES).unwrap();
        let mut warnings = Vec::new();
        for company in &companies {
            let siret = company["siege"]["siret"].as_str().unwrap();
            assert_eq!(company::siret(siret).as_deref(), Some(siret), "{company}");
            let record = register.look_up(siret).await.unwrap().unwrap();
            assert!(record.legal_name.is_some() && record.naf.is_some() && record.created_on.is_some(), "{record:?}");
            warnings.extend(record.warnings().iter().map(|warning| warning.slug()));
        }
        assert_eq!(warnings, ["company_closed", "struck_off", "insolvency"]);
        let sample = register.look_up("99991234800011").await.unwrap().unwrap();
        assert_eq!(sample.legal_name.as_deref(), Some("GUINDEAU LOGICIELS"));
        assert_eq!(register.look_up("99997007200016").await.unwrap(), None);
    }
}
