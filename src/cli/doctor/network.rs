//! The network peers of the portal: mail, the company register, its own processes, Sōzu; and the certificate that browsers see.

use super::{Sheet, reason};
use crate::{
    adapters::company_register::CompanyRegister,
    config::{Config, Edge, Mail},
    edge::{certificates::Certificates, sozu::Sozu},
};
use anyhow::Context;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::time::timeout;

/// Timeout for any response.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// A certificate with fewer days left than this is reported.
const EXPIRY_DAYS: i64 = 14;

/// Examines all of it.
pub async fn examine(config: &Config, sheet: &mut Sheet) {
    mail(config, sheet).await;
    company_register(config, sheet).await;
    match &config.edge {
        Some(edge) => {
            sozu(edge, sheet).await;
            certificates(edge, sheet);
        }
        None => ready(config.portal.ops_listen, sheet).await,
    }
}

/// An establishment that every register of companies in France has: the registered office of La Poste.
const KNOWN_SIRET: &str = "35600000000048";

async fn company_register(config: &Config, sheet: &mut Sheet) {
    let Some(section) = &config.company_register else { return };
    let advice =
        "Correct company_register.url, or let the portal's machine reach it. Meanwhile applicants type these data.";
    let asked = match CompanyRegister::new(section, &config.portal.public_url) {
        Ok(register) => register.look_up(KNOWN_SIRET).await.map(drop),
        Err(error) => Err(error),
    };
    match asked {
        Ok(()) => sheet.fine(format!("The company register at {} answers.", section.url)),
        Err(error) => {
            let reason = reason(&error.into());
            sheet.attention(format!("The company register at {} is of no use now: {reason}.", section.url), advice);
        }
    }
}

async fn mail(config: &Config, sheet: &mut Sheet) {
    match &config.mail {
        Mail::Folder { folder, .. } => mail_folder(folder, config.portal.demonstration, sheet),
        Mail::Smtp { url, .. } => match timeout(ANSWER_TIMEOUT, smtp(url)).await {
            Ok(Ok(())) => sheet.fine("The mail server answers (signing in to it was not tried)."),
            Ok(Err(error)) => sheet.problem(
                format!("The mail server does not answer: {}.", reason(&error)),
                "Correct mail.url: without mail, nobody can sign in.",
            ),
            Err(_) => sheet.problem(
                "The mail server does not answer in time.",
                "Correct mail.url: without mail, nobody can sign in.",
            ),
        },
    }
}

fn mail_folder(folder: &Path, demonstration: bool, sheet: &mut Sheet) {
    if !demonstration {
        sheet.problem(
            "Mails only become files, and this is no demonstration: nobody can sign in.",
            "Set mail.transport = \"smtp\".",
        );
    } else if folder.is_dir() && tempfile::NamedTempFile::new_in(folder).is_err() {
        sheet.problem(
            format!("The mail folder {} cannot be written to.", folder.display()),
            "Give it to the user that runs guichet.",
        );
    } else {
        sheet.fine(format!("Mails become files of {}.", folder.display()));
    }
}

async fn smtp(url: &str) -> anyhow::Result<()> {
    let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).context("mail.url cannot be understood")?;
    let greeted = server
        .timeout(Some(ANSWER_TIMEOUT))
        .build::<Tokio1Executor>()
        .test_connection()
        .await
        .context("no conversation")?;
    anyhow::ensure!(greeted, "it refuses to talk");
    Ok(())
}

async fn ready(address: SocketAddr, sheet: &mut Sheet) {
    let ask = async {
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_TIMEOUT).build()?;
        let answer = client.get(format!("http://{address}/ready")).send().await?;
        let good = answer.status().is_success();
        Ok::<_, reqwest::Error>((good, answer.text().await?))
    };
    match ask.await {
        Ok((true, _)) => sheet.fine(format!("The process with ops address {address} is ready.")),
        Ok((false, reason)) => sheet.problem(
            format!("The process with ops address {address} is not ready: {}.", reason.trim()),
            "See its log; the edge gives it no requests meanwhile.",
        ),
        Err(_) => sheet.attention(
            format!("No process answers on the ops address {address}."),
            "Start it with `guichet serve --config FILE`, unless it is meant to be stopped.",
        ),
    }
}

async fn sozu(edge: &Edge, sheet: &mut Sheet) {
    let socket = edge.sozu_socket.display();
    match timeout(ANSWER_TIMEOUT, workers(edge)).await {
        Ok(Ok(workers)) => sheet.fine(format!("Sōzu answers on {socket}, with {workers} processes.")),
        Ok(Err(error)) => sheet
            .problem(format!("Sōzu does not answer: {}.", reason(&error)), "Start Sōzu, or correct edge.sozu_socket."),
        Err(_) => sheet.problem(
            format!("Sōzu does not answer on {socket} in time."),
            "See Sōzu's log; another client may hold its attention.",
        ),
    }
}

async fn workers(edge: &Edge) -> anyhow::Result<usize> {
    // The client requires a folder for saved states, which this query does not use.
    let folder = tempfile::tempdir()?;
    Ok(Sozu::start(&edge.sozu_socket, folder.path())?.hashes().await?.len())
}

fn certificates(edge: &Edge, sheet: &mut Sheet) {
    // Only the files: contacting an authority is left to the running edge.
    let mut certificates = match Certificates::start(&Edge { acme: None, own_authority: None, ..edge.clone() }) {
        Ok(certificates) => certificates,
        Err(error) => {
            let advice = "Correct edge.certificates.";
            return sheet.problem(format!("The certificates cannot be looked at: {}.", reason(&error.into())), advice);
        }
    };
    let held = certificates.current().to_vec();
    for (file, issue) in certificates.issues() {
        let advice =
            "Correct edge.certificates: PEM, leaf first, the key that belongs to it, readable by guichet alone.";
        sheet.problem(format!("The certificate {file} cannot be used as it is: {issue}."), advice);
    }
    let covered = |host: &&String| held.iter().any(|held| held.certificate.covers(host));
    for host in edge.hosts.iter().filter(|host| edge.acme.is_none() && !covered(host)) {
        sheet.problem(
            format!("No certificate stands for {host}."),
            "Have one issued for every host of edge.hosts, or configure edge.acme.",
        );
    }
    for held in held {
        let days = (held.certificate.not_after - jiff::Timestamp::now().as_second()).div_euclid(86_400);
        let source = held.source;
        let advice = "Renew it; the edge takes the new one by itself.";
        if days < 0 {
            sheet.problem(format!("The certificate {source} has expired."), advice);
        } else if days < EXPIRY_DAYS {
            sheet.attention(format!("The certificate {source} expires in {days} days."), advice);
        } else {
            sheet.fine(format!("The certificate {source} holds for {days} days more."));
        }
    }
}
