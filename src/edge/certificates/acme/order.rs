//! One order for one host.

use super::responder::Responder;
use crate::{config, private_file::replace_private};
use anyhow::{Context, bail, ensure};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// Longest time until the route to the responder is verified on every worker.
const ROUTE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time for a whole order.
const ORDER_TIMEOUT: Duration = Duration::from_secs(300);

/// The authority, and the account there once it was loaded or registered.
pub(super) struct Authority {
    config: config::Acme,
    file: PathBuf,
    account: Option<Account>,
}

/// The account as stored; it belongs to one directory.
#[derive(Serialize, Deserialize)]
struct StoredAccount {
    directory_url: String,
    credentials: AccountCredentials,
}

impl Authority {
    pub fn new(config: &config::Acme, folder: &Path) -> Self {
        Self { config: config.clone(), file: folder.join("account.json"), account: None }
    }

    async fn account(&mut self) -> anyhow::Result<&Account> {
        if self.account.is_none() {
            let known =
                fs::read_to_string(&self.file).ok().and_then(|text| serde_json::from_str::<StoredAccount>(&text).ok());
            let account = match known.filter(|stored| stored.directory_url == self.config.directory_url) {
                Some(stored) => self.builder()?.from_credentials(stored.credentials).await?,
                None => self.register().await?,
            };
            self.account = Some(account);
        }
        self.account.as_ref().context("no account")
    }

    async fn register(&self) -> anyhow::Result<Account> {
        let contact = self.config.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let request = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let directory_url = self.config.directory_url.clone();
        let (account, credentials) = self.builder()?.create(&request, directory_url.clone(), None).await?;
        replace_private(&self.file, &serde_json::to_vec(&StoredAccount { directory_url, credentials })?)?;
        Ok(account)
    }

    fn builder(&self) -> anyhow::Result<instant_acme::AccountBuilder> {
        Ok(match &self.config.ca_file {
            Some(file) => Account::builder_with_root(file).with_context(|| file.display().to_string())?,
            None => Account::builder()?,
        })
    }
}

/// Orders a certificate; returns the chain and the key, PEM.
pub(super) async fn issue(
    authority: &mut Authority,
    host: &str,
    responder: &Responder,
    challenge: &watch::Sender<BTreeSet<String>>,
    routes: &mut watch::Receiver<BTreeSet<String>>,
    changed: &Notify,
) -> anyhow::Result<(String, String)> {
    let work = async {
        let account = authority.account().await.context("no account at the authority")?;
        let mut order = account.new_order(&NewOrder::new(&[Identifier::Dns(host.into())])).await?;
        if order.state().status == OrderStatus::Pending {
            challenge.send_replace(BTreeSet::from([host.to_owned()]));
            changed.notify_one();
            let verified = routes.wait_for(|routes| routes.contains(host));
            timeout(ROUTE_TIMEOUT, verified)
                .await
                .context("Sōzu's route for the challenge was not verified in time")??;
            prove(&mut order, responder).await?;
        }
        finish(&mut order, host).await
    };
    timeout(ORDER_TIMEOUT, work).await.context("the authority takes too long")?
}

async fn prove(order: &mut Order, responder: &Responder) -> anyhow::Result<()> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => bail!("the authority says {other:?}"),
        }
        let mut challenge =
            authorization.challenge(ChallengeType::Http01).context("the authority does not offer HTTP-01")?;
        responder.answer(&challenge.token, challenge.key_authorization().as_str());
        challenge.set_ready().await?;
    }
    let status = order.poll_ready(&RetryPolicy::default()).await?;
    ensure!(status == OrderStatus::Ready, "the authority says {status:?}{}", reason(order).await);
    Ok(())
}

/// Why the authority could not validate the challenge, in its own message.
async fn reason(order: &mut Order) -> String {
    let mut reason = String::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let challenge = authorization.challenge(ChallengeType::Http01);
        if let Some(problem) = challenge.and_then(|challenge| challenge.error.as_ref().map(ToString::to_string)) {
            reason = format!(": {problem}");
        }
    }
    reason
}

async fn finish(order: &mut Order, host: &str) -> anyhow::Result<(String, String)> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([host.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&RetryPolicy::default()).await?;
    Ok((chain, key.serialize_pem()))
}
