//! The portal's interface, as one of its clients. Every request may be sent again, and is when the portal is
//! unavailable for a moment: the attempt, the revision or the digest in it keeps a second one from doing anything
//! twice.

use super::{
    address::PortalAddress,
    body::{Deposited, Draft, ProblemBody},
    findings::{DepositFindings, Found},
    token_file,
};
use crate::{
    cli::answer::read_untrusted,
    domain::{
        calendar::RoundId,
        ids::{AttemptId, DossierId},
        json::Limits,
        text::Lang,
    },
};
use anyhow::{Context, bail};
use bytes::Bytes;
use reqwest::{
    Certificate, Client, ClientBuilder, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT_LANGUAGE, AUTHORIZATION, ETAG, HOST, HeaderMap, HeaderValue, IF_MATCH},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use std::{fs, net::SocketAddr, path::Path, time::Duration};

/// Most bytes that the portal says of what is wrong.
const MAX_PROBLEM_BYTES: usize = 16 * 1024 * 1024;
/// Longest time until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest silence of the portal.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// Pauses before each further try, in seconds.
const PAUSES_S: [u64; 4] = [1, 2, 4, 8];

/// A portal, known by its address.
pub struct PortalClient {
    pub(super) http: Client,
    /// For requests whose length no time bounds.
    pub(super) uploads: Client,
    url: Url,
    /// Where requests are sent, which is the address but for its port.
    to: Url,
    lang: Lang,
}

impl PortalClient {
    /// Prepares the client; nothing is sent yet.
    pub fn new(
        address: &PortalAddress,
        token_file: &Path,
        ca: Option<&Path>,
        connect: Option<SocketAddr>,
        lang: Lang,
    ) -> anyhow::Result<Self> {
        let url = address.url().clone();
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !here {
            bail!("{url} does not begin with https://: the token would be readable on its way");
        }
        let mut own = headers(token_file, lang)?;
        let mut to = url.clone();
        let mut reach = None;
        if let Some(address) = connect {
            let host = url.domain().with_context(|| format!("{url} has no name for which --connect could stand"))?;
            let elsewhere = url.port_or_known_default() != Some(address.port());
            reach = Some((host.to_owned(), address, elsewhere));
            if elsewhere {
                // A port in the address would win over the one given. HTTP/1.1 alone lets the host be named apart.
                to.set_port(None).ok().context("the address cannot have a port")?;
                own.insert(HOST, HeaderValue::try_from(url.authority())?);
            }
        }
        let mut authorities = None;
        if let Some(path) = ca {
            let pem = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let found = Certificate::from_pem_bundle(&pem).with_context(|| path.display().to_string())?;
            if found.is_empty() {
                bail!("{} holds no certificate", path.display());
            }
            authorities = Some(found);
        }
        let client = || {
            let mut http = Client::builder()
                .user_agent(concat!("guichet/", env!("CARGO_PKG_VERSION")))
                .default_headers(own.clone())
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT);
            if here {
                http = http.no_proxy();
            }
            if let Some((host, address, elsewhere)) = &reach {
                http = http.no_proxy().resolve(host, *address);
                if *elsewhere {
                    http = http.http1_only();
                }
            }
            if let Some(authorities) = &authorities {
                http = http.tls_certs_only(authorities.clone());
            }
            http
        };
        let ready = |http: ClientBuilder| http.build().context("cannot prepare the connection");
        let (http, uploads) = (ready(client().read_timeout(SILENCE_TIMEOUT))?, ready(client())?);
        Ok(Self { http, uploads, url, to, lang })
    }

    /// The address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The language that the portal is asked to speak.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Begins a dossier, or finds the one that the attempt has begun.
    pub async fn create(&self, call: &str, round: &RoundId, attempt: AttemptId) -> anyhow::Result<DossierId> {
        #[derive(Deserialize)]
        struct CreatedDossier {
            id: DossierId,
        }
        let body = json!({ "call": call, "round": round, "attempt": attempt });
        let url = self.address(&["dossiers"])?;
        let answer = self.send(|| Ok(self.http.post(url.clone()).json(&body))).await?;
        if answer.status() == StatusCode::NOT_FOUND
            && let Some(unknown) = self.unknown_round(call, round).await
        {
            bail!(unknown);
        }
        Ok(read::<CreatedDossier>(self.checked(answer, "dossier.toml").await?).await?.id)
    }

    /// Replaces the document by these answers.
    ///
    /// # Errors
    /// [`DepositFindings`] when they are no answers to the form; when the portal is unavailable.
    pub async fn replace(&self, dossier: DossierId, answers: &Json) -> anyhow::Result<Draft> {
        let url = self.address(&["dossiers", &dossier.to_string(), "document"])?;
        let there = self.send(|| Ok(self.http.get(url.clone()))).await?;
        if there.status() == StatusCode::NOT_FOUND {
            bail!(
                "the portal has no dossier {dossier} for this token; if it is gone for good, remove \
                 .guichet-deposit.json from the folder to begin another one"
            );
        }
        let there = self.checked(there, "dossier.toml").await?;
        let tag = there.headers().get(ETAG).cloned().context("the portal sent no ETag")?;
        let put = || Ok(self.http.put(url.clone()).header(IF_MATCH, tag.clone()).json(answers));
        let answer = self.send(put).await?;
        read(self.checked(answer, "dossier.toml").await?).await
    }

    /// Deposits the draft.
    ///
    /// # Errors
    /// [`DepositFindings`] with every finding; when the portal is unavailable.
    pub async fn deposit(&self, dossier: DossierId, attempt: AttemptId) -> anyhow::Result<Deposited> {
        let url = self.address(&["dossiers", &dossier.to_string(), "deposits"])?;
        let body = json!({ "attempt": attempt });
        let answer = self.send(|| Ok(self.http.post(url.clone()).json(&body))).await?;
        read(self.checked(answer, "dossier.toml").await?).await
    }

    /// A receipt, byte for byte.
    pub async fn receipt(&self, number: &str) -> anyhow::Result<Bytes> {
        let url = self.address(&["receipts", number])?;
        let answer = self.send(|| Ok(self.http.get(url.clone()))).await?;
        let answer = self.checked(answer, "dossier.toml").await?;
        answer.bytes().await.context("the receipt broke off")
    }

    pub(super) fn address(&self, parts: &[&str]) -> anyhow::Result<Url> {
        let mut url = self.to.clone();
        let mut segments = url.path_segments_mut().ok().context("the address cannot have a path")?;
        segments.pop_if_empty().extend(["api", "v1"]).extend(parts);
        drop(segments);
        Ok(url)
    }

    /// Sends a request, again when the portal is unavailable or silent for a moment or the connection breaks: each may
    /// come twice.
    pub(super) async fn send(&self, request: impl Fn() -> anyhow::Result<RequestBuilder>) -> anyhow::Result<Response> {
        let mut pauses = PAUSES_S.into_iter().map(Duration::from_secs);
        loop {
            let outcome = request()?.send().await;
            let passing = match &outcome {
                Ok(answer) => matches!(answer.status().as_u16(), 502..=504),
                // A portal that cannot be reached at all is more likely a wrong address than one that comes back.
                Err(error) => !error.is_connect() && !error.is_builder(),
            };
            match pauses.next() {
                Some(pause) if passing => tokio::time::sleep(pause).await,
                _ => return outcome.with_context(|| format!("cannot reach {}", self.url)),
            }
        }
    }

    /// A good answer, or what the portal says is wrong: a refusal of the dossier, or a failure.
    pub(super) async fn checked(&self, answer: Response, place: &str) -> anyhow::Result<Response> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.unwrap_or_default();
        let Ok(problem) = read_untrusted::<ProblemBody>(text.as_bytes(), Limits::bytes(MAX_PROBLEM_BYTES)) else {
            bail!("{} answers {status}, and not as a portal would", self.url);
        };
        let ProblemBody { code, title, detail, remedy, findings, more } = problem;
        if status == StatusCode::UNAUTHORIZED {
            bail!(self.lang.tr(
                "le portail ne reconnaît pas ce jeton : il est périmé, révoqué, ou d’un autre portail",
                "the portal does not take this token: it has ended, was revoked, or belongs to another portal",
            ));
        }
        if status != StatusCode::UNPROCESSABLE_ENTITY {
            bail!("{title} ({status}): {detail} {remedy}");
        }
        if !findings.is_empty() {
            return Err(DepositFindings(findings.into_iter().map(Found::from).collect(), more).into());
        }
        let stop = if detail.ends_with(['.', '!', '?', ')']) { "" } else { "." };
        let message = format!("{detail}{stop} {remedy}");
        let (severity, place) = ("blocking".to_owned(), place.to_owned());
        Err(DepositFindings(vec![Found { rule: code, severity, place, message, interpretation: None }], 0).into())
    }
}

pub(super) async fn read<T: DeserializeOwned>(answer: Response) -> anyhow::Result<T> {
    answer.json().await.context("the portal's answer cannot be understood")
}

fn headers(token_file: &Path, lang: Lang) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, token_file::read(token_file, lang)?);
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    Ok(headers)
}
