//! The certificates of the HTTPS listener: one for each name, so that Sōzu's choice does not depend on order.

use super::Rendered;
use crate::edge::{certificate::SiteCertificate, object::ObjectRef, spec::EdgeSpec};
use sozu_command_lib::{
    proto::command::{AddCertificate, CertificateAndKey, TlsVersion, request::RequestType},
    state::ConfigState,
};
use std::collections::{BTreeSet, HashMap};

pub(super) fn add(spec: &EdgeSpec, rendered: &mut Rendered) {
    let mut best: Vec<&SiteCertificate> = spec.certificates.iter().collect();
    best.sort_by_key(|certificate| (std::cmp::Reverse(certificate.not_after), certificate.fingerprint.clone()));
    let mut taken = BTreeSet::new();
    for certificate in best {
        let names: Vec<String> = certificate.names.iter().filter(|name| !taken.contains(*name)).cloned().collect();
        if names.is_empty() {
            continue;
        }
        taken.extend(names.iter().cloned());
        let command = AddCertificate {
            address: spec.listeners.https.into(),
            certificate: CertificateAndKey {
                certificate: certificate.leaf.clone(),
                certificate_chain: certificate.chain.clone(),
                key: certificate.key.clone(),
                versions: vec![TlsVersion::TlsV12.into(), TlsVersion::TlsV13.into()],
                names,
            },
            expired_at: None,
        };
        let object =
            ObjectRef::Certificate { fingerprint: certificate.fingerprint.clone(), address: spec.listeners.https };
        rendered.add_or_reject(object, RequestType::AddCertificate(command));
    }
}

/// Fingerprint of the certificate for each name.
#[derive(Debug)]
pub struct CertificateIndex(HashMap<String, String>);

impl CertificateIndex {
    /// The index of a state.
    #[must_use]
    pub fn from_state(state: &ConfigState) -> Self {
        let all = state.certificates.values().flatten();
        let names = all.flat_map(|(fingerprint, certificate)| {
            let fingerprint = fingerprint.to_string();
            certificate.names.iter().map(move |name| (name.to_ascii_lowercase(), fingerprint.clone()))
        });
        Self(names.collect())
    }

    /// Fingerprint of the certificate for a host: the one with its exact name, else the one with its wildcard.
    #[must_use]
    pub fn for_host(&self, host: &str) -> Option<&String> {
        let wildcard = || self.0.get(&format!("*.{}", host.split_once('.')?.1));
        self.0.get(host).or_else(wildcard)
    }
}
