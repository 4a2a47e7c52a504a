//! Certificates: a renewal is one command, so that every handshake gets a certificate for its name.

use super::{Phase, Step, StepKind, owned};
use crate::edge::{certificate::covers, object::ObjectRef};
use sozu_command_lib::{
    certificate::Fingerprint,
    proto::command::{AddCertificate, CertificateAndKey, RemoveCertificate, ReplaceCertificate, request::RequestType},
    state::ConfigState,
};
use std::{collections::HashMap, net::SocketAddr};

type Certificates = HashMap<Fingerprint, CertificateAndKey>;

pub(super) fn plan_certificates(actual: &ConfigState, desired: &ConfigState, steps: &mut Vec<Step>) {
    let none = Certificates::new();
    for (address, want) in &desired.certificates {
        let have = actual.certificates.get(address).unwrap_or(&none);
        for (fingerprint, certificate) in want {
            let mut stale: Vec<_> = have
                .iter()
                .filter(|(old, _)| !want.contains_key(*old))
                .filter(|(_, old)| {
                    replaces(certificate, old, &hosts_at(desired, *address), &hosts_at(actual, *address))
                })
                .map(|(old, _)| old.clone())
                .collect();
            stale.sort();
            let replaced = match have.get(fingerprint) {
                Some(present) if present == certificate => None,
                Some(_) => Some(fingerprint.clone()),
                None if stale.is_empty() => {
                    let request = AddCertificate {
                        address: (*address).into(),
                        certificate: certificate.clone(),
                        expired_at: None,
                    };
                    let command = RequestType::AddCertificate(request);
                    steps.push(Step::command(
                        Phase::Certificate,
                        StepKind::Add,
                        object(fingerprint, *address),
                        command,
                    ));
                    None
                }
                None => Some(stale.remove(0)),
            };
            if let Some(old) = replaced {
                let request = ReplaceCertificate {
                    address: (*address).into(),
                    new_certificate: certificate.clone(),
                    old_fingerprint: old.to_string(),
                    new_expired_at: None,
                };
                let object =
                    ObjectRef::Renewal { old: old.to_string(), new: fingerprint.to_string(), address: *address };
                let command = RequestType::ReplaceCertificate(request);
                steps.push(Step::command(Phase::Certificate, StepKind::Replace, object, command));
            }
            for old in stale {
                steps.push(removal(&old, *address));
            }
        }
    }
}

fn object(fingerprint: &Fingerprint, address: SocketAddr) -> ObjectRef {
    ObjectRef::Certificate { fingerprint: fingerprint.to_string(), address }
}

pub(super) fn removal(fingerprint: &Fingerprint, address: SocketAddr) -> Step {
    let request = RemoveCertificate { address: address.into(), fingerprint: fingerprint.to_string() };
    let command = RequestType::RemoveCertificate(request);
    Step::command(Phase::RemoveCertificate, StepKind::Remove, object(fingerprint, address), command)
}

/// The routed hosts of a listener, and whether the route is ours.
fn hosts_at(state: &ConfigState, address: SocketAddr) -> Vec<(&str, bool)> {
    let frontends = state.https_fronts.values().filter(|frontend| frontend.address == address);
    frontends.map(|frontend| (frontend.hostname.as_str(), frontend.cluster_id.as_deref().is_some_and(owned))).collect()
}

/// Whether a certificate takes the place of an old one: they share a name, or the old one covers one of our hosts and
/// none whose route is not ours.
fn replaces(new: &CertificateAndKey, old: &CertificateAndKey, ours: &[(&str, bool)], routed: &[(&str, bool)]) -> bool {
    let old_covers = |host: &str| covers(&old.names, host);
    old.names.iter().any(|name| new.names.contains(name))
        || ours.iter().any(|(host, _)| old_covers(host))
            && !routed.iter().any(|(host, owned)| !owned && old_covers(host))
}
